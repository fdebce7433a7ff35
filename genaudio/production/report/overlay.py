"""Two passages over each other: the work is transposed, and moved note for note, to where the piece has its notes.

What the piece plays is filled, what the work has is outlined; where they agree, the outline frames the note. The bars
of the piece are numbered above, those of the work below.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from genaudio.production.report.roll import (
    HEAD,
    LANE,
    QUARTER,
    WHITE,
    Span,
    bar_line,
    bar_lines,
    frame,
    lane,
    marks,
    pieces,
    pitch_name,
    top,
    units,
)  # fmt: skip
from genaudio.score import DEFAULT_TEMPO, Melody

ROW = 18.0
"""Most quarter notes in a row."""
SHORT_ROW = 14.0
"""Quarter notes that fill the width where there are fewer, so that short passages are not blown up."""
LEAD = 1.0
"""Quarter notes shown before and after a passage."""
_FOOT = 11.0
"""Units below the lanes, for the work's bar numbers."""


@dataclass(frozen=True)
class Box:
    """A note as it is drawn.

    Attributes:
        side: ``q`` for the piece, ``w`` for the work.
        start, end: in the piece's quarter notes. pitch: as drawn.
        copied: True where the two agree.
        sound: (start s, end s, pitch) as it is played, relative to its own melody; None where it is only context.
    """

    side: str
    start: float
    end: float
    pitch: int
    copied: bool
    sound: tuple[float, float, int] | None


class Warp:
    """The piece's quarter notes for the work's: exact at aligned notes, straight between and beyond them."""

    def __init__(self, query: Melody, work: Melody, pairs: Sequence[tuple[int, int]]) -> None:
        """Take two melodies and their aligned notes, one pair at least."""
        self._from = np.array([work.notes[theirs].onset for _, theirs in pairs])
        self._to = np.array([query.notes[ours].onset for ours, _ in pairs])
        length = float(self._from[-1] - self._from[0])
        self._slope = float(self._to[-1] - self._to[0]) / length if length > 0 else 1.0

    def __call__(self, onset: float) -> float:
        """Return where the piece has what the work has at an onset."""
        if onset < self._from[0]:
            return float(self._to[0] - (self._from[0] - onset) * self._slope)
        if onset > self._from[-1]:
            return float(self._to[-1] + (onset - self._from[-1]) * self._slope)
        return float(np.interp(onset, self._from, self._to))


def overlay(
    query: Melody,
    work: Melody | None,
    passage: Mapping[str, Any],
    pairs: Sequence[tuple[int, int]],
    transposition: int,
    copied: tuple[Collection[int], Collection[int]],
    heard: bool = False,
) -> str:
    """Draw a passage of a piece with what the work has there.

    Args:
        query, work: the melodies; the work None where its notes are not at hand.
        passage: as in the JSON of a screening.
        pairs: aligned notes (query, work); where there are none, both are taken note by note from the first on.
        transposition: semitones from the work up to the piece.
        copied: notes that agree, of the piece and of the work.
        heard: True where the piece was heard, so that it has seconds and no bars.
    """
    start, end = float(passage["query"]["start_beat"]), float(passage["query"]["end_beat"])
    begin, stop = max(0.0, start - LEAD), min(max(query.end, end), end + LEAD)
    boxes = _query_boxes(query, passage["query"], copied[0])
    below: list[tuple[int, float]] = []
    if work is not None:
        warp = Warp(query, work, pairs or _in_step(passage))
        boxes += _work_boxes(work, passage["work"], copied[1], transposition, warp)
        everything = Span(0.0, max(work.end, 1.0))
        below = [(number, warp(onset)) for number, onset in bar_lines(work, everything)]
    boxes = [box for box in boxes if box.end > begin and box.start < stop]
    pitches = [box.pitch for box in boxes] or [60]
    low, high = min(pitches) - 2, max(pitches) + 2
    full = max(SHORT_ROW, (stop - begin) / ceil((stop - begin) / ROW))
    rolls = [
        _row(span, boxes, (low, high), full, marks(query, span, heard), below) for span in pieces(begin, stop, full)
    ]
    return "".join(rolls)


