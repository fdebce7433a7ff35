"""What can be counted of a tune's musical sense, so that written tunes can be set beside human ones. No torch.

Each quality is a number for one tune; a set of tunes is described by means, and by how far the distributions of
intervals, durations and scale degrees of two sets overlap. `genaudio.melody.comparison` compares more, in more ways.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median

from genaudio.melody.phrases import full_cadences, step, tonal_centre
from genaudio.score import Melody

STABLE_STEPS = (0, 3, 4, 7)
"""Semitones above the tonic on which a melody rests: tonic, third, fifth."""
NGRAM, LONG_NGRAM = 4, 12
"""Intervals in a motif, and in a stretch of a phrase."""


def bars_of(melody: Melody) -> list[tuple[tuple[int, int, int], ...]]:
    """Return each bar as (ticks into it, duration in ticks, pitch) of the notes that begin there."""
    bars: dict[int, list[tuple[int, int, int]]] = {}
    for note in melody.notes:
        bar, into = melody.bar_position(note)
        bars.setdefault(bar, []).append((int(into * 480), note.duration_ticks, note.pitch))
    return [tuple(notes) for _, notes in sorted(bars.items())]


def ends_on_tonic(melody: Melody) -> float:
    """Return 1 where the last note is the tonic."""
    return float(step(melody.notes[-1], tonal_centre(melody)) == 0)


def ends_stable(melody: Melody) -> float:
    """Return 1 where the last note is tonic, third or fifth."""
    return float(step(melody.notes[-1], tonal_centre(melody)) in STABLE_STEPS)


def in_key(melody: Melody) -> float:
    """Return the share of notes that belong to the key's scale."""
    scale = tonal_centre(melody).pitch_classes
    return fmean(note.pitch % 12 in scale for note in melody.notes)


def closed_phrases(melody: Melody) -> float:
    """Return the share of eighth bars that end on tonic, third or fifth."""
    key, ends = tonal_centre(melody), full_cadences(melody)
    return fmean(step(note, key) in STABLE_STEPS for note in ends) if ends else 0.0


def ends_long(melody: Melody) -> float:
    """Return 1 where the last note is longer than the median one."""
    return float(melody.notes[-1].duration > median(note.duration for note in melody.notes))


def repeated_bars(melody: Melody) -> float:
    """Return the share of bars that an earlier bar equals note for note."""
    bars = bars_of(melody)
    return fmean(bar in bars[:index] for index, bar in enumerate(bars))


def repeated_rhythms(melody: Melody) -> float:
    """Return the share of bars whose rhythm an earlier bar has."""
    rhythms = [tuple((into, duration) for into, duration, _ in bar) for bar in bars_of(melody)]
    return fmean(rhythm in rhythms[:index] for index, rhythm in enumerate(rhythms))


def repeated_ngrams(melody: Melody, size: int = NGRAM) -> float:
    """Return the share of interval n-grams that stood earlier in the tune."""
    pitches = melody.pitches
    intervals = [b - a for a, b in itertools.pairwise(pitches)]
    grams = [tuple(intervals[start : start + size]) for start in range(len(intervals) - size + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def repeated_phrases(melody: Melody) -> float:
    """Return the share of interval 12-grams, about two bars, that stood earlier in the tune."""
    return repeated_ngrams(melody, LONG_NGRAM)


def ambitus(melody: Melody) -> float:
    """Return the range in semitones."""
    return float(max(melody.pitches) - min(melody.pitches))


def notes_per_bar(melody: Melody) -> float:
    """Return the mean number of notes in a bar."""
    return len(melody) / max(1, melody.bars)


def leaps(melody: Melody) -> float:
    """Return the share of intervals larger than a fifth."""
    pitches = melody.pitches
    return fmean(abs(b - a) > 7 for a, b in itertools.pairwise(pitches)) if len(pitches) > 1 else 0.0


QUALITIES: dict[str, Callable[[Melody], float]] = {
    "ends_on_tonic": ends_on_tonic,
    "ends_stable": ends_stable,
    "ends_long": ends_long,
    "closed_phrases": closed_phrases,
    "in_key": in_key,
    "repeated_bars": repeated_bars,
    "repeated_rhythms": repeated_rhythms,
    "repeated_ngrams": repeated_ngrams,
    "repeated_phrases": repeated_phrases,
    "ambitus": ambitus,
    "notes_per_bar": notes_per_bar,
    "leaps": leaps,
}


def mean_qualities(melodies: Sequence[Melody]) -> dict[str, float]:
    """Return the mean of each quality over melodies with metre, key and notes."""
    return {name: fmean(quality(melody) for melody in melodies) for name, quality in QUALITIES.items()}


def _distributions(melodies: Iterable[Melody]) -> dict[str, Counter[int]]:
    """Count intervals, durations and scale degrees over a set."""
    counts: dict[str, Counter[int]] = {"intervals": Counter(), "durations": Counter(), "degrees": Counter()}
    for melody in melodies:
        pitches = melody.pitches
        counts["intervals"].update(b - a for a, b in itertools.pairwise(pitches))
        counts["durations"].update(note.duration_ticks for note in melody.notes)
        key = tonal_centre(melody)
        counts["degrees"].update(step(note, key) for note in melody.notes)
    return counts


def overlaps(some: Iterable[Melody], others: Iterable[Melody]) -> dict[str, float]:
    """Return how far two sets' distributions overlap, 0 (nothing in common) to 1 (the same)."""
    one, two = _distributions(some), _distributions(others)
    shares = {}
    for name in one:
        total_one, total_two = one[name].total() or 1, two[name].total() or 1
        shares[name] = sum(min(one[name][v] / total_one, two[name][v] / total_two) for v in one[name])
    return shares
