"""How surprising each note is in music at large: the information that a match of it carries.

A match of notes that any tune may have (a scale, a cadence) says little, one of a rare turn says much. Every note is
therefore worth -log2 p(interval into it | the two intervals before), its rhythm -log2 p(ratio class | the one before),
with p from tables that are counted once, over the training works, and ship with the package. Notes that continue a
short cycle (a scale's steps, an arpeggio, a trill) are discounted, as low-complexity regions are in sequence search.
Pearce and Wiggins (2006), Expectation in melody; Wootton and Federhen (1993), Statistics of local complexity.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from checks.line import Ints, Line
from checks.ngrams import RATIO_LIMIT, intervals, ratio_classes

CLASSES = 25  # intervals -12..12, wider ones at the edge
_START = CLASSES  # context where there is no interval yet
_RATIOS = 2 * RATIO_LIMIT + 1
_UNITS = 16.0  # a stored byte is 1/16 bit
_STRENGTH = 8.0  # observations that the shorter context counts for
LONGEST_CYCLE = 8
CYCLE_DISCOUNT = 0.25
NO_RATIO = 99
"""Ratio class of a melody's first note, which has none."""

Floats = npt.NDArray[np.float64]
FILE = Path(__file__).with_name("background.npz")


@dataclass(frozen=True, eq=False)
class Notes:
    """What alignment compares, for one or several melodies end to end.

    Attributes:
        pitches: [N] MIDI numbers, int16.
        ratios: [N] ratio class of the IOI of this note to the one before, int8; `NO_RATIO` for a first note.
        pitch_bits, rhythm_bits: [N] information of the note's interval and of its ratio class.
        starts: [M + 1] where each melody begins, and N.
    """

    pitches: Ints
    ratios: Ints
    pitch_bits: Floats
    rhythm_bits: Floats
    starts: Ints

    def __len__(self) -> int:
        return len(self.pitches)

    @property
    def bits(self) -> float:
        """The most that any match of these notes can be worth."""
        return float(self.pitch_bits.sum())


@dataclass(frozen=True, eq=False)
class Background:
    """Tables of information in bits.

    Attributes:
        pitch: [26, 26, 25] by the interval two before, the one before, and the interval (index 25: none).
        rhythm: [14, 13] by the ratio class before (index 13: none), and the ratio class.
    """

    pitch: Floats
    rhythm: Floats

    @classmethod
    def count(cls, line: Line) -> Background:
        """Estimate the tables from works: trigrams, each smoothed by the shorter context (Dirichlet prior)."""
        into, earlier, earliest = _contexts(line)
        counts = np.zeros((CLASSES + 1, CLASSES + 1, CLASSES))
        np.add.at(counts, (earliest, earlier, into), 1.0)
        one = counts.sum((0, 1)) + 0.5
        one /= one.sum()
        pairs = counts.sum(0)
        two = (pairs + _STRENGTH * one) / (pairs.sum(1, keepdims=True) + _STRENGTH)
        three = (counts + _STRENGTH * two) / (counts.sum(2, keepdims=True) + _STRENGTH)
        ratio, before = _ratio_contexts(line)
        steps = np.zeros((_RATIOS + 1, _RATIOS))
        np.add.at(steps, (before, ratio), 1.0)
        single = steps.sum(0) + 0.5
        single /= single.sum()
        rhythm = (steps + _STRENGTH * single) / (steps.sum(1, keepdims=True) + _STRENGTH)
        return cls(_quantised(three), _quantised(rhythm))

    def save(self, path: Path) -> None:
        """Write the tables, a byte a number."""
        np.savez_compressed(path, pitch=_bytes(self.pitch), rhythm=_bytes(self.rhythm))

    @classmethod
    def load(cls, path: Path = FILE) -> Background:
        """Read the tables that `save` wrote."""
        with np.load(path, allow_pickle=False) as tables:
            return cls(tables["pitch"] / _UNITS, tables["rhythm"] / _UNITS)

    def notes(self, line: Line) -> Notes:
        """Weigh every note of some melodies; a first note carries nothing."""
        count = len(line)
        ratios = np.full(count, NO_RATIO, np.int8)
        pitch_bits, rhythm_bits = np.zeros(count), np.zeros(count)
        later = _later(line)
        if len(later):
            into, earlier, earliest = _contexts(line)
            ratio, before = _ratio_contexts(line)
            weight = np.where(_cyclic(line)[later], CYCLE_DISCOUNT, 1.0)
            ratios[later] = ratio - RATIO_LIMIT
            pitch_bits[later] = self.pitch[earliest, earlier, into] * weight
            rhythm_bits[later] = self.rhythm[before, ratio] * weight
        return Notes(line.pitches, ratios, pitch_bits, rhythm_bits, line.starts)


@lru_cache(maxsize=1)
def shipped() -> Background:
    """Return the tables that ship with the package."""
    return Background.load()


def _later(line: Line) -> Ints:
    """Return all notes but the first of each melody."""
    first = np.zeros(len(line) + 1, bool)
    first[line.starts[:-1]] = True
    return np.flatnonzero(~first[:-1])


def _contexts(line: Line) -> tuple[Ints, Ints, Ints]:
    """Return, for all later notes, the class of the interval into each and of the two intervals before."""
    later = _later(line)
    steps = np.clip(intervals(line), -(CLASSES // 2), CLASSES // 2) + CLASSES // 2
    into = np.full(len(line) + 2, _START, np.int64)  # shifted by two: room for two empty contexts
    into[later + 2] = steps[later - 1]
    first, second = into[later + 1], into[later]
    return into[later + 2], first, np.where(first == _START, _START, second)


def _ratio_contexts(line: Line) -> tuple[Ints, Ints]:
    later = _later(line)
    classes = ratio_classes(line) + RATIO_LIMIT
    into = np.full(len(line), _RATIOS, np.int64)
    into[later] = classes[later - 1]
    return into[later], into[later - 1]


def _cyclic(line: Line) -> npt.NDArray[np.bool_]:
    """Mark the notes whose last four intervals stood there up to `LONGEST_CYCLE` notes before as well."""
    steps = intervals(line)
    owners = line.owners()
    size = len(line)
    marked = np.zeros(size, bool)
    for lag in range(1, LONGEST_CYCLE + 1):
        if size <= lag + 4:
            break
        same = np.zeros(size, bool)  # interval into the note equals the one `lag` notes before
        same[lag + 1 :] = (steps[lag:-1] == steps[: -lag - 1]) & (owners[lag + 1 :] == owners[: -lag - 1])
        run = same[4:] & same[3:-1] & same[2:-2] & same[1:-3]
        marked[4:] |= run
    return marked


def _bytes(bits: Floats) -> npt.NDArray[np.uint8]:
    return np.clip(np.rint(bits * _UNITS), 0, 8 * _UNITS).astype(np.uint8)


def _quantised(probabilities: Floats) -> Floats:
    return _bytes(-np.log2(probabilities)) / _UNITS
