"""Piano rolls as inline SVG: time to the right, pitch upwards, a few bars to a row like a score.

Coordinates: `_QUARTER` units a quarter note, `_LANE` units a semitone. Colours come from the page's style sheet.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil

from genaudio.score import Melody, Note

_QUARTER, _LANE, _HEAD = 24.0, 5.0, 13.0
_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_WHITE = frozenset({0, 2, 4, 5, 7, 9, 11})


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
) -> str:
    """Draw a stretch of a melody.

    Args:
        melody: the notes.
        span: what to draw of it.
        marked: indices of the notes that stand out (copied ones).
        label: what a screen reader says.
        pitches: lowest and highest pitch of the frame; the stretch's own where missing.
        full: length in quarter notes that fills the width; a shorter span stays shorter.
    """
    inside = [(i, note) for i, note in enumerate(melody.notes) if note.offset > span.start and note.onset < span.end]
    own = [note.pitch for _, note in inside] or [60]
    low, high = pitches or (min(own), max(own))
    low, high = low - 2, high + 2
    width, height = (span.end - span.start) * _QUARTER, (high - low + 1) * _LANE + _HEAD
    share = 100.0 * min(1.0, (span.end - span.start) / (full or span.end - span.start))
    parts = [
        f'<svg class="roll" viewBox="0 0 {_n(width)} {_n(height)}" style="width:{share:.4g}%" role="img" '
        f'aria-label="{escape(label, quote=True)}" '
        f'data-start="{_n(span.start)}" data-end="{_n(span.end)}">'
    ]
    parts += [_lane(pitch, high, width) for pitch in range(low, high + 1) if pitch % 12 in _WHITE]
    parts += [_bar(number, (onset - span.start) * _QUARTER, height) for number, onset in bar_lines(melody, span)]
    parts += [_note(note, span, high, index in marked) for index, note in inside]
    return "".join([*parts, "</svg>"])


def _lane(pitch: int, high: int, width: float) -> str:
    name = "lane tonic" if pitch % 12 == 0 else "lane"
    return f'<rect class="{name}" x="0" y="{_n(_top(pitch, high))}" width="{_n(width)}" height="{_n(_LANE)}"/>'


def _bar(number: int, x: float, height: float) -> str:
    return (
        f'<line class="bar" x1="{_n(x)}" x2="{_n(x)}" y1="2" y2="{_n(height)}"/>'
        f'<text class="number" x="{_n(x + 3)}" y="10">{number}</text>'
    )


def _note(note: Note, span: Span, high: int, marked: bool) -> str:
    """Draw a note, cut at the borders of the span, with its name as a tooltip."""
    start, end = max(note.onset, span.start), min(note.offset, span.end)
    x, width = (start - span.start) * _QUARTER, max(1.5, (end - start) * _QUARTER - 1)
    return (
        f'<rect class="{"note copied" if marked else "note"}" x="{_n(x)}" y="{_n(_top(note.pitch, high) - 0.5)}" '
        f'width="{_n(width)}" height="{_n(_LANE + 1)}" rx="2"><title>{pitch_name(note.pitch)}</title></rect>'
    )


def _top(pitch: int, high: int) -> float:
    return (high - pitch) * _LANE + _HEAD


def _n(value: float) -> str:
    """Write a number shortly."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
