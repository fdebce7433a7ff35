"""What happens in a run, for programs: a JSON object a line, as it happens."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from genaudio.errors import GenaudioError

SCHEMA_VERSION = 1
Hear = Callable[[str, dict[str, Any]], None]
"""Is told the name of an event and what belongs to it."""


def deaf(name: str, content: dict[str, Any]) -> None:
    """Hear nothing."""


@contextmanager
def event_lines(place: str | None) -> Iterator[Hear]:
    """Write events within the block, each line at once.

    Args:
        place: a file, to which lines are appended; ``-`` for stderr; None for nothing at all.

    Raises:
        GenaudioError: the file cannot be written.
    """
    if place is None:
        yield deaf
    elif place == "-":
        yield _writer(sys.stderr)
    else:
        try:
            file = Path(place).open("a", encoding="utf-8")  # noqa: SIM115 (its own message)
        except OSError as error:
            raise GenaudioError(f"the events cannot be written to {place}: {error.strerror}") from error
        with file:
            yield _writer(file)


def _writer(stream: TextIO) -> Hear:
    def hear(name: str, content: dict[str, Any]) -> None:
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"schema_version": SCHEMA_VERSION, "event": name, "time": time, **content}
        try:
            print(json.dumps(line, ensure_ascii=False), file=stream, flush=True)
        except OSError:
            return  # a full disk ends the batch by itself; nobody listening any more does not

    return hear
