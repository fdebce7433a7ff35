"""Melodies as rows of events and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from genaudio.errors import GenaudioError
from genaudio.melody.grammar import Frame
from genaudio.melody.vocabulary import NOTE, REST, TIE, Vocabulary
from genaudio.score import TICKS_PER_QUARTER, Melody, Metre, Note, to_ticks


class Event(NamedTuple):
    """One step: a kind, a duration in ticks, and the MIDI pitch of a note (None for a rest or a tie)."""

    kind: str
    duration: int
    pitch: int | None


class UnsuitableError(GenaudioError):
    """A melody that the model's alphabet cannot write; the message says why."""


@dataclass(frozen=True)
class Rows:
    """A melody's events under its bar lines."""

    frame: Frame
    events: tuple[Event, ...]


def make_frame(metre: Metre, bars: int, pickup: int) -> Frame:
    """Return the bar lines of a melody of so many bars, its last bar short by the pickup (all in ticks)."""
    return Frame(metre.bar_ticks, int(metre.beat * TICKS_PER_QUARTER), bars, pickup, bars * metre.bar_ticks)


def melody_frame(melody: Melody) -> tuple[Frame, int]:
    """Return a melody's bar lines and the ticks of silence before its first note, which they leave out.

    Raises:
        UnsuitableError: there are no notes, no metre, or the pickup fills a bar.
    """
    if melody.metre is None:
        raise UnsuitableError("the melody has no metre")
    if not melody.notes:
        raise UnsuitableError("the melody has no notes")
    bar, pickup, silence = melody.metre.bar_ticks, to_ticks(melody.pickup), melody.notes[0].onset_ticks
    if pickup >= bar:
        raise UnsuitableError(f"the pickup of {melody.pickup:g} quarter notes fills a bar of {melody.metre}")
    pickup = (pickup - silence) % bar
    end = melody.notes[-1].offset_ticks - silence
    bars = -((pickup - end) // bar)
    if bars < 1:
        raise UnsuitableError("the melody ends in its pickup")
    return Frame(bar, int(melody.metre.beat * TICKS_PER_QUARTER), bars, pickup, end), silence


def encode(melody: Melody, vocabulary: Vocabulary) -> Rows:
    """Turn a melody into events, notes and rests cut at the bar lines and into durations that exist.

    Raises:
        UnsuitableError: no metre, no notes, a duration off the grid, or one that the vocabulary has not.
    """
    frame, silence = melody_frame(melody)
    events: list[Event] = []
    now = 0
    for note in melody.notes:
        onset, offset = note.onset_ticks - silence, note.offset_ticks - silence
        if onset > now:
            events += _cut(frame, now, onset, REST, None, vocabulary)
        events += _cut(frame, max(onset, now), offset, NOTE, note.pitch, vocabulary)
        now = offset
    return Rows(frame, tuple(events))


def _cut(frame: Frame, onset: int, offset: int, kind: str, pitch: int | None, vocabulary: Vocabulary) -> list[Event]:
    """Cut one note or rest into events at the bar lines."""
    events: list[Event] = []
    while onset < offset:
        duration = min(offset - onset, frame.locate(onset)[2])
        if events and kind == NOTE:
            kind, pitch = TIE, None
        if (kind, duration) not in vocabulary.rhythm_index:
            raise UnsuitableError(
                f"a {kind} of {duration / TICKS_PER_QUARTER:.4g} quarter notes is unknown to the model"
            )
        events.append(Event(kind, duration, pitch))
        onset += duration
    return events


def decode(events: tuple[Event, ...] | list[Event], lower: int = 0) -> tuple[Note, ...]:
    """Turn events into notes, ties joined to the notes that they continue, all so many semitones lower."""
    notes: list[tuple[int, int, int]] = []
    now = 0
    for kind, duration, pitch in events:
        if kind == NOTE and pitch is not None:
            notes.append((now, duration, pitch - lower))
        elif kind == TIE and notes:
            onset, length, earlier = notes[-1]
            notes[-1] = (onset, length + duration, earlier)
        now += duration
    return tuple(Note(o / TICKS_PER_QUARTER, d / TICKS_PER_QUARTER, p) for o, d, p in notes)
