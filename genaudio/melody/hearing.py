"""Given notes as the model hears them: events in its alphabet, at the ticks where they stand.

The notes themselves are kept whatever becomes of them here. A length that the alphabet lacks is heard as tied pieces,
a note that is cut a little short as held to the next one, a pitch beyond the range in another octave; what fits
nowhere is refused by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from genaudio.melody.events import Event, UnsuitableError
from genaudio.melody.grammar import Frame
from genaudio.melody.pitch_names import pitch_name
from genaudio.melody.places import SEMIQUAVER, placed
from genaudio.melody.vocabulary import GRID_TICKS, NOTE, REST, TIE, Vocabulary
from genaudio.score import TICKS_PER_QUARTER, Melody, Note, to_ticks

LONGEST_BREATH = 60
"""Ticks (an eighth of a quarter note) by which a note may be cut short, or lead over a bar line, without meaning it."""

Placed = dict[int, Event]


class Ear:
    """Hears given notes in one key and under one set of bar lines.

    Args:
        vocabulary: what the model can say.
        frame: the bar lines, in ticks from the first event.
        melody: all that is given, with metre and key; the octave is chosen so that most of it is in range.
        start: tick of the melody at which the frame begins.
    """

    def __init__(self, vocabulary: Vocabulary, frame: Frame, melody: Melody, start: int) -> None:
        assert melody.key is not None
        self.vocabulary, self.frame, self.start, self.tonic = vocabulary, frame, start, melody.key.tonic
        self.first_bar = to_ticks(melody.pickup)
        self.durations = {kind: tuple(sorted({d for k, d in vocabulary.rhythms if k == kind}, reverse=True))
                          for kind in (NOTE, REST, TIE)}  # fmt: skip
        self.pieces = lru_cache(maxsize=None)(self._pieces)
        self.octaves = min(range(-6, 7), key=lambda octaves: (self.outside(melody.notes, octaves), abs(octaves)))

    def outside(self, notes: Sequence[Note], octaves: int) -> int:
        """Return how many notes are out of range even when moved by so many octaves."""
        return sum(self.vocabulary.pitch_number(note.pitch + 12 * octaves, self.tonic) is None for note in notes)

    def pitch(self, pitch: int) -> int:
        """Return the MIDI pitch as which the model hears a given one."""
        heard = pitch + 12 * self.octaves
        while heard < self.vocabulary.lowest:
            heard += 12
        while heard > self.vocabulary.highest:
            heard -= 12
        if self.vocabulary.pitch_number(heard, self.tonic) is None:
            raise UnsuitableError(f"the pitch {pitch_name(pitch)} is in the model's range in no octave")
        return heard

    def hear(self, notes: Sequence[Note], now: int, until: int | None) -> tuple[Placed, int]:
        """Return the events of notes one after the other, and the tick at which they end.

        Args:
            notes: in order.
            now: frame tick from which on there is silence before the first note.
            until: frame tick up to which there is silence after the last note; None for its own end.

        Raises:
            UnsuitableError: a note stands where the model has no place for it.
        """
        placed: Placed = {}
        for index, note in enumerate(notes):
            onset = max(snapped(note.onset_ticks - self.start), now)
            offset = max(snapped(note.offset_ticks - self.start), onset)
            silence = self._cut(REST, now, onset, None)
            if silence is None:
                raise self.refusal(note)
            following = until if index + 1 == len(notes) else snapped(notes[index + 1].onset_ticks - self.start)
            if until is not None and index + 1 == len(notes) and offset - until >= LONGEST_BREATH:
                following = offset  # tied over the bar line
            sound = self._sound(note, onset, offset, following)
            if sound is None:  # where the note by itself has a place, the next one stands where there is none
                alone = self._cut(NOTE, onset, offset, note.pitch)
                raise self.refusal(notes[index + 1] if alone and index + 1 < len(notes) else note)
            heard, now = sound
            placed.update({**silence, **heard})
        if until is not None and now < until:
            placed.update(self._cut(REST, now, until, None) or {})
            now = until
        return placed, now

    def _sound(self, note: Note, onset: int, offset: int, following: int | None) -> tuple[Placed, int] | None:
        """Hear a note as long as it is, or to the beginning of the following, or a breath longer; None for neither."""
        later = [offset + breath for breath in range(GRID_TICKS, LONGEST_BREATH + 1, GRID_TICKS)]
        ends = [offset, *later] if following is None else [min(offset, following), following]
        if following is None and placed(offset) != offset:  # cut short of a semiquaver, which it means
            ends.sort(key=lambda end: end % SEMIQUAVER != 0)
        for end in ends:
            if following is not None and self._cut(REST, end, following, None) is None:
                continue
            heard = self._cut(NOTE, onset, end, self.pitch(note.pitch)) if end > onset else None
            if heard is not None:
                return heard, end
        return None

    def tail(self, onset: int, offset: int) -> Placed | None:
        """Return the events that continue a note from a bar line on, or None where the model has none."""
        return self._cut(TIE, onset, offset, None)

    def _cut(self, kind: str, onset: int, offset: int, pitch: int | None) -> Placed | None:
        """Cut a span into events at the bar lines and into durations that exist; None where that is impossible."""
        placed: Placed = {}
        while onset < offset:
            length = min(offset - onset, self.frame.locate(onset)[2])
            pieces = self.pieces(kind, length)
            if pieces is None:
                return None
            for duration in pieces:
                placed[onset] = Event(kind, duration, pitch)
                onset += duration
                kind, pitch = (TIE, None) if kind == NOTE else (kind, None)
        return placed

    def _pieces(self, kind: str, length: int) -> tuple[int, ...] | None:
        """Return durations that make up a length, the longest first, what follows a note being tied."""
        for duration in self.durations[kind]:
            if duration == length:
                return (duration,)
        for duration in self.durations[kind]:
            if duration < length:
                rest = self.pieces(TIE if kind == NOTE else kind, length - duration)
                if rest is not None:
                    return (duration, *rest)
        return None

    def refusal(self, note: Note) -> UnsuitableError:
        """Return what to say of a note that has no place."""
        bar = (note.onset_ticks - self.first_bar) // self.frame.bar_ticks + 1
        shortest = min(self.vocabulary.notes) / TICKS_PER_QUARTER
        return UnsuitableError(
            f"the note {pitch_name(note.pitch)} of {note.duration:.4g} quarter notes at quarter note {note.onset:.4g} "
            f"({f'bar {bar}' if bar > 0 else 'the pickup'}) has no place in the model's rhythms, which are binary "
            f"values and triplets down to {shortest:g} quarter notes; quantise the file or simplify this note"
        )


def snapped(tick: int) -> int:
    """Return the place that a tick stands for, failing that the nearest tick of the model's grid."""
    place = placed(tick)
    return round(tick / GRID_TICKS) * GRID_TICKS if place is None else place
