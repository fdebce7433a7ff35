"""Training examples of the codec: short stretches of audio, with their excitation or without.

Shapes: B examples, T samples, P keys, F frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genaudio.codec.hearing import KEYS
from genaudio.codec.material import Material, check_room
from genaudio.codec.players import perform
from genaudio.codec.sources import excite_as, keys_of
from genaudio.codec.tones import draw_tones
from genaudio.teacher import SAMPLE_RATE
from genaudio.training.batches import Batches
from genaudio.training.drawing import draw, running_shares

UNKNOWN = -1.0
"""Stands for a key of which nobody knows whether it sounds."""


@dataclass(frozen=True)
class CropRecipe:
    """What a batch holds.

    Attributes:
        batch: B, examples.
        frames: length of an example in frames.
        alone: share of the examples without an excitation, so that the codec also works without a score.
        performed: share of the clips whose excitation, where an example has it, is that of all who play (`perform`), as
            a renderer's is, and not that of the notes as they are written.
        often: families by name whose clips are drawn so many times as often as others.
        mixed: share of those that are the sum of two clips.
        quiet: share of those that are silence or faint noise.
        tones: share of those that are made-up tones (see `draw_tones`).
        loaders: processes that draw batches ahead; 0 for none.
        resident: all sound lives on the device, and batches are cut there (see `resident.ResidentCrops`): 1.6 GB an
            hour.
    """

    batch: int = 12
    frames: int = 88
    alone: float = 0.5
    performed: float = 0.0
    often: Mapping[str, float] = field(default_factory=dict)
    mixed: float = 0.2
    quiet: float = 0.04
    tones: float = 0.0
    loaders: int = 0
    resident: bool = False

    def is_performed(self, clip: int) -> bool:
        """Tell whether a clip, by its number, is one of those whose excitation is that of all who play."""
        return bool(np.random.default_rng(clip).random() < self.performed)


class Example(NamedTuple):
    """One example: audio [T], excitation [2, T] (silent without a score), sounding keys [P, F]; is it alone?"""

    audio: np.ndarray
    excitation: np.ndarray
    keys: np.ndarray
    alone: bool


class Batch(NamedTuple):
    """Examples stacked: float32 [B, T], [B, 2, T], [B, P, F], bool [B]."""

    audio: Tensor
    excitation: Tensor
    keys: Tensor
    alone: Tensor

    def to(self, device: torch.device) -> Batch:
        """Move the batch to a device."""
        return Batch(*(part.to(device, non_blocking=True) for part in self))


def shares_of(material: Material, recipe: CropRecipe) -> np.ndarray:
    """The running shares of clips in what is drawn (see `running_shares`): float64 [clips]."""
    played = [material.played(clip) for clip in range(len(material))]
    return running_shares([1.0] * len(played), [one and one[0] for one in played], recipe.often)


class Crops:
    """Draws batches from training material.

    Args:
        material: the audio and its notes; what has none is always without a score.
        recipe: what a batch holds.
        hop: samples of a frame.

    Raises:
        GenaudioError: the clips are shorter than an example, or there is no family that is to be drawn more often.
    """

    def __init__(self, material: Material, recipe: CropRecipe, hop: int) -> None:
        self.material, self.recipe, self.hop, self.samples = material, recipe, hop, recipe.frames * hop
        check_room(material, self.samples)
        self.shares = shares_of(material, recipe)

    def _cut(self, rng: np.random.Generator) -> tuple[int, int, np.ndarray]:
        """Draw a clip and a place in it: (clip, first sample, audio)."""
        clip = int(draw(self.shares, rng, 1)[0])
        start = int(rng.integers(self.material.samples - self.samples))
        return clip, start, self.material.stretch(clip, start, self.samples)

    def _keys(self, clip: int, start: int) -> np.ndarray:
        """The keys that sound in a stretch of a clip: float32 [P, F], `UNKNOWN` where nobody knows."""
        played = self.material.played(clip)
        if played is None:
            return np.full((KEYS, self.recipe.frames + 1), UNKNOWN, np.float32)
        return keys_of(*played, start, self.recipe.frames + 1, self.hop, SAMPLE_RATE)

    def example(self, rng: np.random.Generator) -> Example:
        """Draw one example."""
        clip, start, audio = self._cut(rng)
        audio = audio * np.float32(np.exp(rng.uniform(np.log(0.4), np.log(1.8))))
        keys, played = self._keys(clip, start), self.material.played(clip)
        silent = np.zeros((2, self.samples), np.float32)
        if played is not None and rng.random() >= self.recipe.alone:
            excitation_of = perform if self.recipe.is_performed(clip) else excite_as
            known = excitation_of(*played, self.samples, SAMPLE_RATE, start)
            return Example(np.clip(audio, -1, 1), known, keys, False)
        if rng.random() < self.recipe.quiet:
            faint = np.exp(rng.uniform(np.log(1e-5), np.log(1e-2)))
            audio = (rng.standard_normal(self.samples) * faint * rng.integers(0, 2)).astype(np.float32)
            return Example(audio, silent, np.zeros_like(keys), True)
        if self.recipe.tones and rng.random() < self.recipe.tones:
            return self._tones(rng, silent, keys.shape[1])
        if rng.random() < self.recipe.mixed:
            other, where, sound = self._cut(rng)
            audio = audio + sound * np.float32(rng.uniform(0.2, 1.0))
            more = self._keys(other, where)
            keys = np.where((keys < 0) | (more < 0), UNKNOWN, np.maximum(keys, more)).astype(np.float32)
        return Example(np.clip(audio, -1, 1), silent, keys, True)

    def _tones(self, rng: np.random.Generator, silent: np.ndarray, frames: int) -> Example:
        """Draw an example of made-up tones."""
        audio, keys = draw_tones(self.samples, frames, self.hop, SAMPLE_RATE, rng)
        return Example(audio, silent, keys, True)

    def batch(self, rng: np.random.Generator) -> Batch:
        """Draw a batch."""
        examples = [self.example(rng) for _ in range(self.recipe.batch)]
        audio, excitation, keys, alone = (np.stack(part) for part in zip(*examples, strict=True))
        return Batch(*(torch.from_numpy(part) for part in (audio, excitation, keys, alone)))

    def batches(self, seed: int, first: int, pinned: bool) -> Batches[Batch]:
        """Return the row of batches of a seed from number `first` on (see `Batches`)."""
        return Batches(self.batch, seed, first, self.recipe.loaders, pinned)


def whole_clips(material: Material, count: int, seconds: float, hop: int) -> Batch:
    """The beginnings of the first `count` clips, with their excitation (silent where unknown) and keys."""
    samples, count = round(seconds * SAMPLE_RATE), min(count, len(material))
    audio = np.stack([material.stretch(index, 0, samples) for index in range(count)])
    frames = samples // hop + 1
    known, keys, alone = [], [], []
    for index in range(count):
        played = material.played(index)
        alone.append(played is None)
        if played is None:
            known.append(np.zeros((2, samples), np.float32))
            keys.append(np.zeros((KEYS, frames), np.float32))
        else:
            known.append(excite_as(*played, samples, SAMPLE_RATE))
            keys.append(keys_of(*played, 0, frames, hop, SAMPLE_RATE))
    parts = (audio, np.stack(known), np.stack(keys), np.array(alone))
    return Batch(*(torch.from_numpy(part) for part in parts))
