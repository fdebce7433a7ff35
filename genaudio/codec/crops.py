"""Training examples of the codec: short stretches of teacher audio, with their excitation or without.

Shapes: B examples, T samples, P keys, F frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genaudio.codec.excitation import excite
from genaudio.codec.hearing import sounding_keys
from genaudio.teacher import SAMPLE_RATE, TeacherSet


@dataclass(frozen=True)
class CropRecipe:
    """What a batch holds.

    Attributes:
        batch: B, examples.
        frames: length of an example in frames.
        alone: share of the examples without an excitation, so that the codec also works without a score.
        mixed: share of those that are the sum of two clips.
        quiet: share of those that are silence or faint noise.
    """

    batch: int = 12
    frames: int = 88
    alone: float = 0.5
    mixed: float = 0.2
    quiet: float = 0.04


class Example(NamedTuple):
    """One example: audio and excitation (silent without a score), float32 [T]; sounding keys [P, F]; is it alone?"""

    audio: np.ndarray
    excitation: np.ndarray
    keys: np.ndarray
    alone: bool


class Batch(NamedTuple):
    """Examples stacked: float32 [B, T], [B, T], [B, P, F], bool [B]."""

    audio: Tensor
    excitation: Tensor
    keys: Tensor
    alone: Tensor

    def to(self, device: torch.device) -> Batch:
        """Move the batch to a device."""
        return Batch(*(part.to(device) for part in self))


class Crops:
    """Draws batches from a teacher set.

    Args:
        teacher: the audio and its performances.
        recipe: what a batch holds.
        hop: samples of a frame.
    """

    def __init__(self, teacher: TeacherSet, recipe: CropRecipe, hop: int) -> None:
        self.teacher, self.recipe, self.hop, self.samples = teacher, recipe, hop, recipe.frames * hop

    def _cut(self, rng: np.random.Generator) -> tuple[int, int, np.ndarray]:
        """Draw a clip and a place in it: (clip, first sample, audio)."""
        clip = int(rng.integers(len(self.teacher)))
        start = int(rng.integers(self.teacher.audio.shape[1] - self.samples))
        audio = np.asarray(self.teacher.audio[clip, start : start + self.samples], np.float32) / 32767
        return clip, start, audio

    def _keys(self, clip: int, start: int) -> np.ndarray:
        """The keys that sound in a stretch of a clip: float32 [P, F]."""
        notes = self.teacher.performances[clip].notes
        return sounding_keys(notes, start, self.recipe.frames + 1, self.hop, SAMPLE_RATE)

    def example(self, rng: np.random.Generator) -> Example:
        """Draw one example."""
        clip, start, audio = self._cut(rng)
        audio = audio * np.float32(np.exp(rng.uniform(np.log(0.4), np.log(1.8))))
        keys = self._keys(clip, start)
        silent = np.zeros(self.samples, np.float32)
        if rng.random() < self.recipe.alone:
            if rng.random() < self.recipe.quiet:
                faint = np.exp(rng.uniform(np.log(1e-5), np.log(1e-2)))
                audio = (rng.standard_normal(self.samples) * faint * rng.integers(0, 2)).astype(np.float32)
                return Example(audio, silent, np.zeros_like(keys), True)
            if rng.random() < self.recipe.mixed:
                other, where, sound = self._cut(rng)
                audio = audio + sound * np.float32(rng.uniform(0.2, 1.0))
                keys = np.maximum(keys, self._keys(other, where))
            return Example(np.clip(audio, -1, 1), silent, keys, True)
        notes = self.teacher.performances[clip].notes
        return Example(np.clip(audio, -1, 1), excite(notes, self.samples, SAMPLE_RATE, start), keys, False)

    def batch(self, rng: np.random.Generator) -> Batch:
        """Draw a batch."""
        examples = [self.example(rng) for _ in range(self.recipe.batch)]
        audio, excitation, keys, alone = (np.stack(part) for part in zip(*examples, strict=True))
        return Batch(*(torch.from_numpy(part) for part in (audio, excitation, keys, alone)))


def whole_clips(teacher: TeacherSet, count: int, seconds: float, hop: int) -> Batch:
    """The beginnings of the first `count` clips, with their excitation and keys."""
    samples = round(seconds * SAMPLE_RATE)
    notes = [played.notes for played in teacher.performances[:count]]
    audio = np.stack([teacher.clip(index)[:samples] for index in range(count)])
    excitation = np.stack([excite(each, samples, SAMPLE_RATE) for each in notes])
    keys = np.stack([sounding_keys(each, 0, samples // hop + 1, hop, SAMPLE_RATE) for each in notes])
    return Batch(*(torch.from_numpy(part) for part in (audio, excitation, keys, np.zeros(count, bool))))
