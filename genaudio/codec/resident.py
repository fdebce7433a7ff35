"""Training sound that lives where the networks run, so that a step waits for no file and no processor.

A GPU takes examples faster than processor cores can make excitations. So audio, excitations and keys of all clips are
put on the device once (1.6 GB an hour), and every batch is cut from them there.

Shapes: B examples, T samples, P keys, F frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from math import ceil

import numpy as np
import torch
from torch import Tensor

from genaudio.codec.crops import UNKNOWN, Batch, CropRecipe, Crops, shares_of
from genaudio.codec.excitation import Stretch
from genaudio.codec.hearing import KEYS
from genaudio.codec.material import Material, check_room
from genaudio.codec.players import perform_many, stretches_of
from genaudio.codec.sources import keys_of, played_by
from genaudio.codec.striking import strike
from genaudio.codec.tones import draw_tones
from genaudio.instruments import Family
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE
from genaudio.training import distributed
from genaudio.training.batches import Batches, in_order, to_device
from genaudio.training.drawing import draw_there

TOGETHER = 48
"""Clips whose excitations are made at once."""
Played = tuple[Family, Sequence[Sounding], Sequence[tuple[float, float]]]
"""Who plays what, and how it is bent (see `excite`)."""


def runs(lengths: Sequence[int], most: int = TOGETHER) -> Iterator[list[int]]:
    """Put neighbours of one length together, at most so many."""
    run: list[int] = []
    for number, length in enumerate(lengths):
        if run and (length != lengths[run[0]] or len(run) == most):
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def excitations(
    played: Sequence[Played | None],
    lengths: Sequence[int],
    sample_rate: int,
    device: torch.device,
    loaders: int = 0,
    performed: Sequence[bool] = (),
) -> Iterator[Tensor]:
    """Make the excitations of clips on a device, one after the other, as `excite_as` does.

    Args:
        played: who plays what in each clip; None where that is not known, and the excitation silent.
        lengths: samples of each clip. sample_rate: samples a second.
        device: where they are made; it must know double precision.
        loaders: processes that make those of drums.
        performed: whether each is that of all who play, as `perform` has it; none is unless given.

    Yields:
        float32 [2, T], on the device.
    """
    performed = performed or [False] * len(played)
    hits = [(one[1], length) for one, length in zip(played, lengths, strict=True) if one and one[0].drums]
    struck = in_order(partial(_struck, hits, sample_rate), len(hits), loaders)
    for run in runs(lengths):
        singing = [_singing(played[number], performed[number]) for number in run]
        for number, excitation in zip(run, perform_many(singing, lengths[run[0]], sample_rate, device), strict=True):
            one = played[number]
            yield next(struck).to(device) if one and one[0].drums else excitation


def _singing(one: Played | None, performed: bool) -> list[tuple[float, Stretch]]:
    """The levels of those who play a clip, and what they play; none where it is of drums or not known."""
    if one is None or one[0].drums:
        return []
    family, notes, bends = one
    return stretches_of(family, notes, 0, bends) if performed else [(1.0, played_by(family, notes, 0, bends))]


def _struck(hits: list[tuple[Sequence[Sounding], int]], sample_rate: int, number: int) -> Tensor:
    """The excitation of one of the clips of drums, given as hits and samples: float32 [2, T]."""
    notes, samples = hits[number]
    return torch.from_numpy(strike(notes, samples, sample_rate))


class ResidentSound:
    """Clips of any length with their excitations, end to end on a device.

    Args:
        clips: (audio float32 [T] in -1..1, excitation float32 [2, T]) one after the other; None in place of all
            excitations where nobody knows them, which takes a fifth of the memory.
        device: where they go.

    Attributes:
        lengths, begins: samples of each clip, and where it begins: int64 [clips], on the device.
    """

    def __init__(self, clips: Iterable[tuple[np.ndarray, Tensor | None]], device: torch.device) -> None:
        audio, known = [], []
        for sound, excitation in clips:
            audio.append(torch.from_numpy(np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)).to(device))
            if excitation is not None:
                known.append(excitation.to(device).T)
        self.lengths = torch.tensor([len(part) for part in audio], device=device)
        self.begins = torch.cumsum(self.lengths, 0) - self.lengths
        self._audio, self._known = torch.cat(audio), torch.cat(known) if known else None

    def __len__(self) -> int:
        return len(self.lengths)

    def _cut(self, stored: Tensor, clips: Tensor, starts: Tensor, samples: int) -> Tensor:
        """Cut stretches [B, T, ...] from what is stored end to end; silence where they lead beyond their clip."""
        within = starts[:, None] + torch.arange(samples, device=starts.device)
        lengths = self.lengths[clips][:, None]
        found = stored[self.begins[clips][:, None] + torch.minimum(within, lengths - 1)]
        return found.masked_fill((within >= lengths).view(*within.shape, *[1] * (stored.dim() - 1)), 0)

    def audio(self, clips: Tensor, starts: Tensor, samples: int) -> Tensor:
        """Cut audio: clips and first samples, int64 [B] -> float32 [B, T]; silence beyond a clip's end."""
        return self._cut(self._audio, clips, starts, samples).float() / 32767

    def excitation(self, clips: Tensor, starts: Tensor, samples: int) -> Tensor:
        """Cut excitations, as `audio`, but [B, 2, T]; silent where nobody knows them."""
        if self._known is None:
            return torch.zeros(len(clips), 2, samples, device=clips.device)
        return self._cut(self._known, clips, starts, samples).transpose(1, 2)


