"""The one way out: people read stderr, programs read stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from enum import StrEnum
from typing import Any, TextIO

SCHEMA_VERSION = 1
Report = Callable[[float | None, str], None]
"""How work under way is told: the share done from 0 to 1 (None where unknown) and what is being done."""


class Mode(StrEnum):
    """How results are written to stdout."""

    HUMAN = "human"
    JSON = "json"
    QUIET = "quiet"


class Output:
    """Talk goes to stderr, the result to stdout, once.

    Args:
        mode: ``human`` writes text; ``json`` one object with `schema_version`; ``quiet`` only the bare result.
    """

    def __init__(self, mode: Mode = Mode.HUMAN) -> None:
        self.mode = mode
        self._stdout: TextIO | None = None

    @property
    def stdout(self) -> TextIO:
        """Where results go."""
        return self._stdout or sys.stdout

    def keep_stdout(self) -> AbstractContextManager[Any]:
        """Keep stdout for results: what libraries print on it within the block goes to stderr."""
        if self._stdout is not None:
            return nullcontext()
        self._stdout = sys.stdout
        return redirect_stdout(sys.stderr)

    def talk(self, text: str) -> None:
        """Tell a person something on stderr; silent when quiet."""
        if self.mode is not Mode.QUIET:
            print(text, file=sys.stderr, flush=True)

    def complain(self, text: str) -> None:
        """Tell a person on stderr what went wrong, also when quiet."""
        if _colours(sys.stderr):
            head, colon, rest = text.partition(":")
            text = f"\033[1;31m{head}{colon}\033[0m{rest}"
        print(text, file=sys.stderr, flush=True)

    def result(self, payload: dict[str, Any], text: str, bare: str | None = None) -> None:
        """Write the result to stdout.

        Args:
            payload: the JSON object; `schema_version` is put first.
            text: what a person reads.
            bare: what ``--quiet`` prints, such as a path; nothing where None.
        """
        if self.mode is Mode.JSON:
            text = json.dumps({"schema_version": SCHEMA_VERSION, **payload}, indent=2, ensure_ascii=False)
        elif self.mode is Mode.QUIET:
            text = bare or ""
        if text:
            print(text, file=self.stdout, flush=True)

    @contextmanager
    def progress(self, description: str) -> Iterator[Report]:
        """Show a progress bar on stderr while the block runs, if stderr is a terminal and the mode is human."""
        if self.mode is not Mode.HUMAN or not sys.stderr.isatty():
            yield lambda fraction, what: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(description, total=None)

            def report(fraction: float | None, what: str) -> None:
                total = None if fraction is None else 1.0
                bar.update(task, description=what or description, completed=fraction or 0.0, total=total)

            yield report


def _colours(stream: Any) -> bool:
    """True where colours may be written: a terminal, and NO_COLOR is not set (no-color.org)."""
    import os

    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
