"""What a tune is made of, as counts that can be pooled over a set of tunes. Needs no torch.

A feature is a function from a melody to a `Counter`, or None where the melody does not tell (bars without a metre).
Values are numbers where they have an order, so that distances between distributions mean something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from itertools import pairwise

from genaudio.melody.phrases import approach, full_cadences, half_cadences, phrase_lengths, step, tonal_centre
from genaudio.melody.qualities import bars_of
from genaudio.score import Melody

Counts = Counter[Hashable]
WIDEST, LONGEST_PHRASE = 24, 64
"""Wider intervals in semitones and longer phrases in notes are counted as these."""


def _degrees(melody: Melody) -> Counts:
    """Sounding time in ticks of each step above the tonic."""
    key = tonal_centre(melody)
    counts: Counts = Counter()
    for note in melody.notes:
        counts[step(note, key)] += note.duration_ticks
    return counts


def _intervals(melody: Melody) -> Counts:
    """Intervals in semitones, upwards positive."""
    return Counter(max(-WIDEST, min(WIDEST, b - a)) for a, b in pairwise(melody.pitches))


def _durations(melody: Melody) -> Counts:
    """Durations in ticks."""
    return Counter(note.duration_ticks for note in melody.notes)


def _bar_rhythms(melody: Melody) -> Counts | None:
    """Rhythms of whole bars, the pickup left out."""
    if melody.metre is None:
        return None
    bars = bars_of(melody)[1 if melody.pickup else 0 :]
    return Counter((melody.metre.bar_ticks, *((into, length) for into, length, _ in bar)) for bar in bars)


def _phrases(melody: Melody) -> Counts:
    """Notes from one breath to the next."""
    return Counter(min(length, LONGEST_PHRASE) for length in phrase_lengths(melody))


def _half_cadences(melody: Melody) -> Counts | None:
    """Steps at the end of the fourth of every eight bars."""
    key = tonal_centre(melody)
    return None if melody.metre is None else Counter(step(note, key) for note in half_cadences(melody))


def _full_cadences(melody: Melody) -> Counts | None:
    """Steps at the end of the last of every eight bars."""
    key = tonal_centre(melody)
    return None if melody.metre is None else Counter(step(note, key) for note in full_cadences(melody))


def _endings(melody: Melody) -> Counts:
    """The last step and the one before it that differs."""
    found = approach(melody, tonal_centre(melody))
    return Counter() if found is None else Counter([found])


FEATURES: dict[str, Callable[[Melody], Counts | None]] = {
    "pitch_class": _degrees,
    "interval": _intervals,
    "duration": _durations,
    "bar_rhythm": _bar_rhythms,
    "phrase_length": _phrases,
    "half_cadence": _half_cadences,
    "full_cadence": _full_cadences,
    "ending": _endings,
}
ORDERED = frozenset({"interval", "duration", "phrase_length"})
"""Features whose values lie on a line; steps lie on a circle, and rhythms and endings nowhere."""


def count(melody: Melody, feature: str) -> Counts | None:
    """Return what a melody of one note or more has of a feature; None where it has nothing of it."""
    return FEATURES[feature](melody) or None


def pooled(counts: list[Counts]) -> dict[Hashable, float]:
    """Return the mean of tunes' distributions, in which every tune weighs the same; values sum to 1."""
    shares: dict[Hashable, float] = {}
    for one in counts:
        total = one.total()
        for value, number in one.items():
            shares[value] = shares.get(value, 0.0) + number / total / len(counts)
    return shares
