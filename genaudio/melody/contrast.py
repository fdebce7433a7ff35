"""Sections of a form that have a letter of their own must not be those before them over again. Needs no torch.

After two sections that are the same, the model, which has learned that tunes repeat, would write the third like them
in one tune of five. `Contrast` says which pitch a note had better not have: the one that stood at the same place of
another letter's section, for as long as half of the new section's notes or more are like that section's. The more notes
are alike, the less likely the next one's is made: a style that the model knows by few tunes is hard to turn away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from genaudio.melody.events import Event

AVERSION, GROWTH, MOST_AVERSION = 3.0, 0.5, 9.0
"""How much less likely such a pitch is made, how much more so for each note alike beyond half, and at most, in nats."""


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

    def shunned(self, tick: int, placed: Mapping[int, Event]) -> dict[int, float]:
        """Return the MIDI pitches that a note at a tick had better not have, and by how much, in nats."""
        section, shunned = self._section(tick), dict[int, float]()
        if section is None:
            return shunned
        for back in section.backs:
            event = placed.get(tick - back)
            beyond = self.alike.get((section.start, back), 0) - self.notes.get(section.start, 0) / 2
            if event is not None and event.pitch is not None and beyond >= 0:
                aversion = min(AVERSION + GROWTH * beyond, MOST_AVERSION)
                shunned[event.pitch] = max(shunned.get(event.pitch, 0.0), aversion)
        return shunned

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
