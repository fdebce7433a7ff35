"""Sections of a form that have a letter of their own must not be those before them over again. Needs no torch.

After two sections that are the same, the model, which has learned that tunes repeat, would write the third like them
in one tune of five. `Contrast` says which pitch a note had better not have: the one that stood at the same place of
another letter's section, for as long as half of the new section's notes or more are like that section's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from genaudio.melody.events import Event

AVERSION = 3.0
"""How much less likely such a pitch is made, in nats."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A section with a letter of its own, from one tick to another, and how many ticks back others begin."""

    start: int
    end: int
    backs: tuple[int, ...]


@dataclass
class Contrast:
    """The fresh sections of one melody, and how they have turned out so far.

    Attributes:
        sections: those that come after others.
        notes: how many notes each has so far, by its start.
        alike: how many of them are like those of another section, by its start and how far back the other begins.
    """

    sections: tuple[Fresh, ...] = ()
    notes: dict[int, int] = field(default_factory=dict)
    alike: dict[tuple[int, int], int] = field(default_factory=dict)

    def afresh(self) -> Contrast:
        """Return the same with nothing written yet."""
        return Contrast(self.sections)

    def shunned(self, tick: int, placed: Mapping[int, Event]) -> set[int]:
        """Return the MIDI pitches that a note at a tick had better not have."""
        section = self._section(tick)
        if section is None:
            return set()
        notes = self.notes.get(section.start, 0)
        found = (
            placed.get(tick - back) for back in section.backs if 2 * self.alike.get((section.start, back), 0) >= notes
        )
        return {event.pitch for event in found if event is not None and event.pitch is not None}

    def place(self, tick: int, pitch: int, placed: Mapping[int, Event]) -> None:
        """Take a note into account."""
        section = self._section(tick)
        if section is None:
            return
        self.notes[section.start] = self.notes.get(section.start, 0) + 1
        for back in section.backs:
            event = placed.get(tick - back)
            if event is not None and event.pitch == pitch:
                self.alike[section.start, back] = self.alike.get((section.start, back), 0) + 1

    def _section(self, tick: int) -> Fresh | None:
        return next((section for section in self.sections if section.start <= tick < section.end), None)
