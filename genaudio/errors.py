"""What a user can put right, each with the exit code that the command line gives it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

_Arguments = ParamSpec("_Arguments")


class GenaudioError(Exception):
    """A wish, configuration or file that cannot be used; the message says what and what to do (exit code 2)."""

    exit_code = 2


class IncompatibleError(GenaudioError):
    """A model or index that does not fit: wrong hash, wrong parameters, wrong version (exit code 3)."""

    exit_code = 3


def first_line(error: BaseException | None) -> str:
    """Return what an error says in short: its first line, or its kind where it says nothing."""
    text = str(error).strip()
    return text.splitlines()[0].strip() if text else type(error).__name__


def tells_errors(main: Callable[_Arguments, int]) -> Callable[_Arguments, int]:
    """Let the entry of a ``python -m`` command tell what a user can put right in a line, and return its exit code."""

    @wraps(main)
    def told(*arguments: _Arguments.args, **options: _Arguments.kwargs) -> int:
        try:
            return main(*arguments, **options)
        except GenaudioError as error:
            print(f"error: {error}", file=sys.stderr)
            return error.exit_code

    return told
