"""The nearest works: what they are, how near they come, and the aligned passages side by side."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import ceil
from typing import Any

from genaudio.production.report.exhibit import Exhibit, Nearest
from genaudio.production.report.roll import draw, pieces
from genaudio.score import Melody

_MOST_PASSAGES = 6
_ROW = 18.0
"""Most quarter notes in a row."""
_SHORT_ROW = 14.0
"""Quarter notes that fill the width where there are fewer, so that short passages are not blown up."""
_LEAD = 1.0
"""Quarter notes shown before and after a passage."""


def nearest_works(exhibit: Exhibit) -> str:
    """Return the section of nearest works; empty where the piece was not screened."""
    if exhibit.verdict == "not-screened":
        return ""
    if not exhibit.nearest:
        return "<section><h3>Nearest works</h3><p>No work shares a passage worth showing.</p></section>"
    works = "".join(_work(nearest, exhibit.melody) for nearest in exhibit.nearest)
    return f"<section><h3>Nearest works</h3>{works}</section>"


def _work(nearest: Nearest, query: Melody | None) -> str:
    match = nearest.match
    work = match["work"]
    owners = [str(work[key]) for key in ("creator", "rights") if work.get(key)]
    origin = escape(" · ".join([*owners, str(work["catalogue"])]))
    passages = match["passages"][:_MOST_PASSAGES]
    left = len(match["passages"]) - len(passages)
    parts = [
        f'<div class="work {escape(match["verdict"])}"><h4>{escape(str(work.get("title") or work["id"]))}</h4>',
        f'<p class="origin">{origin}: <code>{escape(str(work["id"]))}</code></p>',
        f'<p class="measure">{_measure(match)}</p>',
        *(_passage(nearest, number, query) for number in range(len(passages))),
        f"<p>… and {left} more passages</p>" if left > 0 else "",
        "</div>",
    ]
    return "".join(parts)


def _measure(match: Mapping[str, Any]) -> str:
    """Say in a line how near the work comes."""
    badge = {"match": "Match", "review": "Review"}.get(match["verdict"], "Below the threshold")
    items = [f'<span class="badge">{badge}</span>', escape(str(match["kind"]).replace("-", " "))]
    items.append(f"{float(match['score']):.1f} bits of evidence")
    rate = match.get("false_positive_rate")
    if rate is not None:
        items.append(f"chance finds as much in {percent(float(rate))} of unrelated tunes")
    items.append(transposition(int(match.get("transposition") or 0)))
    return " · ".join(items)


def percent(rate: float) -> str:
    """Return a share as a percentage with two significant digits; ``under 0.01 %`` below that."""
    return "under 0.01 %" if rate < 0.0001 else f"{100 * rate:.2g} %"


def transposition(semitones: int) -> str:
    """Return in words how the work lies to the piece."""
    if not semitones:
        return "at the same pitch"
    unit = "semitone" if abs(semitones) == 1 else "semitones"
    return f"transposed by {abs(semitones)} {unit} {'up' if semitones > 0 else 'down'}"


def _passage(nearest: Nearest, number: int, query: Melody | None) -> str:
    passage = nearest.match["passages"][number]
    ours, theirs = nearest.copied(number, query)
    caption = f"{int(passage['notes'])} notes agree, {100 * float(passage['identity']):.0f} % of those aligned"
    spans = [(passage[side]["start_beat"], passage[side]["end_beat"]) for side in ("query", "work")]
    longest = max(end - start for start, end in spans) + 2 * _LEAD
    full = max(_SHORT_ROW, longest / ceil(longest / _ROW))
    sides = _side("This piece", query, passage["query"], ours, full)
    sides += _side("The work", nearest.melody, passage["work"], theirs, full)
    return f'<figure><figcaption>{caption}</figcaption><div class="sides">{sides}</div></figure>'


def _side(name: str, melody: Melody | None, place: Mapping[str, Any], copied: set[int], full: float) -> str:
    """Draw one side of a passage in rows of `full` quarter notes, the copied notes marked, with its bars."""
    if melody is None or not melody.notes:
        return f'<div><p class="place">{name}: notes {place["first_note"] + 1} to {place["last_note"] + 1}</p></div>'
    start, end = float(place["start_beat"]), float(place["end_beat"])
    rolls = "".join(
        draw(melody, span, copied, f"{name}, the notes that agree marked", _frame(melody, start, end), full)
        for span in pieces(max(0.0, start - _LEAD), min(max(melody.end, end), end + _LEAD), full)
    )
    return f'<div><p class="place">{name}{_bars(melody, start, end)}</p>{rolls}</div>'


def _frame(melody: Melody, start: float, end: float) -> tuple[int, int]:
    """Return the lowest and highest pitch of a stretch and its surroundings."""
    near = [note.pitch for note in melody.notes if note.offset > start - _LEAD and note.onset < end + _LEAD]
    return min(near, default=60), max(near, default=60)


def _bars(melody: Melody, start: float, end: float) -> str:
    """Say which bars a stretch covers, where the melody has a metre."""
    if melody.metre is None:
        return f", quarter notes {start:g} to {end:g}"
    bar = float(melody.metre.bar)
    first = int((start - melody.pickup) // bar) + 1
    last = int((end - 1e-6 - melody.pickup) // bar) + 1
    return f", bar {first}" if first == last else f", bars {first} to {last}"
