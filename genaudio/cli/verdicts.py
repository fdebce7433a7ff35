"""From verdicts to exit codes and words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from genaudio.cli.failures import DONE, FLAGGED, UNUSABLE

NOT_LEGAL = "A verdict measures similarity; it is not a legal finding."


def exit_code(verdicts: Iterable[str]) -> int:
    """Return 2 where anything was not screened, else 1 where anything is not clear, else 0."""
    found = set(verdicts)
    if "not-screened" in found or not found:
        return UNUSABLE
    return DONE if found == {"clear"} else FLAGGED


def match_line(match: dict[str, Any]) -> str:
    """Say in a line what a piece resembles."""
    work = match["work"]
    passage = match["passages"][0] if match["passages"] else None
    where = ""
    if passage:
        first, last = passage["query"]["start_s"], passage["query"]["end_s"]
        where = f", {passage['notes']} notes at {first:.1f}-{last:.1f} s"
    return f"{match['verdict']}: {work['title'] or work['id']} ({work['catalogue']}: {work['id']}){where}"
