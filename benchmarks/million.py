"""Works that nobody wrote, recombined from real ones: passages of 6 to 16 notes of many tunes, one after the other.

Each passage keeps its pitches and rhythm, but for one note in sixteen that is moved by a step; each work is transposed
as a whole. So n-grams are as common, relative to one another, as in real tunes, and a passage of a real tune is in a
hundred works of a million: harder for a search than a million tunes by people.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checks.batch import Batch
from checks.line import Line
from checks.records import Record

PASSAGE = (6, 16)
LENGTHS = (50, 160)
ALTERED = 1 / 16
TOGETHER = 4096


def recombined(source: Line, works: int, seed: int, first: int = 0) -> Iterator[Batch]:
    """Yield batches of works; the same seed gives the same works, whatever comes before `first`."""
    for begin in range(first, first + works, TOGETHER):
        count = min(TOGETHER, first + works - begin)
        generator = np.random.default_rng([seed, begin])
        line = _line(source, count, generator)
        yield Batch([Record(f"recombined-{begin + n}", f"Tune {begin + n}", "Nobody") for n in range(count)], line)


def _line(source: Line, works: int, generator: np.random.Generator) -> Line:
    """Recombine so many works."""
    sizes = generator.integers(*LENGTHS, works, endpoint=True)
    chosen, filled = [], np.zeros(works, np.int64)
    owners = []
    while (open_ := np.flatnonzero(filled < sizes)).size:
        lengths = np.minimum(generator.integers(*PASSAGE, open_.size, endpoint=True), sizes[open_] - filled[open_])
        chosen.append(np.stack([generator.integers(0, len(source) - PASSAGE[1], open_.size), lengths]))
        owners.append(open_)
        filled[open_] += lengths
    begins, lengths = np.concatenate(chosen, axis=1)
    order = np.argsort(np.concatenate(owners), kind="stable")
    begins, lengths = begins[order], lengths[order]
    places = np.repeat(begins - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    pitches = source.pitches[places].astype(np.int64) + np.repeat(generator.integers(-5, 7, works), sizes)
    altered = generator.random(len(places)) < ALTERED
    pitches[altered] += generator.choice([-2, -1, 1, 2], int(altered.sum()))
    iois = np.clip(_iois(source)[places], 30, 3840)
    ends = np.cumsum(iois)
    onsets = ends - iois
    onsets -= np.repeat(onsets[starts[:-1]], sizes)
    durations = np.minimum(source.durations[places], iois).astype(np.uint16)
    return Line(onsets.astype(np.int32), durations, np.clip(pitches, 0, 127).astype(np.int8), starts)


def _iois(line: Line) -> np.ndarray:
    """Return the inter-onset intervals in ticks; of a melody's last note its duration."""
    iois = np.diff(line.onsets.astype(np.int64), append=0)
    last = line.starts[1:] - 1
    iois[last] = line.durations[last]
    return iois
