"""Given notes under the bar lines of the finished melody: what is kept where, and which ticks the model may fill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from genaudio.errors import GenaudioError
from genaudio.melody.events import Event
from genaudio.melody.form import lay_form
from genaudio.melody.given import Given
from genaudio.melody.grammar import Frame, Grammar
from genaudio.melody.hearing import LONGEST_BREATH, Ear, snapped
from genaudio.melody.pitch_names import pitch_name
from genaudio.melody.plan import Plan
from genaudio.melody.vocabulary import GRID_TICKS, NOTE, TIE, Vocabulary
from genaudio.score import TICKS_PER_QUARTER, Melody, Note, to_ticks


@dataclass(frozen=True)
class Kept:
    """A given melody ready to be completed.

    Attributes:
        melody: the given one, with metre and key.
        notes: those that are kept.
        frame: the bar lines; its tick 0 is tick `start` of the melody.
        plan: what is settled of the events.
        start: tick of the melody.
        free: the first tick of the frame that the model fills, and the first after it that it does not.
        octaves: by how many octaves the model hears, and writes, higher than the notes are.
        tied_until: tick of the melody at which the note ends that is tied from the free bars into kept ones, or None.
        remarks: what must be said of it.
    """

    melody: Melody
    notes: tuple[Note, ...]
    frame: Frame
    plan: Plan
    start: int
    free: tuple[int, int]
    octaves: int
    tied_until: int | None = None
    remarks: tuple[str, ...] = ()


def keep(given: Given, bars: int, form: str | None, vocabulary: Vocabulary, grammar: Grammar) -> Kept:
    """Lay a given melody out in so many bars.

    Args:
        given: as `genaudio.melody.given.agree` returns it.
        bars: of the finished melody, the pickup not counted.
        form: of the finished melody, of whose first section a given beginning is the beginning; None for none.
        vocabulary: what the model can say.
        grammar: of the same vocabulary.

    Raises:
        GenaudioError: a note has no place in the model's rhythms, or the rest of a bar cannot be filled.
    """
    kept = _before(given, bars, form, vocabulary) if given.rewrite is None else _around(given, vocabulary)
    _check_space(kept, given.name, grammar)
    outside = sum(not vocabulary.lowest <= note.pitch + 12 * kept.octaves <= vocabulary.highest for note in kept.notes)
    if outside:
        low, high = (pitch_name(p - 12 * kept.octaves) for p in (vocabulary.lowest, vocabulary.highest))
        remark = (
            f"{given.name} leaves {low}-{high} with {outside} of its notes; they are kept, and the model hears them in "
            "another octave."
        )
        kept = replace(kept, remarks=(remark,))
    return kept


def _before(given: Given, bars: int, form: str | None, vocabulary: Vocabulary) -> Kept:
    """Keep all notes, with what the model writes after them."""
    melody = given.melody
    frame, start = _frame(melody, melody.notes[0].onset_ticks, bars * _bar(melody))
    ear = Ear(vocabulary, frame, melody, start)
    placed, now = ear.hear(melody.notes, 0, None)
    plan = Plan(placed, untied=frozenset({now}))
    if form is not None:
        frame, plan = lay_form(form, frame, plan)
    return Kept(melody, melody.notes, frame, plan, start, (now, frame.end), ear.octaves)


def _around(given: Given, vocabulary: Vocabulary) -> Kept:
    """Keep the notes before and after the bars that are written anew."""
    assert given.rewrite is not None
    melody, (first, last), bar = given.melody, given.rewrite, _bar(given.melody)
    pickup, bars = to_ticks(melody.pickup), melody.bars
    begin, end = pickup + (first - 1) * bar, pickup + last * bar
    if last == bars:  # the last bar becomes whole, short by the pickup unless it was longer
        end = bars * bar if melody.notes[-1].offset_ticks <= bars * bar else pickup + bars * bar
    frame, start = _frame(melody, min(melody.notes[0].onset_ticks, begin), end if last == bars else pickup + bars * bar)
    ear = Ear(vocabulary, frame, melody, start)
    begin, end = begin - start, end - start
    before = [note for note in melody.notes if snapped(note.onset_ticks - start) < begin]
    after = [note for note in melody.notes if last < bars and snapped(note.onset_ticks - start) >= end]
    placed, now = ear.hear(before, 0, begin) if before else ({}, begin)
    if now >= end:
        raise GenaudioError(
            f"the bars {first}-{last} are filled by the note {pitch_name(before[-1].pitch)} that begins before them "
            "and is kept; begin at a bar in which a note begins"
        )
    tied = _tied_note(melody.notes[len(before) : len(melody) - len(after)], end + start) if last < bars else None
    tail, resumed = _tail(ear, tied, end)
    rest, finish = ear.hear(after, resumed, None) if after else ({}, resumed)
    if last < bars:
        frame = replace(frame, end=finish)
    plan = Plan(
        {**placed, **tail, **rest},
        untied=frozenset({now}),
        join=(end, ear.pitch(tied.pitch)) if tied is not None else None,
        judged_from=end if last < bars else None,
    )
    until = None if tied is None else tied.offset_ticks
    return Kept(melody, (*before, *after), frame, plan, start, (now, end), ear.octaves, until)


def _bar(melody: Melody) -> int:
    assert melody.metre is not None
    return melody.metre.bar_ticks


def _frame(melody: Melody, start: int, end: int) -> tuple[Frame, int]:
    """Return the bar lines from a tick of a melody to another, and that first tick on the model's grid."""
    assert melody.metre is not None
    start, bar = snapped(start), _bar(melody)
    pickup = (to_ticks(melody.pickup) - start) % bar
    bars = -((pickup - (end - start)) // bar)
    return Frame(bar, int(melody.metre.beat * TICKS_PER_QUARTER), bars, pickup, end - start), start


def _tied_note(notes: Sequence[Note], end: int) -> Note | None:
    """Return the last of the notes that are written anew where it sounds on over the end, a tick."""
    return notes[-1] if notes and notes[-1].offset_ticks - end >= LONGEST_BREATH else None


def _tail(ear: Ear, tied: Note | None, end: int) -> tuple[dict[int, Event], int]:
    """Return the events that continue a note tied over the end of the free bars, and the tick at which they end."""
    if tied is None:
        return {}, end
    for extra in range(0, LONGEST_BREATH + 1, GRID_TICKS):
        offset = snapped(tied.offset_ticks - ear.start) + extra
        events = ear.tail(end, offset)
        if events is not None:
            return events, offset
    raise ear.refusal(tied)


def _check_space(kept: Kept, name: str, grammar: Grammar) -> None:
    """Make sure that what is left of bars can be filled exactly.

    Raises:
        GenaudioError: it cannot, or nothing is left.
    """
    begin, end = kept.free
    if begin >= end:
        raise GenaudioError(f"{name} leaves nothing to write; wish more bars")
    for position, length in _spaces(kept.frame, begin, end):
        if not grammar.fillable(position, length):
            quarters = (begin + kept.start) / TICKS_PER_QUARTER
            raise GenaudioError(
                f"{length / TICKS_PER_QUARTER:.4g} quarter notes of a bar are left to fill in {name}, from quarter "
                f"note {quarters:.4g} on, which the model's rhythms cannot fill; end its last note on a beat or half "
                "a beat"
            )


def _spaces(frame: Frame, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (ticks into the bar, ticks to fill) of each kind of space between two ticks."""
    _, position, remaining = frame.locate(begin)
    yield position, min(remaining, end - begin)
    line = begin + remaining
    if line < end:
        yield 0, min(frame.bar_ticks, end - line)
        yield 0, end - frame.pickup - frame.locate(end - 1)[0] * frame.bar_ticks
        if frame.stops:  # later sections have a pickup, too
            yield frame.bar_ticks - frame.pickup, frame.pickup


def finish(kept: Kept, events: Sequence[Event]) -> tuple[Note, ...]:
    """Return the kept notes and the new ones of a finished row of events, in order."""
    velocity = round(median(note.velocity for note in kept.melody.notes))
    new: list[tuple[int, int, int]] = []
    now, free = 0, False
    for kind, duration, pitch in events:
        if kind != TIE:
            free = kept.free[0] <= now < kept.free[1]
        if kind == NOTE and free and pitch is not None:
            new.append((now + kept.start, duration, pitch - 12 * kept.octaves))
        elif kind == TIE and free:
            onset, length, earlier = new[-1]
            new[-1] = (onset, length + duration, earlier)
        now += duration
    if kept.tied_until is not None:
        onset, _, pitch = new[-1]
        new[-1] = (onset, kept.tied_until - onset, pitch)
    return tuple(sorted((*kept.notes, *_between(kept.notes, new, velocity))))


def _between(kept: Sequence[Note], new: Sequence[tuple[int, int, int]], velocity: int) -> Iterator[Note]:
    """Yield new notes (onset, duration, pitch) in ticks, cut where a kept one that is off the grid overlaps them."""
    for onset, duration, pitch in new:
        offset = min([onset + duration, *(n.onset_ticks for n in kept if onset < n.onset_ticks < onset + duration)])
        begin = max([onset, *(n.offset_ticks for n in kept if n.onset_ticks < onset < n.offset_ticks < offset)])
        yield Note(begin / TICKS_PER_QUARTER, (offset - begin) / TICKS_PER_QUARTER, pitch, velocity)
