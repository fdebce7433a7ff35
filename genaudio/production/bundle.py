"""What is bundled: the shipped files by model, with hashes and licences, and what the models know. Needs no torch."""

from __future__ import annotations

import re
from typing import Any

from genaudio.assets import FOLDER, asset, entries
from genaudio.errors import GenaudioError
from genaudio.general_midi import drum_list, program_list
from genaudio.instruments import MELODIC

_LICENCE = re.compile(r"^\|[^|\n]*licen[cs]e[^|\n]*\|\s*([^|\n]+)", re.IGNORECASE | re.MULTILINE)
"""The row of a card's table that names the licence."""


def bundled() -> dict[str, Any]:
    """Return the shipped parts and what can be wished for.

    Raises:
        IncompatibleError: the list of shipped files, or one of them, is damaged.
    """
    files: dict[str, dict[str, str]] = {}
    for name, digest in entries().items():
        asset(name)
        files.setdefault(name.split("/")[0], {})[name] = digest
    parts = [
        {
            "name": part,
            "bytes": sum((FOLDER / name).stat().st_size for name in names),
            "licence": _licence(part),
            "files": names,
        }
        for part, names in files.items()
    ]
    played = {"instruments": [family.name for family in MELODIC], "programs": program_list(), "drums": drum_list()}
    return {"parts": parts, **_knowledge(), **played}


def _knowledge() -> dict[str, list[str]]:
    """Return the tune types, collections and metres of the shipped melody model; none where it is not there."""
    from genaudio.melody.usual import known_collections, known_metres, known_styles

    try:
        collections = known_collections()
        types = [style for style in known_styles() if style not in collections]
        return {"styles": types, "collections": list(collections), "metres": list(known_metres())}
    except GenaudioError:
        return {"styles": [], "collections": [], "metres": []}


def _licence(part: str) -> str:
    """Return the line of a part's card that names its licence."""
    card = FOLDER / part / "card.md"
    found = _LICENCE.search(card.read_text(encoding="utf-8")) if card.is_file() else None
    return found[1].strip() if found else "see its card"
