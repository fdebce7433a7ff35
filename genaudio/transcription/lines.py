"""From heard notes to the lines that a listener may take for the melody.

A line is the chain of notes that is worth most: each note brings its worth, less of it where a higher note sounds over
it, and a leap of more than a fifth costs, so that the line neither falls into the accompaniment when the melody rests
nor climbs to what only rings. The notes of the best chain are taken out, and the next best one is looked for.
Salamon and Gómez (2012), Melody extraction from polyphonic music signals using pitch contour characteristics, choose
among contours by the same cues: height, continuity, strength.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from genaudio.score import DEFAULT_TEMPO, Melody, Note
from genaudio.transcription.notes import HeardNote

TOGETHER = 0.05
"""Seconds within which two notes begin at once."""
RINGING, SURE = 0.12, 0.1
"""Seconds that room and instrument lengthen a note by, and seconds that nobody takes for its ringing."""
OVERTONES = (12, 19, 24, 28, 31, 36)
"""Semitones from a note up to its overtones."""
FAINT, FAINT_OVERTONE = 0.6, 0.85
"""Strength, against a lower note that covers it, below which a note is none of its own; an overtone with its onset."""
UNDER = 0.15
"""Worth of a note that a higher one covers; others are worth 1."""
LEAP, FREE = 0.12, 7
"""What each semitone of a leap beyond `FREE` of them costs."""
EARLIER = 64
"""Notes before a note that it may follow."""
LINES = 2
"""Lines that are looked for."""
ENOUGH = 0.25
"""Share of the first line's notes that makes another one worth a look."""
BEAT = DEFAULT_TEMPO / 60
"""Quarter notes in a second of a heard melody: it has no beat, and is written as if it were at the usual tempo."""


def lines(notes: Iterable[HeardNote]) -> list[tuple[str, Melody]]:
    """Return the melodies that may be heard in some notes by their names, the likeliest first; none without notes."""
    left = sorted(_without_ghosts(sorted(notes)))
    found: list[list[HeardNote]] = []
    while left and len(found) < LINES:
        line = _best_chain(left)
        if found and len(line) < ENOUGH * len(found[0]):
            break
        found.append(line)
        taken = set(line)
        left = [note for note in left if note not in taken]
    names = ["heard melody"] if len(found) == 1 else ["first heard line", "second heard line"]
    return [(name, _melody(line)) for name, line in zip(names, found, strict=False)]


def _without_ghosts(notes: Sequence[HeardNote]) -> Iterator[HeardNote]:
    """Leave out faint notes above stronger ones that cover them: overtones, and what the room adds."""
    for place, others in _overlapping(notes):
        if not any(_is_ghost(notes[place], other) for other in others):
            yield notes[place]


def _overlapping(notes: Sequence[HeardNote]) -> Iterator[tuple[int, list[HeardNote]]]:
    """Yield the place of each note, of notes in order, and the notes that sound with it."""
    sounding: list[HeardNote] = []
    for place, note in enumerate(notes):
        sounding = [other for other in sounding if other.end > note.start]
        following = place + 1
        while following < len(notes) and notes[following].start < note.end:
            following += 1
        yield place, [*sounding, *notes[place + 1 : following]]
        sounding.append(note)


def _is_ghost(note: HeardNote, other: HeardNote) -> bool:
    covered = min(note.end, other.end) - max(note.start, other.start)
    if other.pitch >= note.pitch or covered < 0.5 * (note.end - note.start):
        return False
    overtone = note.pitch - other.pitch in OVERTONES and abs(note.start - other.start) < TOGETHER
    return note.strength < other.strength * (FAINT_OVERTONE if overtone else FAINT)


def _best_chain(notes: Sequence[HeardNote]) -> list[HeardNote]:
    """Find the chain of notes, one after the other, that is worth most; ties go to the later begun."""
    starts = np.array([note.start for note in notes])
    pitches = np.array([note.pitch for note in notes])
    worth = _worth(notes)
    total, before = worth.copy(), np.full(len(notes), -1)
    for place in range(1, len(notes)):
        first = max(0, place - EARLIER)
        last = int(np.searchsorted(starts, starts[place] - TOGETHER, side="right"))
        if last <= first:
            continue
        leaps = np.abs(pitches[first:last] - pitches[place]) - FREE
        gains = total[first:last] - LEAP * np.maximum(leaps, 0)
        best = int(gains.argmax())
        if gains[best] > 0:
            total[place], before[place] = worth[place] + gains[best], first + best
    chain = [int(total.argmax())]
    while before[chain[-1]] >= 0:
        chain.append(int(before[chain[-1]]))
    return [notes[place] for place in reversed(chain)]


def _worth(notes: Sequence[HeardNote]) -> np.ndarray:
    """Return what each note brings to a line, [N]."""
    worth = np.ones(len(notes))
    for place, others in _overlapping(notes):
        note = notes[place]
        half = 0.5 * (_end(note) - note.start)
        above = (other for other in others if other.pitch > note.pitch)
        if any(min(_end(note), _end(other)) - max(note.start, other.start) >= half for other in above):
            worth[place] = UNDER
    return worth


def _end(note: HeardNote) -> float:
    """Return the end of what is surely the note and not its ringing."""
    return max(min(note.end, note.start + SURE), note.end - RINGING)


def _melody(line: Sequence[HeardNote]) -> Melody:
    ends = [min(note.end, following.start) for note, following in pairwise(line)] + [line[-1].end]
    timed = zip(line, ends, strict=True)
    return Melody(
        [Note(note.start * BEAT, (end - note.start) * BEAT, note.pitch) for note, end in timed], tempo=DEFAULT_TEMPO
    )
