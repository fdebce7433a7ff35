"""Piano rolls as inline SVG: time to the right, pitch upwards, a few bars to a row like a score.

Coordinates: `QUARTER` units a quarter note, `LANE` units a semitone. Colours come from the page's style sheet.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil

from genaudio.score import DEFAULT_TEMPO, Melody, Note

QUARTER, LANE, HEAD = 24.0, 5.0, 13.0
_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_DIGIT = 5.5  # units that a digit of a number is wide
WHITE = frozenset({0, 2, 4, 5, 7, 9, 11})


@dataclass(frozen=True)
class Span:
    """A stretch of a melody to be drawn, in quarter notes."""

    start: float
    end: float


def pitch_name(pitch: int) -> str:
    """Return a MIDI number as musicians say it, such as ``F♯4`` (60 is C4)."""
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def bar_lines(melody: Melody, span: Span) -> list[tuple[int, float]]:
    """Return (bar number, onset) of the bars that begin in a span; the first full bar is bar 1, a pickup bar 0."""
    if melody.metre is None:
        return []
    bar = float(melody.metre.bar)
    first = max(0, ceil((span.start - melody.pickup) / bar - 1e-9))
    lines = [(0, 0.0)] if melody.pickup and span.start <= 0 else []
    number = first
    while (onset := melody.pickup + number * bar) < span.end - 1e-9:
        lines.append((number + 1, onset))
        number += 1
    return lines


def second_lines(span: Span, tempo: float) -> list[tuple[str, float]]:
    """Return (time such as 1:05, onset) of every second second in a span of quarter notes."""
    beat = tempo / 60
    first, last = ceil(span.start / beat / 2 - 1e-9), ceil(span.end / beat / 2 - 1e-9)
    return [(clock(2 * number), 2 * number * beat) for number in range(first, last)]


def clock(seconds: float) -> str:
    """Return seconds as a player shows them, such as ``1:05``."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def rows(melody: Melody) -> list[Span]:
    """Cut a melody into rows of equal length: four bars, eight where bars are short, 16 quarters without a metre.

    A pickup hangs before the first row as in a score, later rows begin at bar lines, the last one ends with its bar.
    """
    end = max(melody.end, 1.0)
    bar = 1.0 if melody.metre is None else float(melody.metre.bar)
    length = 16.0 if melody.metre is None else bar * (4 if bar >= 3 else 8)
    cuts = [0.0, melody.pickup + length]
    while cuts[-1] < end - 1e-9:
        cuts.append(cuts[-1] + length)
    bars = ceil((end - melody.pickup) / bar - 1e-9)
    cuts[-1] = min(cuts[-1], melody.pickup + max(1, bars) * bar)
    return [Span(start, stop) for start, stop in pairwise(cuts)]


def pieces(start: float, end: float, length: float) -> list[Span]:
    """Cut a stretch into pieces of a length; the last may be shorter."""
    count = max(1, ceil((end - start) / length - 1e-9))
    return [Span(start + length * i, min(end, start + length * (i + 1))) for i in range(count)]


def draw(
    melody: Melody,
    span: Span,
    marked: Collection[int] = (),
    label: str = "",
    pitches: tuple[int, int] | None = None,
    full: float | None = None,
    heard: bool = False,
) -> str:
    """Draw a stretch of a melody.

    Args:
        melody: the notes.
        span: what to draw of it.
        marked: indices of the notes that stand out (copied ones).
        label: what a screen reader says.
        pitches: lowest and highest pitch of the frame; the stretch's own where missing.
        full: length in quarter notes that fills the width; a shorter span stays shorter.
        heard: True to show seconds instead of bars.
    """
    inside = [(i, note) for i, note in enumerate(melody.notes) if note.offset > span.start and note.onset < span.end]
    own = [note.pitch for _, note in inside] or [60]
    low, high = pitches or (min(own), max(own))
    low, high = low - 2, high + 2
    width, height = (span.end - span.start) * QUARTER, (high - low + 1) * LANE + HEAD
    parts = [frame(span, height, full, label)]
    parts += [lane(pitch, high, width) for pitch in range(low, high + 1) if pitch % 12 in WHITE]
    parts += [
        bar_line(mark, (onset - span.start) * QUARTER, height, width) for mark, onset in marks(melody, span, heard)
    ]
    parts += [_note(note, span, high, index in marked) for index, note in inside]
    return "".join([*parts, "</svg>"])


def marks(melody: Melody, span: Span, heard: bool) -> Sequence[tuple[int | str, float]]:
    """Return what the lines across a roll are called, and their onsets: bars, or seconds where it was heard."""
    return second_lines(span, melody.tempo or DEFAULT_TEMPO) if heard else bar_lines(melody, span)


def frame(span: Span, height: float, full: float | None, label: str) -> str:
    """Open the picture of a span that fills the width if it is `full` quarter notes long."""
    length = span.end - span.start
    share = 100.0 * min(1.0, length / (full or length))
    return (
        f'<svg class="roll" viewBox="0 0 {units(length * QUARTER)} {units(height)}" style="width:{share:.4g}%" '
        f'role="img" aria-label="{escape(label, quote=True)}" '
        f'data-start="{units(span.start)}" data-end="{units(span.end)}">'
    )


def lane(pitch: int, high: int, width: float) -> str:
    """Draw the lane of a white key."""
    name = "lane tonic" if pitch % 12 == 0 else "lane"
    return f'<rect class="{name}" x="0" y="{units(top(pitch, high))}" width="{units(width)}" height="{units(LANE)}"/>'


def bar_line(label: int | str, x: float, height: float, width: float) -> str:
    """Draw the line that begins a bar, with its number where there is room for it before the right border."""
    text = f'<text class="number" x="{units(x + 3)}" y="10">{label}</text>'
    room = width - x > 3 + _DIGIT * len(str(label))
    return f'<line class="bar" x1="{units(x)}" x2="{units(x)}" y1="2" y2="{units(height)}"/>' + text * room


def _note(note: Note, span: Span, high: int, marked: bool) -> str:
    """Draw a note, cut at the borders of the span, with its name as a tooltip."""
    start, end = max(note.onset, span.start), min(note.offset, span.end)
    x, width = (start - span.start) * QUARTER, max(1.5, (end - start) * QUARTER - 1)
    return (
        f'<rect class="{"note copied" if marked else "note"}" x="{units(x)}" y="{units(top(note.pitch, high) - 0.5)}" '
        f'width="{units(width)}" height="{units(LANE + 1)}" rx="2"><title>{pitch_name(note.pitch)}</title></rect>'
    )


def top(pitch: int, high: int) -> float:
    """Return where a pitch's lane begins, in units from above."""
    return (high - pitch) * LANE + HEAD


def units(value: float) -> str:
    """Write a number shortly."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
