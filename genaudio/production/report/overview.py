"""What a report of several pieces says first: how many there are of each verdict, and one line a piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from genaudio.production.report.exhibit import Exhibit

_WORDS = {
    "match": ("{} piece repeats a passage of a protected work", "{} pieces repeat passages of protected works"),
    "review": ("{} piece is for review", "{} pieces are for review"),
    "not-screened": ("{} piece was not screened", "{} pieces were not screened"),
    "clear": ("{} piece is clear", "{} pieces are clear"),
}
_SIGNS = {"match": "✕", "review": "!", "not-screened": "?", "clear": "✓"}


def overview(exhibits: Sequence[Exhibit], shown: Sequence[Exhibit], verdicts: Mapping[str, Sequence[str]]) -> str:
    """Return the head of a report; empty for a single piece, which speaks for itself.

    Args:
        exhibits: all pieces, in the order shown.
        shown: those that have an article, in the order of their numbers from 1.
        verdicts: sign, heading and sentence of each verdict.
    """
    if len(exhibits) < 2:
        return ""
    counts = Counter(exhibit.verdict for exhibit in exhibits if not exhibit.set_aside)
    worst = next(verdict for verdict in (*_WORDS, "clear") if counts[verdict] or verdict == "clear")
    heading = verdicts[worst][1]
    sentence = ", ".join(
        one.format(n) if n == 1 else many.format(n) for v, (one, many) in _WORDS.items() if (n := counts[v])
    )
    numbers = {id(exhibit): number for number, exhibit in enumerate(shown, start=1)}
    lines = [_line(exhibit, numbers.get(id(exhibit)), verdicts) for exhibit in exhibits if not exhibit.set_aside]
    return (
        f"<h1>Screening of {len(exhibits)} pieces</h1>"
        f'<section class="verdict {worst}"><span class="sign" aria-hidden="true">{_SIGNS[worst]}</span>'
        f"<div><h2>{heading}</h2><p>{sentence}.</p></div></section>"
        f'<ol class="overview">{"".join(lines)}</ol>'
    )


def _line(exhibit: Exhibit, number: int | None, verdicts: Mapping[str, Sequence[str]]) -> str:
    title = escape(exhibit.title)
    if number is not None:
        title = f'<a href="#piece-{number}">{title}</a>'
    badge = f'<span class="badge">{escape(verdicts[exhibit.verdict][1])}</span>'
    return f'<li class="{escape(exhibit.verdict)}">{badge}<div>{title}{_note(exhibit)}</div></li>'


def _note(exhibit: Exhibit) -> str:
    """Say in a few words what a piece is near to, or why it was not screened."""
    if exhibit.verdict == "not-screened":
        return f"<small>{escape(exhibit.reason)}</small>" if exhibit.reason else ""
    if exhibit.verdict == "clear" or not exhibit.nearest:
        return ""
    match = exhibit.nearest[0].match
    work = match["work"]
    agreeing = sum(int(passage["notes"]) for passage in match["passages"])
    others = sum(nearest.match["verdict"] in ("match", "review") for nearest in exhibit.nearest) - 1
    more = f", and {others} more" if others > 0 else ""
    name = escape(str(work.get("title") or work["id"]))
    return f"<small>{agreeing} notes of “{name}” ({escape(str(work['catalogue']))}){more}</small>"


def unscreened(exhibits: Sequence[Exhibit]) -> str:
    """List the pieces and voices that were not screened, each with the reason; empty where all were."""
    lines = [
        f"<li>{escape(exhibit.title)}: {escape(exhibit.reason)}"
        f"{' (another voice of the piece was screened)' if exhibit.set_aside else ''}</li>"
        for exhibit in exhibits
        if exhibit.verdict == "not-screened"
    ]
    return f'<ul class="unscreened">{"".join(lines)}</ul><p>And in no piece:</p>' if lines else ""