def _in_step(passage: Mapping[str, Any]) -> list[tuple[int, int]]:
    query, work = passage["query"], passage["work"]
    count = min(query["last_note"] - query["first_note"], work["last_note"] - work["first_note"]) + 1
    return [(query["first_note"] + step, work["first_note"] + step) for step in range(count)]


def _query_boxes(melody: Melody, place: Mapping[str, Any], copied: Collection[int]) -> list[Box]:
    second = 60 / (melody.tempo or DEFAULT_TEMPO)
    return [
        Box(
            "q", note.onset, note.offset, note.pitch, index in copied,
            (note.onset * second, note.offset * second, note.pitch) if _inside(index, place) else None,
        )
        for index, note in enumerate(melody.notes)
    ]  # fmt: skip


def _work_boxes(
    melody: Melody, place: Mapping[str, Any], copied: Collection[int], transposition: int, warp: Warp
) -> list[Box]:
    second = 60 / (melody.tempo or DEFAULT_TEMPO)
    return [
        Box(
            "w", warp(note.onset), warp(note.offset), note.pitch + transposition, index in copied,
            (note.onset * second, note.offset * second, note.pitch) if _inside(index, place) else None,
        )
        for index, note in enumerate(melody.notes)
    ]  # fmt: skip


def _inside(index: int, place: Mapping[str, Any]) -> bool:
    return bool(place["first_note"] <= index <= place["last_note"])


def _row(
    span: Span,
    boxes: Sequence[Box],
    pitches: tuple[int, int],
    full: float,
    above: Sequence[tuple[int | str, float]],
    below: Sequence[tuple[int, float]],
) -> str:
    low, high = pitches
    width, lanes = (span.end - span.start) * QUARTER, (high - low + 1) * LANE + HEAD
    label = "Both piano rolls over each other: the piece filled, the work outlined, notes that agree marked"
    parts = [frame(span, lanes + _FOOT, full, label)]
    parts += [lane(pitch, high, width) for pitch in range(low, high + 1) if pitch % 12 in WHITE]
    parts += [bar_line(mark, (onset - span.start) * QUARTER, lanes, width) for mark, onset in above]
    parts += [
        _foot(number, (onset - span.start) * QUARTER, lanes)
        for number, onset in below
        if span.start <= onset < span.end - 0.5
    ]
    inside = [box for box in boxes if box.end > span.start and box.start < span.end]
    parts += [_box(box, span, high) for box in sorted(inside, key=lambda box: box.side)]
    return "".join([*parts, "</svg>"])


def _foot(number: int, x: float, lanes: float) -> str:
    return (
        f'<line class="bar theirs" x1="{units(x)}" x2="{units(x)}" y1="{units(lanes)}" y2="{units(lanes + _FOOT)}"/>'
        f'<text class="number theirs" x="{units(x + 3)}" y="{units(lanes + _FOOT - 2)}">{number}</text>'
    )


def _box(box: Box, span: Span, high: int) -> str:
    """Draw a note, cut at the borders of the row; what is played hangs on the part where it begins."""
    start, end = max(box.start, span.start), min(box.end, span.end)
    x, width = (start - span.start) * QUARTER, max(1.5, (end - start) * QUARTER - 1)
    grown = 0.7 if box.side == "w" else 0.0
    sound = ""
    if box.sound is not None and span.start <= box.start:
        sound = f' data-t="{box.sound[0]:.3f},{box.sound[1]:.3f},{box.sound[2]}"'
    name = pitch_name(box.sound[2] if box.sound else box.pitch) if 0 <= box.pitch <= 127 else ""
    y = top(box.pitch, high) - 0.5
    return (
        f'<rect class="note {box.side}{" copied" if box.copied else ""}"{sound} x="{units(x - grown)}" '
        f'y="{units(y - grown)}" width="{units(width + 2 * grown)}" height="{units(LANE + 1 + 2 * grown)}" rx="2">'
        f"<title>{name}</title></rect>"
    )
