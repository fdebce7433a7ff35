"""Screenings as the JSON that programs read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from checks.catalogue import Catalogue
from checks.verdict import Match, Passage, Screening, Span

SCHEMA_VERSION = 1


def screening_json(screening: Screening, file: str | None = None, piece: str | None = None) -> dict[str, Any]:
    """Return one entry of `results`.

    Args:
        screening: the outcome.
        file: the file that the melody came from.
        piece: which piece or voice of it.
    """
    return {
        "file": file,
        "piece": piece,
        "verdict": str(screening.verdict),
        "reason": screening.reason,
        "notes": screening.notes,
        "matches": [match_json(match) for match in screening.matches],
        "nearest": [match_json(match) for match in screening.nearest],
    }


def report_json(catalogues: Sequence[Catalogue], results: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the whole object that `genaudio screen --json` prints.

    Args:
        catalogues: what was screened against.
        results: entries of `screening_json`.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "catalogues": [
            {"name": catalogue.name, "works": len(catalogue), "sha256": catalogue.sha256} for catalogue in catalogues
        ],
        "results": list(results),
    }


def match_json(match: Match) -> dict[str, Any]:
    """Return one match; the numbers are rounded, the false-positive rate to three digits."""
    return {
        "work": {
            "id": match.work_id,
            "title": match.title,
            "creator": match.creator,
            "rights": match.rights,
            "catalogue": match.catalogue,
        },
        "verdict": str(match.verdict),
        "score": round(match.score, 2),
        "false_positive_rate": float(f"{match.false_positive_rate:.3g}"),
        "kind": match.kind,
        "transposition": match.transposition,
        "passages": [_passage_json(passage) for passage in match.passages],
    }


def _passage_json(passage: Passage) -> dict[str, Any]:
    return {
        "query": _span_json(passage.query),
        "work": _span_json(passage.work),
        "notes": passage.notes,
        "identity": round(passage.identity, 4),
    }


def _span_json(span: Span) -> dict[str, Any]:
    return {
        "first_note": span.first_note,
        "last_note": span.last_note,
        "start_beat": round(span.start_beat, 4),
        "end_beat": round(span.end_beat, 4),
        "start_s": round(span.start_s, 3),
        "end_s": round(span.end_s, 3),
    }
