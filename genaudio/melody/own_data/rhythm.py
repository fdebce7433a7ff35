"""Rhythms as they were meant: notes that a file plays a little early, late or short are put on the grid."""

from __future__ import annotations

from genaudio.melody.places import EXACT, SEMIQUAVER, placed
from genaudio.score import TICKS_PER_QUARTER, Melody, Note

BREATH = 120
"""Silence of no more ticks after a note that ends off the grid is no rest."""


def quantised(melody: Melody) -> tuple[Melody, int] | None:
    """Return a melody on the grid and how many of its notes were moved; None where it is played too freely for that."""
    places = [placed(note.onset_ticks) for note in melody.notes]
    notes: list[Note] = []
    moved = 0
    for index, (note, onset) in enumerate(zip(melody.notes, places, strict=True)):
        following = places[index + 1] if index + 1 < len(places) else None
        if onset is None or (index + 1 < len(places) and (following is None or following <= onset)):
            return None
        offset = _end(note.offset_ticks, onset, following)
        moved += (onset, offset) != (note.onset_ticks, note.offset_ticks)
        notes.append(Note(onset / TICKS_PER_QUARTER, (offset - onset) / TICKS_PER_QUARTER, note.pitch, note.velocity))
    return Melody(notes, melody.metre, melody.key, melody.tempo, melody.title, melody.pickup), moved


def _end(offset: int, onset: int, following: int | None) -> int:
    """Return where a note ends: where it does if that is on the grid, at the next note, or at the nearest place."""
    if following is not None and (offset >= following or (placed(offset) != offset and following - offset <= BREATH)):
        return following
    if any(offset % step == 0 for step in EXACT) and offset > onset:
        return offset
    nearest = max(onset + SEMIQUAVER, round(offset / SEMIQUAVER) * SEMIQUAVER)
    return nearest if following is None else min(nearest, following)
