"""Training examples of the codec: short stretches of teacher audio, with their excitation or without."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genaudio.codec.excitation import excite
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


class Crops:
    """Draws batches from a teacher set.

    Args:
        teacher: the audio and its performances.
        recipe: what a batch holds.
        hop: samples of a frame.
    """

    def __init__(self, teacher: TeacherSet, recipe: CropRecipe, hop: int) -> None:
        self.teacher, self.recipe, self.samples = teacher, recipe, recipe.frames * hop

    def _cut(self, rng: np.random.Generator) -> tuple[int, int, np.ndarray]:
        """Draw a clip and a place in it: (clip, first sample, audio)."""
        clip = int(rng.integers(len(self.teacher)))
        start = int(rng.integers(self.teacher.audio.shape[1] - self.samples))
        audio = np.asarray(self.teacher.audio[clip, start : start + self.samples], np.float32) / 32767
        return clip, start, audio

    def example(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw one example: audio and excitation, float32 [T] each."""
        clip, start, audio = self._cut(rng)
        audio = audio * np.float32(np.exp(rng.uniform(np.log(0.4), np.log(1.8))))
        silent = np.zeros(self.samples, np.float32)
        if rng.random() < self.recipe.alone:
            if rng.random() < self.recipe.quiet:
                faint = np.exp(rng.uniform(np.log(1e-5), np.log(1e-2)))
                return (rng.standard_normal(self.samples) * faint * rng.integers(0, 2)).astype(np.float32), silent
            if rng.random() < self.recipe.mixed:
                audio = audio + self._cut(rng)[2] * np.float32(rng.uniform(0.2, 1.0))
            return np.clip(audio, -1, 1), silent
        notes = self.teacher.performances[clip].notes
        return np.clip(audio, -1, 1), excite(notes, self.samples, SAMPLE_RATE, start)

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Draw a batch: audio and excitation, float32 [B, T] each."""
        examples = [self.example(rng) for _ in range(self.recipe.batch)]
        audio, excitation = (torch.from_numpy(np.stack(part)) for part in zip(*examples, strict=True))
        return audio, excitation


def whole_clips(teacher: TeacherSet, count: int, seconds: float) -> tuple[Tensor, Tensor]:
    """The beginnings of the first `count` clips: audio and excitation, float32 [count, T] each."""
    samples = round(seconds * SAMPLE_RATE)
    audio = np.stack([teacher.clip(index)[:samples] for index in range(count)])
    excitation = np.stack([excite(teacher.performances[i].notes, samples, SAMPLE_RATE) for i in range(count)])
    return torch.from_numpy(audio), torch.from_numpy(excitation)
