"""Notes as they sound: in seconds, ready to be played, excited or modelled."""

from __future__ import annotations

from typing import NamedTuple


class Sounding(NamedTuple):
    """One note as it sounds: start and end in seconds, MIDI number, velocity 1-127."""

    start: float
    end: float
    pitch: int
    velocity: int


def without_collisions(notes: tuple[Sounding, ...], shortest: float = 0.02) -> tuple[Sounding, ...]:
    """Cut a note where the same pitch is struck again, as a keyboard does; drop what gets shorter than `shortest`."""
    kept: list[Sounding] = []
    last: dict[int, int] = {}
    for note in sorted(notes):
        index = last.get(note.pitch)
        if index is not None and kept[index].end > note.start:
            kept[index] = kept[index]._replace(end=note.start)
        last[note.pitch] = len(kept)
        kept.append(note)
    return tuple(note for note in kept if note.end - note.start >= shortest)
