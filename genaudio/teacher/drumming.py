"""Drum performances for training: grooves drawn at random, fills, and single hits over the whole kit."""

from __future__ import annotations

import numpy as np

from genaudio.percussion import DRUMS, hits
from genaudio.sounding import Sounding

LEAD = 0.1
"""Silence before the first hit in seconds."""
_HATS = ((42, 42, 42, 46), (42, 44), (51, 53, 51), (59,), (42,), (54,), (70, 69), (70,))
"""Sets of keys of which one keeps the pulse."""
_COLOURS = tuple(key for key in DRUMS if DRUMS[key].kind in ("hand drum", "percussion"))


def _velocity(level: float, rng: np.random.Generator) -> int:
    """Draw a velocity around a level in 0..1."""
    return int(np.clip(round(127 * level * rng.uniform(0.75, 1.15)), 1, 127))


def _bar(steps: int, rng: np.random.Generator) -> list[tuple[int, int, float]]:
    """Draw one bar of a groove as (step, key, level)."""
    kick, snare = int(rng.choice([35, 36])), int(rng.choice([37, 38, 38, 39, 40]))
    hats = _HATS[int(rng.integers(len(_HATS)))]
    every = int(rng.choice([1, 2, 2, 4]))
    out = [
        (step, int(hats[int(rng.integers(len(hats)))]), 0.55 + 0.25 * (step % 4 == 0))
        for step in range(0, steps, every)
    ]
    out += [(step, kick, 0.8) for step in range(steps) if rng.random() < (0.8 if step % 8 == 0 else 0.12)]
    out += [(step, snare, 0.75) for step in range(steps) if rng.random() < (0.85 if step % 8 == 4 else 0.06)]
    if rng.random() < 0.4:
        colour = int(rng.choice(_COLOURS))
        out += [(step, colour, 0.6) for step in range(steps) if rng.random() < 0.25]
    return out


def _fill(steps: int, rng: np.random.Generator) -> list[tuple[int, int, float]]:
    """Draw a fill: a run over toms, snare or hand drums that ends on a cymbal."""
    drums = [key for key in DRUMS if DRUMS[key].kind in ("tom", "hand drum")] + [38, 40]
    run = [int(rng.choice(drums)) for _ in range(4)]
    out = [(step, run[step * len(run) // steps], 0.6 + 0.3 * step / steps) for step in range(steps)]
    return [each for each in out if rng.random() < 0.8] + [(steps, int(rng.choice([49, 52, 55, 57])), 0.9)]


def play_groove(seconds: float, rng: np.random.Generator) -> tuple[Sounding, ...]:
    """Play a groove with fills at one tempo, nearly in time."""
    step = 60 / rng.uniform(70, 180) / rng.choice([2, 3, 4])
    steps = int(rng.choice([12, 16, 16, 16]))
    bar, played, bars = _bar(steps, rng), [], int(seconds / (step * steps)) + 1
    for number in range(bars):
        now = _fill(steps, rng) if rng.random() < 0.2 else bar
        for at, key, level in now:
            start = LEAD + max(0.0, (number * steps + at) * step + rng.normal(0, 0.006))
            if start < seconds - 0.1:
                played.append(Sounding(start, start, key, _velocity(level, rng)))
        if rng.random() < 0.25:
            bar = _bar(steps, rng)
    return hits(played)


def play_single_hits(seconds: float, rng: np.random.Generator) -> tuple[Sounding, ...]:
    """Strike drums of the whole kit one by one, each with a velocity of its own, some left to ring."""
    played, now = [], LEAD
    while now < seconds - 0.2:
        played.append(Sounding(now, now, int(rng.choice(list(DRUMS))), int(rng.integers(20, 128))))
        now += float(rng.choice([rng.uniform(0.1, 0.5), rng.uniform(0.4, 1.6)]))
    return hits(played)


def draw_drumming(seconds: float, rng: np.random.Generator) -> tuple[str, tuple[Sounding, ...]]:
    """Draw what the drums of one clip play: (``groove`` or ``scattered``, hits)."""
    single = rng.random() < 0.4
    played = play_single_hits(seconds, rng) if single else play_groove(seconds, rng)
    return "scattered" if single else "groove", tuple(hit._replace(end=min(hit.end, seconds)) for hit in played)
