"""A classifier of styles that learns from the training works: metre, bars, rhythms and intervals, never key or mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

from genaudio.melody.qualities import ambitus, bars_of, leaps, notes_per_bar, repeated_bars, repeated_rhythms
from genaudio.score import Melody, to_ticks

PLACES = 24
"""Onsets in a bar are counted in so many places."""
COMMONEST = 150
"""So many of the commonest bar rhythms and interval pairs are counted."""
TREES = 400
OCTAVE = 12


def _rhythms(melody: Melody) -> list[tuple[tuple[int, int], ...]]:
    """Return the rhythm of each bar: (place, duration) of its notes in ticks."""
    return [tuple((into, duration) for into, duration, _ in bar) for bar in bars_of(melody)]


def _interval_pairs(melody: Melody) -> list[tuple[int, int]]:
    intervals = [b - a for a, b in pairwise(melody.pitches)]
    return list(pairwise(intervals))


class StyleClassifier:
    """Trees on what can be counted of a tune.

    Args:
        melodies: to learn from.
        styles: of each melody.
    """

    def __init__(self, melodies: Sequence[Melody], styles: Sequence[str]) -> None:
        self.metres = sorted({str(melody.metre) for melody in melodies})
        self.rhythms = _commonest(melodies, _rhythms)
        self.pairs = _commonest(melodies, _interval_pairs)
        self.trees = ExtraTreesClassifier(TREES, min_samples_leaf=2, class_weight="balanced", random_state=0)
        self.trees.fit(self._features(melodies), list(styles))

    def classify(self, melodies: Sequence[Melody]) -> list[str]:
        """Return the style of each melody."""
        return [str(style) for style in self.trees.predict(self._features(melodies))]

    def _features(self, melodies: Sequence[Melody]) -> NDArray[np.float64]:
        return np.array([self._row(melody) for melody in melodies])

    def _row(self, melody: Melody) -> NDArray[np.float64]:
        assert melody.metre is not None
        bar, pickup = melody.metre.bar_ticks, to_ticks(melody.pickup)
        places, lengths, steps = np.zeros(PLACES), np.zeros(PLACES), np.zeros(2 * OCTAVE + 1)
        for note in melody.notes:
            places[(note.onset_ticks - pickup) % bar * PLACES // bar] += 1
            lengths[min(note.duration_ticks * PLACES // bar, PLACES - 1)] += 1
        for a, b in pairwise(melody.pitches):
            steps[int(np.clip(b - a, -OCTAVE, OCTAVE)) + OCTAVE] += 1
        rhythms, pairs = Counter(_rhythms(melody)), Counter(_interval_pairs(melody))
        total = len(melody)
        return np.array(
            [
                *(str(melody.metre) == metre for metre in self.metres),
                *places / total, *lengths / total, *steps / total,
                *(rhythms[rhythm] / rhythms.total() for rhythm in self.rhythms),
                *(pairs[pair] / max(1, pairs.total()) for pair in self.pairs),
                pickup / bar, notes_per_bar(melody), ambitus(melody), leaps(melody),
                repeated_bars(melody), repeated_rhythms(melody),
            ],
            dtype=np.float64,
        )  # fmt: skip


def _commonest(melodies: Sequence[Melody], parts: Callable[[Melody], list[Any]]) -> list[Any]:
    """Return the parts that stand in the most melodies."""
    counts = Counter(part for melody in melodies for part in set(parts(melody)))
    return [part for part, _ in counts.most_common(COMMONEST)]


def confusion(found: Sequence[str], styles: Sequence[str], names: Sequence[str]) -> list[list[int]]:
    """Return how often each style (rows) was taken for each (columns)."""
    counts = Counter(zip(styles, found, strict=True))
    return [[counts[wished, taken] for taken in names] for wished in names]
