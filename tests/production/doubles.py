"""Doubles for the two neural models, so that the rest of a production is tested in milliseconds and by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from genaudio.melody.wish import Wish
from genaudio.score import Key, Melody, Metre, Note, Score

LOWEST, HIGHEST = 62, 78


def random_tune(seed: int, notes: int = 64, pickup: float = 0.5) -> Melody:
    """Notes of any length up to a quarter, D4 to F#5, 4/4: leaps and rhythms that no other seed has by chance."""
    generator = np.random.default_rng(seed)
    onset, written = 0.0, []
    for _ in range(notes):
        duration = float(generator.choice([0.25, 0.5, 0.75, 1.0]))
        written.append(Note(onset, duration, int(generator.integers(LOWEST, HIGHEST + 1))))
        onset += duration
    return Melody(written, metre=Metre(4, 4), key=Key(2), tempo=120.0, pickup=pickup)


@dataclass
class OtherComposer:
    """Writes `tunes` by seed, and random tunes for other seeds."""

    tunes: dict[int, Melody] = field(default_factory=dict)
    seeds: list[int] = field(default_factory=list)

    def compose(self, wish: Wish, seed: int = 0, count: int = 1) -> list[Melody]:
        self.seeds.append(seed)
        return [self.tunes.get(seed) or random_tune(seed + 1000)] * count


@dataclass(frozen=True)
class SineRendering:
    """What a renderer returns."""

    audio: np.ndarray
    sample_rate: int
    left_out: tuple[str, ...] = ()
    loudness: float | None = None
    true_peak: float | None = None

    @property
    def seconds(self) -> float:
        return self.audio.shape[1] / self.sample_rate


@dataclass
class SinePlayer:
    """Plays every note as a sine."""

    fails: bool = False

    def render(self, score: Score, seed: int = 0, loudness: float | None = None) -> SineRendering:
        if self.fails:
            raise RuntimeError("the renderer fell over")
        rate = 8000
        audio = np.zeros(round(score.duration * rate) + 1, np.float32)
        for note in score.notes:
            start, end = (round(score.seconds(at) * rate) for at in (note.onset, note.offset))
            audio[start:end] = 0.2 * np.sin(
                np.arange(end - start) * 2 * np.pi * 440 * 2 ** ((note.pitch - 69) / 12) / rate
            )
        return SineRendering(np.stack([audio, audio]), rate, loudness=loudness)
