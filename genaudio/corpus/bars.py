"""Segments -> bars that all sum to the metre.

Tunes are written once: repeats are not unfolded, and of first and second endings the last one stays, because it is the
one that leads on. The rules by which segments become bars, each counted in the report:

- an incomplete first segment is the pickup; rests before the first note are left out and shorten it;
- "split bar": two neighbouring segments that sum to a bar are one bar, cut by a repeat, an ending or a line's end;
- "filled with a rest": an incomplete bar at the end of a part, and the pickup of the next part if there is one, are
  filled up to one bar by a rest between them;
- "last note shortened": where the bar at the end of a part leaves no room for the next part's pickup, its last rest or
  note is shortened by what is missing, a note to no less than half;
- "missing bar line": a segment of two bars in which a note begins on the middle is two bars;
- the last bar may be short.

Anything else that does not sum is rejected.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from genaudio.corpus.abc_music import Event, Segment
from genaudio.corpus.errors import TuneError


@dataclass(slots=True)
class Bars:
    """A tune in bars.

    Attributes:
        events: all notes and rests from the beginning of the pickup.
        pickup: length of the incomplete first bar in quarter notes.
        repairs: how often each rule was used.
    """

    events: list[Event] = field(default_factory=list)
    pickup: Fraction = Fraction(0)
    repairs: Counter[str] = field(default_factory=Counter)


def last_endings(segments: list[Segment]) -> list[Segment]:
    """Leave out each ending that another ending follows.

    An ending lasts until the next one begins; where none follows with a higher number, it stays.
    """
    kept: list[Segment] = []
    start = None
    number = 0
    for segment in segments:
        if segment.ending:
            if start is not None and segment.ending > number:
                del kept[start:]
            start, number = len(kept), segment.ending
        kept.append(segment)
    return kept


def arrange(segments: list[Segment], bar: Fraction) -> Bars:
    """Arrange segments into bars of `bar` quarter notes.

    Raises:
        TuneError: a bar does not sum and no rule repairs it.
    """
    bars = Bars()
    waiting = _without_leading_rests(last_endings(segments))
    if waiting and waiting[0].length < bar:
        bars.pickup = waiting[0].length
        bars.events += waiting.pop(0).events
    number = 0
    while waiting:
        number += 1
        _take_bar(waiting, bar, bars, number)
    return bars


def _without_leading_rests(segments: list[Segment]) -> list[Segment]:
    rest = list(segments)
    while rest and rest[0].events[0].pitch is None:
        rest[0] = Segment(rest[0].events[1:], rest[0].closes_part, rest[0].ending)
        if not rest[0].events:
            rest.pop(0)
    return rest


def _take_bar(waiting: list[Segment], bar: Fraction, bars: Bars, number: int) -> None:
    segment = waiting.pop(0)
    length = segment.length
    following = waiting[0] if waiting else None
    if length > bar:
        _take_two_bars(segment, bar, bars, number)
        if length != 2 * bar:
            raise TuneError("bars do not sum", f"bar {number} has {length} of {bar} quarter notes")
        return
    short_follows = following is not None and following.length < bar and len(waiting) > 1
    if following is None or (length == bar and not (segment.closes_part and short_follows)):
        bars.events += segment.events
    elif length < bar and length + following.length == bar:
        bars.repairs["split bar"] += 1
        rest = waiting.pop(0)
        waiting.insert(0, Segment(segment.events + rest.events, rest.closes_part))
        _take_bar(waiting, bar, bars, number)
    elif segment.closes_part:
        pickup = waiting.pop(0).events if short_follows else []
        bars.events += _join_parts(segment.events, pickup, bar, bars, number)
    else:
        raise TuneError("bars do not sum", f"bar {number} has {length} of {bar} quarter notes")


def _take_two_bars(segment: Segment, bar: Fraction, bars: Bars, number: int) -> None:
    onset = Fraction(0)
    for event in segment.events:
        if onset == bar:
            bars.repairs["missing bar line"] += 1
            bars.events += segment.events
            return
        onset += event.duration
    raise TuneError("bars do not sum", f"bar {number} has {segment.length} of {bar} quarter notes")


def _join_parts(end: list[Event], pickup: list[Event], bar: Fraction, bars: Bars, number: int) -> list[Event]:
    total = sum((event.duration for event in end + pickup), Fraction(0))
    if total < bar:
        bars.repairs["filled with a rest"] += 1
        return [*end, Event(bar - total, None), *pickup]
    excess = total - bar
    last = end[-1]
    if last.pitch is None and excess <= last.duration:
        shortened = Event(last.duration - excess, None)
    elif last.pitch is not None and 2 * excess <= last.duration:
        shortened = Event(last.duration - excess, last.pitch, last.tied)
    else:
        raise TuneError("no room for a part's pickup", f"bar {number} and the pickup after it exceed {bar} by {excess}")
    bars.repairs["last note shortened"] += 1
    return [*end[:-1], *([shortened] if shortened.duration else []), *pickup]
