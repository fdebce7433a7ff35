"""Runs of notes of any length as 64-bit numbers: equal for equal runs, whatever their key and tempo.

A run of m notes counts as the same as another if its m - 1 intervals and the m - 2 ratio classes of its IOIs are the
same (see `checks.ngrams`). A number is a polynomial hash: of steps s0, s1, .. each turned into an odd random number t,

    hash = t(s0) + t(s1) B + t(s2) B^2 + ..    modulo 2^64

which prefix sums give for all places and lengths at once: sum(i, j) = hash of steps i..j-1 times B^i, and B has an
inverse. Two different runs share a number with a probability of about 2^-64.
Karp and Rabin (1987), Efficient randomized pattern-matching algorithms.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from checks.line import Ints, Line
from checks.ngrams import INTERVAL_LIMIT, RATIO_LIMIT, RATIO_STEPS, Keys, complete

_RATIOS = 2 * RATIO_LIMIT + 1
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)


def _random_numbers(count: int) -> Keys:
    """Return odd numbers without any order, the same everywhere (SplitMix64)."""
    mixed = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_BASE)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return (mixed ^ mixed >> np.uint64(31)) | np.uint64(1)


_NUMBERS = _random_numbers((2 * INTERVAL_LIMIT + 1) * _RATIOS)


def steps(pitches: Ints, onsets: Ints) -> Ints:
    """Return the steps of melodies, [.., N - 1] int64: step k is interval k with ratio class k.

    Args:
        pitches: [.., N] MIDI numbers.
        onsets: [.., N + 1] ticks; the last one is where the note after these begins.
    """
    pitches, onsets = pitches.astype(np.int64), onsets.astype(np.int64)
    interval = np.maximum(np.minimum(pitches[..., 1:] - pitches[..., :-1], INTERVAL_LIMIT), -INTERVAL_LIMIT)
    logs = np.log2(np.maximum(onsets[..., 1:] - onsets[..., :-1], 1))
    ratio = np.maximum(np.minimum(np.rint((logs[..., 1:] - logs[..., :-1]) * RATIO_STEPS), RATIO_LIMIT), -RATIO_LIMIT)
    return (interval + INTERVAL_LIMIT) * _RATIOS + ratio.astype(np.int64) + RATIO_LIMIT


def without_rhythm(found: Ints) -> Ints:
    """Return steps with the ratio classes left out, so that only intervals count."""
    return found // _RATIOS * _RATIOS + RATIO_LIMIT


def line_steps(line: Line) -> Ints:
    """Return the step at every note of some melodies, [N] int64; meaningless for the last two notes of a melody."""
    if not len(line):
        return np.zeros(0, np.int64)
    pitches = np.append(line.pitches, line.pitches[-1])
    onsets = np.concatenate([line.onsets, line.onsets[-1:], line.onsets[-1:]])
    return steps(pitches, onsets)


class Sums:
    """Prefix sums of steps, from which the hash of any stretch follows.

    Args:
        found: [.., S] steps.
    """

    def __init__(self, found: Ints) -> None:
        powers = _powers(_BASE, found.shape[-1])
        sums = np.zeros((*found.shape[:-1], found.shape[-1] + 1), np.uint64)
        np.cumsum(_NUMBERS[found] * powers, axis=-1, out=sums[..., 1:])
        self._sums, self._inverse = sums, _powers(_INVERSE, found.shape[-1] + 1)

    def hashes(self, begins: Ints, length: int | Ints) -> Keys:
        """Return the hashes of `length` steps from each of `begins` on, [.., len(begins)] uint64."""
        stretches = self._sums[..., begins + length] - self._sums[..., begins]
        return np.asarray(stretches * self._inverse[begins])


@lru_cache(maxsize=8)
def _powers(base: int, count: int) -> Keys:
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    powers = np.cumprod(powers)
    powers.setflags(write=False)
    return powers


def runs(line: Line, notes: int, rhythm: bool = True) -> tuple[Keys, Ints]:
    """Return the numbers of all runs of so many notes, and the note at which each begins.

    Args:
        line: melodies.
        notes: 3 or more.
        rhythm: False: intervals alone count.
    """
    found, places = line_steps(line), complete(line, notes - 1)
    whole = Sums(found if rhythm else without_rhythm(found)).hashes(places, notes - 2)
    return with_last(whole, found[places + notes - 2] // _RATIOS), places


def with_last(contexts: Keys, intervals: Ints) -> Keys:
    """Return the numbers of runs: of what leads up to the last note, and the interval (from 0 on) into that note."""
    return np.asarray(contexts * np.uint64(_BASE) + _NUMBERS[intervals * _RATIOS])
