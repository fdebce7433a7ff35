"""From a screening to what a report shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks import Screener, Screening
from checks.report import match_json
from checks.verdict import Match
from genaudio.production.report import Exhibit, Nearest
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
    facts: tuple[str, ...] = (),
    audio: bytes = b"",
    details: Mapping[str, str] | None = None,
) -> Exhibit:
    """Show a screened melody with the works that alarmed, or else the nearest ones."""
    return Exhibit(
        title=title,
        verdict=str(screening.verdict),
        melody=melody,
        reason=screening.reason or "",
        facts=facts or melody_facts(melody),
        nearest=nearest_of(screening, screener),
        audio=audio,
        details=details or {},
    )


def nearest_of(screening: Screening, screener: Screener) -> tuple[Nearest, ...]:
    """Return the works that alarmed, or else the nearest ones, with their notes."""
    shown: list[Match] = list(screening.matches)
    shown += [match for match in screening.nearest if match not in shown]
    return tuple(_nearest(match, screener) for match in shown)


def catalogue_list(screener: Screener) -> list[dict[str, Any]]:
    """Return name, number of works and hash of each catalogue that a screener searches."""
    return [
        {"name": catalogue.name, "works": len(catalogue), "sha256": catalogue.sha256}
        for catalogue in screener.catalogues
    ]


def _nearest(match: Match, screener: Screener) -> Nearest:
    melody = None
    for catalogue in screener.catalogues:
        if catalogue.name == match.catalogue and (number := catalogue.number(match.work_id)) is not None:
            melody = catalogue.works[number].melody
            break
    return Nearest(match_json(match), melody, tuple(passage.pairs for passage in match.passages))
