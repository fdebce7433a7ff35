"""From an exception to its exit code, its sentence and a hint: the one table."""

from __future__ import annotations

import errno
from dataclasses import asdict, dataclass
from typing import Any

DONE, FLAGGED, UNUSABLE, INCOMPATIBLE, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 101, 130
"""Exit codes; a crash is never 1, and a thing that was not screened is never 0."""

_HELP = "see genaudio --help"
_DOCTOR = "genaudio doctor tells what is missing"
_BUG = "this is a mistake in genaudio; run it again with --verbose to see where, and please report it"
_TABLE: dict[str, tuple[int, str, str]] = {
    # name of the class: exit code, kind in the JSON, hint; the most derived class that is listed wins
    "IncompatibleError": (INCOMPATIBLE, "incompatible", ""),
    "IncompatibleCatalogue": (INCOMPATIBLE, "incompatible", ""),
    "GenaudioError": (UNUSABLE, "unusable", ""),
    "ScoreError": (UNUSABLE, "unusable", ""),
    "CatalogueError": (UNUSABLE, "unusable", ""),
    "UsageError": (UNUSABLE, "usage", _HELP),
    "TyperException": (UNUSABLE, "usage", _HELP),
    "ImportError": (UNUSABLE, "installation", _DOCTOR),
    "FileNotFoundError": (UNUSABLE, "file", ""),
    "IsADirectoryError": (UNUSABLE, "file", ""),
    "NotADirectoryError": (UNUSABLE, "file", ""),
    "PermissionError": (UNUSABLE, "file", ""),
    "MemoryError": (INTERNAL, "memory", "the machine's memory is full; try shorter pieces or fewer at once"),
    "OutOfMemoryError": (INTERNAL, "memory", "the device's memory is full; try shorter pieces or --device cpu"),
    "KeyboardInterrupt": (INTERRUPTED, "interrupted", ""),
    "Abort": (INTERRUPTED, "interrupted", ""),
}


@dataclass(frozen=True)
class Failure:
    """What is told about an exception.

    Attributes:
        exit_code: as listed above.
        kind: one word for programs.
        message: one sentence for people.
        hint: what to do next; empty where the message says it.
    """

    exit_code: int
    kind: str
    message: str
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object that ``--json`` prints instead of a result."""
        return {"error": asdict(self)}


def explain(error: BaseException) -> Failure:
    """Look an exception up in the table; what is not listed is an internal error (101)."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Failure(UNUSABLE, "file", "the disk is full", "make room and run it again; nothing was half-written")
    for kind in type(error).__mro__:
        if kind.__name__ in _TABLE:
            code, word, hint = _TABLE[kind.__name__]
            return Failure(code, word, _sentence(error), hint)
    return Failure(INTERNAL, "internal", f"{type(error).__name__}: {error}", _BUG)


def _sentence(error: BaseException) -> str:
    """Return an exception's message on one line."""
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return "interrupted"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror or 'cannot be used'}"
    formatted = getattr(error, "format_message", None)
    text = str(formatted() if callable(formatted) else error) or type(error).__name__
    return " ".join(text.split())
