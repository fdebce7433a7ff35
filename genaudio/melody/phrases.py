"""Where a melody's phrases end, and on which steps. Needs no torch.

Two readings, as tunes allow: a *breath* is heard where a note is followed after more time than its neighbours are,
a local peak of the inter-onset interval (the strongest cue of the local boundary model of E. Cambouropoulos, *The local
boundary detection model*, ICMC 2001); a *cadence* stands where tunes of four-bar phrases have it, at the end of every
fourth bar.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from genaudio.melody.key_finder import find_key
from genaudio.score import Key, Melody, Note, to_ticks

PEAK = 1.5
"""A breath lasts at least so many times the median inter-onset interval."""
PHRASE_BARS = 4


def tonal_centre(melody: Melody) -> Key:
    """Return the key that a melody says, or else the one that its notes show."""
    return melody.key or find_key(melody)


def step(note: Note, key: Key) -> int:
    """Return the semitones of a note above the tonic, 0-11."""
    return (note.pitch - key.tonic) % 12


def breaths(melody: Melody) -> list[int]:
    """Return the places in `melody.notes` of the notes that end a phrase, the last one included."""
    gaps = [b.onset_ticks - a.onset_ticks for a, b in pairwise(melody.notes)]
    least = PEAK * median(gaps) if gaps else 0
    found = [
        place
        for place in range(1, len(gaps) - 1)
        if gaps[place] >= least and gaps[place - 1] < gaps[place] >= gaps[place + 1]
    ]
    return [*found, len(melody) - 1]


def phrase_lengths(melody: Melody) -> list[int]:
    """Return the numbers of notes from one breath to the next."""
    ends = [-1, *breaths(melody)]
    return [b - a for a, b in pairwise(ends)]


def cadences(melody: Melody) -> Iterator[tuple[int, Note]]:
    """Yield (bar, note) at the end of every fourth full bar, bars counted from 1.

    The note is the last to begin in that bar before the next phrase's pickup, which is as long as the tune's own.

    Raises:
        ScoreError: the melody has no metre.
    """
    pickup = to_ticks(melody.pickup)
    ends: dict[int, Note] = {}
    bar = melody.metre.bar_ticks if melody.metre else 0
    for note in melody.notes:
        number, into = melody.bar_position(note)
        number += pickup % bar == 0
        if number % PHRASE_BARS == 0 and number and int(into * 480) < bar - pickup % bar:
            ends[number] = note
    yield from sorted(ends.items())


def half_cadences(melody: Melody) -> list[Note]:
    """Return the notes that end the fourth of every eight bars."""
    return [note for bar, note in cadences(melody) if bar % (2 * PHRASE_BARS)]


def full_cadences(melody: Melody) -> list[Note]:
    """Return the notes that end the last of every eight bars."""
    return [note for bar, note in cadences(melody) if bar % (2 * PHRASE_BARS) == 0]


def approach(melody: Melody, key: Key) -> tuple[int, int] | None:
    """Return the last step and the one before that differs from it, or None where there is none."""
    last = melody.notes[-1]
    for note in reversed(melody.notes[:-1]):
        if note.pitch % 12 != last.pitch % 12:
            return step(note, key), step(last, key)
    return None
