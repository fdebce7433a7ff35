"""From a screening to what a report shows of it."""

from __future__ import annotations

from typing import Any

from checks import Screener, Screening
from checks.report import match_json
from checks.verdict import Match
from genaudio.production.report import Exhibit, Nearest
from genaudio.production.report.bars import bars_of
from genaudio.score import Melody


def melody_facts(melody: Melody) -> tuple[str, ...]:
    """Return what is known of a melody, in words, the most telling first."""
    facts = []
    if melody.key is not None:
        facts.append(str(melody.key))
    if melody.metre is not None:
        facts += [str(melody.metre), f"{melody.bars} bars" if melody.bars != 1 else "1 bar"]
    if melody.tempo is not None:
        facts.append(f"{melody.tempo:g} quarter notes a minute")
    return (*facts, f"{len(melody)} notes")


def exhibit_of(
    title: str,
    melody: Melody,
    screening: Screening,
    screener: Screener,
    **more: Any,
) -> Exhibit:
    """Show a screened melody with the works that alarmed, or else the nearest ones; `more` as in `Exhibit`."""
    return Exhibit(
        title=title,
        verdict=str(screening.verdict),
        melody=melody,
        reason=screening.reason or "",
        nearest=nearest_of(screening, screener),
        **{"facts": melody_facts(melody), **more},
    )


def nearest_of(screening: Screening, screener: Screener) -> tuple[Nearest, ...]:
    """Return the works that alarmed, or else the nearest ones, with their notes."""
    shown: list[Match] = list(screening.matches)
    shown += [match for match in screening.nearest if match not in shown]
    return tuple(
        Nearest(match_json(match), melody_of(match, screener), tuple(passage.pairs for passage in match.passages))
        for match in shown
    )


def passage_bars(match: Match, query: Melody | None, work: Melody | None) -> list[dict[str, list[int] | None]]:
    """Return first and last bar of each passage on both sides, None for a side that has no metre."""
    spans = match_json(match)["passages"]
    sides = {"query": query, "work": work}
    return [
        {
            side: list(bars_of(melody, span[side])) if melody is not None and melody.metre is not None else None
            for side, melody in sides.items()
        }
        for span in spans
    ]


def catalogue_list(screener: Screener) -> list[dict[str, Any]]:
    """Return name, number of works and hash of each catalogue that a screener searches."""
    return [
        {"name": catalogue.name, "works": len(catalogue), "sha256": catalogue.sha256}
        for catalogue in screener.catalogues
    ]


def melody_of(match: Match, screener: Screener) -> Melody | None:
    """Return the notes of a matched work, None where it is in none of the catalogues."""
    for catalogue in screener.catalogues:
        if catalogue.name == match.catalogue and (number := catalogue.number(match.work_id)) is not None:
            return catalogue.works[number].melody
    return None