def resident_material(material: Material, recipe: CropRecipe, device: torch.device) -> ResidentSound:
    """Put training material and its excitations on a device."""
    rows = range(len(material))
    played = [one and (*one, ()) for one in map(material.played, rows)]
    known: Iterable[Tensor | None] = repeat(None, len(material))
    if any(played):
        performed = [recipe.is_performed(row) for row in rows]
        lengths = [material.samples] * len(material)
        known = excitations(played, lengths, SAMPLE_RATE, device, recipe.loaders, performed)
    sounds = (material.stretch(row, 0, material.samples) for row in rows)
    return ResidentSound(zip(sounds, known, strict=True), device)


class ResidentCrops:
    """Draws batches as `Crops` does, from material that lives on a device.

    Examples of a batch stand in the order silence, made-up tones, two clips at once, alone, with a score. How many
    there are of each follows from the recipe's shares, rounded up or down by chance.

    Args:
        material: the audio and its notes; what has none is always without a score.
        recipe: what a batch holds.
        hop: samples of a frame.
        device: where the material goes.

    Raises:
        GenaudioError: the clips are shorter than an example, or there is no family that is to be drawn more often.
    """

    def __init__(self, material: Material, recipe: CropRecipe, hop: int, device: torch.device) -> None:
        self.recipe, self.hop, self.samples, self.device = recipe, hop, recipe.frames * hop, device
        check_room(material, self.samples)
        self.sound = resident_material(material, recipe, device)
        self.shares = torch.from_numpy(shares_of(material, recipe)).to(device)
        frames = material.samples // hop + 2
        keys = in_order(partial(_keys, material, frames, hop), len(material), recipe.loaders)
        self.keys = torch.stack([values.to(device, torch.float16) for values in keys])
        self.room = material.samples - self.samples
        self.known = torch.tensor([material.played(row) is not None for row in range(len(material))], device=device)

    def batches(self, seed: int, first: int, pinned: bool) -> ResidentBatches:
        """Return the row of batches of a seed from number `first` on."""
        return ResidentBatches(self, seed, first, pinned)

    def _cut(self, generator: torch.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Draw clips and places in them: int64 [B] each."""
        clips = draw_there(self.shares, generator, count)
        return clips, torch.randint(self.room, (count,), generator=generator, device=self.device)

    def _keys(self, clips: Tensor, starts: Tensor) -> Tensor:
        """The keys that sound in stretches: float32 [B, P, F], to the nearest frame."""
        frames = (starts + self.hop // 2)[:, None] // self.hop + torch.arange(
            self.recipe.frames + 1, device=self.device
        )
        return self.keys[clips[:, None], :, frames].transpose(1, 2).float()

    def batch(self, chance: np.random.Generator, tones: tuple[Tensor, ...] | None = None) -> Batch:
        """Draw a batch, with made-up tones (audio [n, T], keys [n, P, F]) from the tones that are given."""
        recipe, count = self.recipe, self.recipe.batch
        generator = torch.Generator(self.device).manual_seed(int(chance.integers(2**62)))

        def uniform(low: float, high: float, rows: int) -> Tensor:
            return low + (high - low) * torch.rand(rows, 1, generator=generator, device=self.device)

        def share(of: int, part: float) -> int:
            return min(of, int(of * part + chance.random()))

        alone = share(count, recipe.alone)
        quiet = share(alone, recipe.quiet)
        toned = 0 if tones is None else min(share(alone - quiet, recipe.tones), len(tones[0]))
        mixed = slice(quiet + toned, quiet + toned + share(alone - quiet - toned, recipe.mixed))
        clips, starts = self._cut(generator, count)
        audio = self.sound.audio(clips, starts, self.samples) * torch.exp(uniform(np.log(0.4), np.log(1.8), count))
        keys, known = self._keys(clips, starts), self.sound.excitation(clips, starts, self.samples)
        known[:alone] = 0.0
        others, places = self._cut(generator, mixed.stop - mixed.start)
        audio[mixed] += self.sound.audio(others, places, self.samples) * uniform(0.2, 1.0, len(others))
        more = self._keys(others, places)
        keys[mixed] = torch.where((keys[mixed] < 0) | (more < 0), UNKNOWN, torch.maximum(keys[mixed], more))
        if toned and tones is not None:
            audio[quiet : quiet + toned], keys[quiet : quiet + toned] = (part[:toned].float() for part in tones)
        faint = torch.exp(uniform(np.log(1e-5), np.log(1e-2), quiet)) * (uniform(0, 1, quiet) < 0.5)
        audio[:quiet] = faint * torch.randn(quiet, self.samples, generator=generator, device=self.device)
        keys[:quiet] = 0.0
        by_itself = ~self.known[clips]
        by_itself[:alone] = True
        return Batch(audio.clamp(-1, 1), known, keys, by_itself)


def make_crops(material: Material, recipe: CropRecipe, hop: int, device: torch.device) -> Crops | ResidentCrops:
    """Return what draws batches of a recipe.

    Raises:
        GenaudioError: the clips are shorter than an example, or there is no family that is to be drawn more often.
    """
    return ResidentCrops(material, recipe, hop, device) if recipe.resident else Crops(material, recipe, hop)


def _keys(material: Material, frames: int, hop: int, row: int) -> Tensor:
    """The keys that sound in a clip: float16 [P, F], `UNKNOWN` where nobody knows."""
    played = material.played(row)
    if played is None:
        return torch.full((KEYS, frames), UNKNOWN, dtype=torch.float16)
    return torch.from_numpy(keys_of(*played, 0, frames, hop, SAMPLE_RATE)).half()


def _tones(count: int, recipe: CropRecipe, hop: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw made-up tones: audio float32 [n, T], keys float32 [n, P, F]."""
    drawn = [draw_tones(recipe.frames * hop, recipe.frames + 1, hop, SAMPLE_RATE, rng) for _ in range(count)]
    audio, keys = zip(*drawn, strict=True)
    return torch.from_numpy(np.stack(audio)), torch.from_numpy(np.stack(keys))


class ResidentBatches:
    """The endless row of batches of a seed; only its made-up tones are drawn by processes (see `Batches`)."""

    def __init__(self, crops: ResidentCrops, seed: int, first: int, pinned: bool) -> None:
        self.crops, self.seeds, self.number = crops, distributed.own_seeds(seed), first
        most = ceil(crops.recipe.batch * crops.recipe.alone * crops.recipe.tones)
        draw = partial(_tones, most, crops.recipe, crops.hop)
        self._tones = Batches(draw, seed, first, crops.recipe.loaders, pinned) if most else None

    def __next__(self) -> Batch:
        """Return the next batch, on the device."""
        chance = np.random.default_rng((*self.seeds, self.number))
        self.number += 1
        tones = to_device(next(self._tones), self.crops.device) if self._tones else None
        return self.crops.batch(chance, tones)

    def close(self) -> None:
        """End the processes."""
        if self._tones is not None:
            self._tones.close()
