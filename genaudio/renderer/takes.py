"""What the score model learns from: takes of sound, each played by one family, with the codec's latents of them.

Shapes: F frames, D latent channels, T samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from genaudio.codec.codec import Codec, Excitation
from genaudio.codec.players import perform
from genaudio.codec.resident import Played
from genaudio.errors import GenaudioError
from genaudio.instruments import Family
from genaudio.renderer.features import score_features
from genaudio.renderer.model import ScoreModelConfig
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE, TeacherSet
from genaudio.training.drawing import draw, running_shares


class Takes(Protocol):
    """Sound in takes of any length, and the notes that it plays."""

    def samples(self, take: int) -> int:
        """Samples of a take."""
        ...

    def family(self, take: int) -> Family:
        """Return who plays a take."""
        ...

    def notes(self, take: int, start: float, end: float) -> tuple[Sounding, ...]:
        """Return what the score model knows of a stretch in seconds: at least the notes that sound or ring in it."""
        ...

    def stretch(self, take: int, start: int, samples: int) -> np.ndarray:
        """Return a part of a take, float32 [samples] in -1..1; silence beyond its end."""
        ...

    def excitation(self, take: int, start: int, samples: int) -> np.ndarray:
        """Return the excitation of all who play a part of a take, float32 [2, samples], as the renderer makes it."""
        ...

    def played(self, take: int) -> Played:
        """Return who plays what in a take, and how it is bent, which its excitation follows from."""
        ...

    def __len__(self) -> int: ...


class TeacherTakes:
    """The clips of teacher audio as takes."""

    def __init__(self, teacher: TeacherSet) -> None:
        self.teacher = teacher

    def samples(self, take: int) -> int:
        """See `Takes.samples`."""
        return self.teacher.samples

    def family(self, take: int) -> Family:
        """See `Takes.family`."""
        return self.teacher.played(take)[0]

    def notes(self, take: int, start: float, end: float) -> tuple[Sounding, ...]:
        """See `Takes.notes`."""
        return self.teacher.played(take)[1]

    def stretch(self, take: int, start: int, samples: int) -> np.ndarray:
        """See `Takes.stretch`."""
        sound = self.teacher.stretch(take, start, samples)
        return np.pad(sound, (0, samples - len(sound)))

    def excitation(self, take: int, start: int, samples: int) -> np.ndarray:
        """See `Takes.excitation`."""
        return perform(*self.teacher.played(take), samples, SAMPLE_RATE, start)

    def played(self, take: int) -> Played:
        """See `Takes.played`."""
        return *self.teacher.played(take), ()

    def __len__(self) -> int:
        return len(self.teacher)


class Streamed:
    """A stretch-maker as a mono sound (`genaudio.streams.Sound`)."""

    channels = 1

    def __init__(self, make: Excitation, samples: int) -> None:
        self._make, self.samples = make, samples

    def read(self, start: int, samples: int) -> np.ndarray:
        """See `Sound.read`."""
        return self._make(start, samples)[None]


def family_number(family: Family, config: ScoreModelConfig) -> int:
    """Return the number of a family in a model.

    Raises:
        GenaudioError: the model does not know it.
    """
    number = config.number_of(family)
    if number is None:
        raise GenaudioError(f"a model that knows only {', '.join(config.families)} cannot learn the {family.name}")
    return number


def seen(takes: Takes, take: int, start: int, frames: int, frame_rate: float) -> Tensor:
    """What the score model sees of a stretch of frames of a take: float32 [F, 512]."""
    notes = takes.notes(take, start / frame_rate, (start + frames) / frame_rate)
    return torch.from_numpy(score_features(notes, start, frames, frame_rate, takes.family(take).rings))


def shares_of(takes: Takes, lengths: list[int], often: Mapping[str, float]) -> np.ndarray:
    """The running shares of takes of so many frames in what is drawn (see `running_shares`): float64 [takes]."""
    return running_shares(lengths, [takes.family(take) for take in range(len(takes))], often)


def coded(takes: Takes, take: int, codec: Codec) -> Tensor:
    """Code a take with its score: its latents after the quantizer, float16 [F, D]."""
    samples = takes.samples(take)
    sound = Streamed(lambda start, length: takes.stretch(take, start, length), samples)
    known = Streamed(lambda start, length: takes.excitation(take, start, length), samples)
    codes = codec.encode(sound, excitation=known)
    with torch.inference_mode():
        latents = codec.dequantize(torch.from_numpy(codes.astype(np.int64)).to(codec.device))
    return latents[0].T.half().cpu().clone()


class LatentSet:
    """Takes with the latents that the codec gives them.

    Args:
        takes: the sound and its notes.
        codec: the codec, score-informed.
        config: of the model that learns, whose numbers of families count.
        latents_of: returns the latents of a take; `coded` by the codec unless given.
        often: families by name that are drawn so many times as often as others.

    Raises:
        GenaudioError: a take is of a family that the model does not know, or `often` names one that there is not.
    """

    def __init__(
        self,
        takes: Takes,
        codec: Codec,
        config: ScoreModelConfig,
        often: Mapping[str, float] | None = None,
        latents_of: Callable[[Takes, int], Tensor] | None = None,
    ) -> None:
        latents_of = latents_of or partial(coded, codec=codec)
        self.takes, self.frame_rate, self.hop = takes, codec.frame_rate, codec.model.config.hop
        self.families = [family_number(takes.family(take), config) for take in range(len(takes))]
        self.latents = [latents_of(takes, take) for take in range(len(takes))]
        self._shares = shares_of(takes, self.lengths, often or {})

    @property
    def lengths(self) -> list[int]:
        """Frames of each take."""
        return [len(latents) for latents in self.latents]

    def spread(self) -> tuple[Tensor, float]:
        """Mean of the latents in each channel [D], and their standard deviation."""
        values = torch.cat(self.latents).float()
        return values.mean(0), float(values.std())

    def features(self, take: int, start: int, frames: int) -> Tensor:
        """What the score model sees of a stretch of frames: float32 [F, 512]."""
        return seen(self.takes, take, start, frames, self.frame_rate)

    def known(self, take: int, start: int, frames: int) -> Tensor:
        """Latents of a stretch of frames: float32 [F, D]."""
        return self.latents[take][start : start + frames].float()

    def batch(self, rng: np.random.Generator, count: int, frames: int, listens: bool) -> tuple[Tensor, ...]:
        """Draw examples: features [B, F, 512], families [B], latents [B, F, D]; to listen also sound."""
        takes = draw(self._shares, rng, count)
        places = [(int(take), int(rng.integers(len(self.latents[take]) - frames))) for take in takes]
        features = torch.stack([self.features(take, start, frames) for take, start in places])
        latents = torch.stack([self.known(take, start, frames) for take, start in places])
        batch = [features, torch.tensor([self.families[take] for take, _ in places]), latents]
        if listens:
            sounds = [self.sound(take, start, frames) for take, start in places]
            batch += [torch.stack(part) for part in zip(*sounds, strict=True)]
        return tuple(batch)

    def sound(self, take: int, start: int, frames: int) -> tuple[Tensor, Tensor]:
        """Audio and excitation of a stretch of frames, float32 [T] and [2, T]."""
        first, samples = start * self.hop, frames * self.hop - self.hop // 2
        audio, known = (make(take, first, samples) for make in (self.takes.stretch, self.takes.excitation))
        return torch.from_numpy(audio), torch.from_numpy(known)


def windows(lengths: list[int], frames: int, most: int = 40) -> list[tuple[int, int, int]]:
    """Stretches to measure on, spread over all takes, one of each take at least: (take, first frame, frames).

    Args:
        lengths: frames of each take. frames: of a stretch. most: about so many stretches.
    """
    places = []
    for take, length in enumerate(lengths):
        wanted = min(frames, length)
        starts = range(0, length - wanted + 1, wanted)
        places += [(take, start, wanted) for start in starts[:: -(-len(starts) * len(lengths) // most)]]
    return places


def check_lengths(lengths: list[int], frames: int) -> None:
    """Make sure that examples of so many frames can be drawn.

    Raises:
        GenaudioError: a take is too short for one.
    """
    if min(lengths) <= frames:
        raise GenaudioError(f"takes of {min(lengths)} frames are too short for examples of {frames} frames")
