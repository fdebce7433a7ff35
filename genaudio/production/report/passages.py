"""The nearest works: what they are, how near they come, and the aligned passages over each other."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from typing import Any

from genaudio.production.report.bars import bars_of
from genaudio.production.report.exhibit import Exhibit, Nearest
from genaudio.production.report.overlay import overlay
from genaudio.production.report.roll import clock
from genaudio.score import Melody

_MOST_PASSAGES = 6
_LEGEND = (
    '<p class="legend"><span class="swatch q"></span>this piece <span class="swatch copied"></span>notes that agree '
    '<span class="swatch w"></span>the work, moved to the piece’s pitch and time; its bars are numbered below</p>'
)


def nearest_works(exhibit: Exhibit, folded: bool = False) -> str:
    """Return the sections of works that alarmed and of those that came nearest below; empty if it was not screened.

    Args:
        exhibit: the piece.
        folded: True to let the reader open what is below the threshold.
    """
    if exhibit.verdict == "not-screened":
        return ""
    if not exhibit.nearest:
        return "<section><h3>Nearest works</h3><p>No work shares a passage worth showing.</p></section>"
    alarms = [nearest for nearest in exhibit.nearest if nearest.match["verdict"] in ("match", "review")]
    others = [nearest for nearest in exhibit.nearest if nearest not in alarms]
    parts = []
    if alarms:
        works = "".join(_work(nearest, exhibit) for nearest in alarms)
        parts.append(f"<section><h3>What it resembles</h3>{_LEGEND}{works}</section>")
    if others:
        works = ("" if alarms else _LEGEND) + "".join(_work(nearest, exhibit) for nearest in others)
        heading = f"Nearest below the threshold: {len(others)} work{'s' if len(others) > 1 else ''}"
        inside = f"<h3>{heading}</h3>{works}"
        if folded or alarms:
            inside = f"<details><summary><h3>{heading}</h3></summary>{works}</details>"
        parts.append(f"<section>{inside}</section>")
    return "".join(parts)


def _work(nearest: Nearest, exhibit: Exhibit) -> str:
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
        *(_passage(nearest, number, exhibit) for number in range(len(passages))),
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


def _passage(nearest: Nearest, number: int, exhibit: Exhibit) -> str:
    """Show one passage: what agrees, where it stands, both rolls over each other, and both to be played."""
    passage = nearest.match["passages"][number]
    query, work = exhibit.melody, nearest.melody
    caption = f"{int(passage['notes'])} notes agree, {100 * float(passage['identity']):.0f} % of those aligned"
    places = [
        _place("This piece", query, passage["query"], exhibit.heard),
        _place("The work", work, passage["work"], heard=False),
    ]
    rolls = ""
    if query is not None and query.notes:
        pairs = nearest.pairs[number] if number < len(nearest.pairs) else ()
        shift = int(nearest.match.get("transposition") or 0)
        rolls = overlay(query, work, passage, pairs, shift, nearest.copied(number, query), exhibit.heard)
    return (
        f'<figure class="passage"><figcaption>{caption}<span class="place">{"".join(places)}</span></figcaption>'
        f'<div class="over">{rolls}</div>{_buttons(exhibit, passage["query"], rolls, work)}</figure>'
    )


def _buttons(exhibit: Exhibit, place: Mapping[str, Any], rolls: str, work: Melody | None) -> str:
    """Offer both sides to be heard: from the recording where there is one, else the notes as plain tones."""
    if not rolls:
        return ""
    start, end = float(place["start_s"]), float(place["end_s"])
    cut = exhibit.cuts.get((start, end))
    ours = '<button type="button" data-play="q">▶ This piece, as tones</button>'
    if exhibit.audio:
        ours = (
            f'<button type="button" data-from="{start:.3f}" data-to="{end:.3f}">▶ This piece, recording</button>' + ours
        )
    elif cut:
        data = base64.b64encode(cut).decode()
        ours = (
            f'<audio preload="none" src="data:audio/mpeg;base64,{data}"></audio>'
            f'<button type="button" data-cut="{start:.3f}">▶ This piece, recording</button>{ours}'
        )
    theirs = '<button type="button" data-play="w">▶ The work, as tones</button>' if work is not None else ""
    return f'<div class="play">{ours}{theirs}</div>'


def _place(name: str, melody: Melody | None, place: Mapping[str, Any], heard: bool) -> str:
    """Say where a passage stands on one side: in bars, in seconds of a recording, else in notes."""
    if heard:
        where = f"{clock(place['start_s'])} to {clock(place['end_s'])}"
    elif melody is not None and melody.metre is not None:
        first, last = bars_of(melody, place)
        where = f"bar {first}" if first == last else f"bars {first} to {last}"
    else:
        where = f"notes {place['first_note'] + 1} to {place['last_note'] + 1}"
    return f"<span>{name}, {where}</span>"
