"""A report as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from genaudio.production.report.exhibit import Exhibit
from genaudio.production.report.overview import overview, unscreened
from genaudio.production.report.passages import nearest_works
from genaudio.production.report.roll import draw, rows

VERDICTS = {
    "clear": ("✓", "Clear", "No work in the catalogues comes near enough to this melody to raise an alarm."),
    "review": ("!", "Review", "Parts of this melody resemble protected works. Somebody should listen before release."),
    "match": ("✕", "Match", "This melody repeats a passage of a protected work. Do not release it as it is."),
    "not-screened": ("?", "Not screened", "This piece could not be judged, so it is not cleared."),
}
"""Sign, heading and sentence of each verdict."""
_MOST_ROWS = 200
"""Rows of a long melody that are drawn."""
NOT_LEGAL = (
    "A verdict says how similar melodies are by measurement. It is not a legal finding, no verdict is a licence, and "
    "a clear one is no promise that nobody will object."
)
NOT_SCREENED = (
    "works that are in none of the catalogues above",
    "harmony, arrangement, timbre and the recording itself",
    "lyrics and titles",
    "single motifs too short or too common to be told apart by chance",
)


SEVERITY = ("match", "review", "not-screened", "clear")
"""Verdicts in the order in which somebody should look at them."""
MOST_SHOWN = 40
"""Pieces of a batch from which on those that are clear are only listed."""


def render_page(
    exhibits: Sequence[Exhibit], catalogues: Sequence[Mapping[str, Any]], statement: Mapping[str, Any] | None = None
) -> str:
    """Write a report as HTML; all texts are escaped.

    Args:
        exhibits: the pieces; of several, those that somebody should look at are shown first.
        catalogues: `name`, `works` and `sha256` of each catalogue that was searched.
        statement: the machine-readable statement that the audio is AI-generated, where it is.
    """
    title = exhibits[0].title if len(exhibits) == 1 else f"Screening of {len(exhibits)} pieces"
    ordered = sorted(exhibits, key=lambda exhibit: (exhibit.set_aside, SEVERITY.index(exhibit.verdict)))
    shown = [exhibit for exhibit in ordered if _is_shown(exhibit, len(exhibits))]
    return Template(_part("template.html")).substitute(
        title=escape(title),
        style=_part("style.css"),
        script=_part("player.js"),
        statement=_statement(statement),
        overview=overview(ordered, shown, VERDICTS),
        exhibits="".join(_exhibit(number, exhibit, len(exhibits) > 1) for number, exhibit in enumerate(shown, start=1)),
        catalogues=_catalogues(catalogues),
        unscreened=unscreened(ordered) if len(exhibits) > 1 else "",
        limits="".join(f"<li>{escape(limit)}</li>" for limit in NOT_SCREENED),
        not_legal=escape(NOT_LEGAL),
    )


def _is_shown(exhibit: Exhibit, count: int) -> bool:
    """Tell which pieces have an article of their own: all but, of several, those of which there is nothing to see."""
    if count == 1:
        return True
    return exhibit.verdict in ("match", "review") or (exhibit.verdict == "clear" and count <= MOST_SHOWN)


def _part(name: str) -> str:
    return (files("genaudio.production.report") / name).read_text(encoding="utf-8")


def _exhibit(number: int, exhibit: Exhibit, folded: bool) -> str:
    sign, heading, sentence = VERDICTS[exhibit.verdict]
    facts = " · ".join(escape(fact) for fact in exhibit.facts)
    parts = [
        f'<article id="piece-{number}" class="{escape(exhibit.verdict)}"><header><h2>{escape(exhibit.title)}</h2>',
        f'<p class="facts">{facts}</p></header>' if facts else "</header>",
        f'<section class="verdict"><span class="sign" aria-hidden="true">{sign}</span><div><h3>{heading}</h3>',
        f"<p>{escape(exhibit.reason or sentence)}</p></div></section>",
        _player(exhibit),
        nearest_works(exhibit, folded),
        _score(exhibit),
        _details(exhibit.details),
        "</article>",
    ]
    return "".join(parts)


def _player(exhibit: Exhibit) -> str:
    if not exhibit.audio:
        return ""
    data = base64.b64encode(exhibit.audio).decode()
    source = f"data:{exhibit.audio_type};base64,{data}"
    return f'<audio controls preload="metadata" src="{source}">This browser plays no audio.</audio>'


def _score(exhibit: Exhibit) -> str:
    """Draw the whole melody, notes that are part of an alarming passage marked."""
    melody = exhibit.melody
    if melody is None or not melody.notes:
        return ""
    marked = {
        index
        for nearest in exhibit.nearest
        if nearest.match["verdict"] in ("match", "review")
        for number in range(len(nearest.match["passages"]))
        for index in nearest.copied(number, melody)[0]
    }
    pitches = (min(melody.pitches), max(melody.pitches))
    spans = rows(melody)[:_MOST_ROWS]
    left = len(rows(melody)) - len(spans)
    full = max(span.end - span.start for span in spans)
    rolls = [
        draw(melody, span, marked, f"Piano roll, row {row}", pitches, full, exhibit.heard)
        for row, span in enumerate(spans, 1)
    ]
    legend = '<p class="legend"><span class="swatch copied"></span>notes of an alarming passage</p>' if marked else ""
    tempo = f' data-tempo="{melody.tempo:g}"' if melody.tempo and exhibit.audio else ""
    more = f"<p>… and {left} more rows</p>" if left else ""
    return f'<section><h3>The melody</h3>{legend}<div class="rolls"{tempo}>{"".join(rolls)}</div>{more}</section>'


def _details(details: Mapping[str, str]) -> str:
    if not details:
        return ""
    lines = [f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in details.items()]
    return f"<section><h3>Where it comes from</h3><table>{''.join(lines)}</table></section>"


def _catalogues(catalogues: Sequence[Mapping[str, Any]]) -> str:
    if not catalogues:
        return "<p>No catalogue was searched.</p>"
    lines = [
        f"<tr><td>{escape(str(entry['name']))}</td><td>{int(entry['works']):,}</td>"
        f'<td><code title="{escape(str(entry["sha256"]))}">{escape(str(entry["sha256"])[:16])}…</code></td></tr>'
        for entry in catalogues
    ]
    head = "<tr><th>Catalogue</th><th>Works</th><th>SHA-256</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(lines)}</tbody></table>"


def _statement(statement: Mapping[str, Any] | None) -> str:
    """Embed the statement for programs; ``</`` cannot end the script element early."""
    if statement is None:
        return ""
    content = json.dumps(dict(statement), ensure_ascii=True).replace("<", "\\u003c")
    return f'<script type="application/json" id="ai-statement">{content}</script>'
