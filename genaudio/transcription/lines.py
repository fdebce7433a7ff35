"""From heard notes to the lines that a listener may take for the melody.

Two lines are followed through the notes: the highest, and the strongest. Where one instrument plays one note at a time
they are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from genaudio.score import DEFAULT_TEMPO, Melody, Note
from genaudio.transcription.notes import HeardNote

TOGETHER = 0.05
"""Seconds within which two notes begin at once."""
RINGING = 0.25
"""Seconds that the room and the instrument lengthen a note by."""
SURE = 0.1
"""Seconds of a note that nobody takes for its ringing."""
OVERTONES = (12, 19, 24, 28, 31, 36)
"""Semitones from a note up to its overtones."""
FAINT, FAINT_OVERTONE = 0.7, 0.85
"""Strength, against a lower note that covers it, below which a note is none of its own; an overtone with its onset."""
BEAT = DEFAULT_TEMPO / 60
"""Quarter notes in a second of a heard melody: it has no beat, and is written as if it were at the usual tempo."""
ALIKE = 0.9
"""Share of the highest line's notes in the strongest one from which they are one line."""

Prefers = Callable[[HeardNote, HeardNote], bool]


def lines(notes: Sequence[HeardNote]) -> list[tuple[str, Melody]]:
    """Return the melodies that may be heard in some notes by their names; none where there are no notes."""
    clear = sorted(_without_ghosts(sorted(notes)))
    if not clear:
        return []
    highest = _follow(clear, lambda one, other: one.pitch >= other.pitch)
    strongest = _follow(clear, lambda one, other: one.strength >= other.strength)
    common = len({(note.start, note.pitch) for note in highest} & {(note.start, note.pitch) for note in strongest})
    if common >= ALIKE * max(len(highest), len(strongest)):
        return [("heard melody", _melody(highest))]
    return [("highest heard line", _melody(highest)), ("strongest heard line", _melody(strongest))]


def _without_ghosts(notes: Sequence[HeardNote]) -> Iterator[HeardNote]:
    """Leave out faint notes above stronger ones that cover them: overtones, and what the room adds."""
    sounding: list[HeardNote] = []
    for place, note in enumerate(notes):
        sounding = [other for other in sounding if other.end > note.start]
        later = []
        for other in notes[place + 1 :]:
            if other.start >= note.end:
                break
            later.append(other)
        if not any(_is_ghost(note, other) for other in (*sounding, *later)):
            yield note
        sounding.append(note)


def _is_ghost(note: HeardNote, other: HeardNote) -> bool:
    covered = min(note.end, other.end) - max(note.start, other.start)
    if other.pitch >= note.pitch or covered < 0.5 * (note.end - note.start):
        return False
    overtone = note.pitch - other.pitch in OVERTONES and abs(note.start - other.start) < TOGETHER
    return note.strength < other.strength * (FAINT_OVERTONE if overtone else FAINT)


def _follow(notes: Sequence[HeardNote], prefers: Prefers) -> list[HeardNote]:
    """Follow one line: a note that a preferred one covers for half of its length is not part of it."""
    line: list[HeardNote] = []
    for note in notes:
        while line and note.start < _end(line[-1]):
            last = line[-1]
            length = _end(note) - note.start
            covered = 2 * (min(_end(last), _end(note)) - note.start) >= length
            together = note.start - last.start < TOGETHER
            if prefers(last, note) and (covered or together):
                break
            if not together:
                line.append(note)
                break
            line.pop()
        else:
            line.append(note)
    return line


def _end(note: HeardNote) -> float:
    """Return the end of what is surely the note and not its ringing."""
    return max(min(note.end, note.start + SURE), note.end - RINGING)


def _melody(line: Sequence[HeardNote]) -> Melody:
    ends = [min(note.end, following.start) for note, following in pairwise(line)] + [line[-1].end]
    return Melody(
        [Note(note.start * BEAT, (end - note.start) * BEAT, note.pitch) for note, end in zip(line, ends, strict=True)],
        tempo=DEFAULT_TEMPO,
    )
