"""What is settled of a melody before it is written: notes that are kept, sections that repeat, how bars must join."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from genaudio.melody.colour import Colour
from genaudio.melody.contrast import Contrast
from genaudio.melody.events import Event
from genaudio.melody.vocabulary import NOTE, REST, TIE, Vocabulary


@dataclass(frozen=True, slots=True)
class Copy:
    """A span of ticks, from `start` up to `end`, that repeats what stands `back` ticks earlier."""

    start: int
    end: int
    back: int


@dataclass
class Plan:
    """What is settled of one melody, and what has been placed so far; all times in ticks.

    Attributes:
        given: the events that are kept, by their onsets.
        copies: the spans that repeat earlier ones.
        ending: where the last bar of a repeated section may go its own way, and how far back its first time is: a note
            is tied into it exactly where one was tied the first time, so that the note before stays as long as it was.
        untied: onsets at which no note is continued, since the one before has its length.
        join: the end of what is written anew and the MIDI pitch that must sound there, since it is tied on.
        judged_from: from here on given events are judged (see `Draft.likelihood`); None for never.
        lowest, highest: MIDI pitches that may be written.
        spacing: how many ticks there are to be for each note on average; None for any number.
        colour: keeps what is written in its key; None to leave that to the model.
        contrast: keeps sections of different letters apart; None where there are none.
        placed: all events so far, by their onsets.
        sounding: the MIDI pitch that sounds now, or None.
    """

    given: Mapping[int, Event] = field(default_factory=dict)
    copies: tuple[Copy, ...] = ()
    ending: tuple[int, int] | None = None
    untied: frozenset[int] = frozenset()
    join: tuple[int, int] | None = None
    judged_from: int | None = None
    lowest: int = 0
    highest: int = 127
    spacing: float | None = None
    colour: Colour | None = None
    contrast: Contrast | None = None
    placed: dict[int, Event] = field(default_factory=dict)
    sounding: int | None = None

    def afresh(self) -> Plan:
        """Return the same plan with nothing placed yet."""
        contrast = None if self.contrast is None else self.contrast.afresh()
        return replace(self, placed={}, sounding=None, contrast=contrast)

    @property
    def binds(self) -> bool:
        """Whether anything is settled or shunned at any tick, so that the plan has to be asked and told of each event.

        Density and colour are followed for many melodies at once, see `genaudio.melody.pace` and `.colour`.
        """
        return bool(self.given or self.copies or self.ending or self.untied or self.join or self.contrast)

    def settled(self, tick: int) -> Event | None:
        """Return the event that must stand at a tick, or None where the model is free."""
        if tick in self.given:
            return self.given[tick]
        for copy in self.copies:
            if copy.start <= tick < copy.end:
                return self.placed[tick - copy.back]
        if self.ending is not None and tick == self.ending[0]:
            earlier = self.placed[tick - self.ending[1]]
            return earlier if earlier.kind == TIE else None
        return None

    def beginning(self) -> list[Event]:
        """Return the given events from tick 0 on, up to the first that is free or judged."""
        events: list[Event] = []
        tick = 0
        while tick in self.given and not self.is_judged(tick):
            events.append(self.given[tick])
            tick += events[-1].duration
        return events

    def is_judged(self, tick: int) -> bool:
        """Return whether an event at a tick tells how well what is written anew fits what follows it."""
        return self.judged_from is not None and tick >= self.judged_from

    def narrow(self, mask: NDArray[np.bool_], vocabulary: Vocabulary, tick: int) -> NDArray[np.bool_]:
        """Return which of the rhythm symbols [S] that the grammar allows at a tick also fit the plan."""
        untied = tick in self.untied or (self.ending is not None and tick == self.ending[0])
        if self.join is None and not untied:
            return mask
        narrowed = mask.copy()
        for index in np.flatnonzero(mask):
            kind, duration = vocabulary.rhythms[index]
            if kind == TIE and untied:
                narrowed[index] = False
            if self.join is not None and tick + duration == self.join[0]:
                fits = kind == NOTE or (kind == TIE and self.sounding == self.join[1])
                narrowed[index] &= fits
        return narrowed

    def tied_on(self, tick: int, duration: int) -> int | None:
        """Return the MIDI pitch that a note must have for what is tied to it, or None where it is free."""
        return self.join[1] if self.join is not None and tick + duration == self.join[0] else None

    def shunned(self, tick: int) -> dict[int, float]:
        """Return the MIDI pitches that a note at a tick had better not have, and by how much, in nats."""
        return {} if self.contrast is None else self.contrast.shunned(tick, self.placed)

    def hearings(self, tick: int) -> int:
        """Return how many times what stands at a tick is heard."""
        return 1 + sum(copy.start <= tick + copy.back < copy.end for copy in self.copies)

    def place(self, tick: int, event: Event) -> None:
        """Take an event into account."""
        if self.contrast is not None and event.pitch is not None and self.settled(tick) is None:
            self.contrast.place(tick, event.pitch, self.placed)
        self.placed[tick] = event
        if event.kind != TIE:
            self.sounding = None if event.kind == REST else event.pitch
