"""The root of the commands: global options anywhere, every exception through the one table."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from genaudio.cli.failures import INTERRUPTED, UNUSABLE, Failure, explain
from genaudio.cli.output import Mode, Output

SWITCHES = frozenset({"--json", "--quiet", "-q", "--verbose", "-v"})
VALUES = frozenset({"--seed", "--device", "--config"})


def hoist(args: Sequence[str]) -> list[str]:
    """Move the global options before the command, so that they may also be written after it.

    ``["make", "--json", "--seed", "3"]`` becomes ``["--json", "--seed", "3", "make"]``; what follows ``--`` stays.
    """
    front: list[str] = []
    rest: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in SWITCHES or word.partition("=")[0] in VALUES:
            front.append(word)
            if word in VALUES:
                front += [value for value in [next(words, None)] if value is not None]
        else:
            rest.append(word)
    return front + rest


def output_for(args: Sequence[str]) -> Output:
    """Choose the output before anything is parsed, so that mistakes in usage are told the same way."""
    flags = set(args[: args.index("--")] if "--" in args else args)
    if "--json" in flags:
        return Output(Mode.JSON)
    return Output(Mode.QUIET if flags & {"--quiet", "-q"} else Mode.HUMAN)


class RootGroup(TyperGroup):
    """The ``genaudio`` command itself."""

    def main(self, args: Sequence[str] | None = None, standalone_mode: bool = True, **extra: Any) -> Any:  # type: ignore[override]
        """Run a command line and exit with the code of the contract."""
        words = hoist(sys.argv[1:] if args is None else args)
        output = output_for(words)
        try:
            with _interruptible():
                code = super().main(args=words, standalone_mode=False, **extra)
            if code == INTERRUPTED:
                fail(output, explain(KeyboardInterrupt()))
        except BaseException as error:
            if isinstance(error, SystemExit):
                raise
            if "--verbose" in words or "-v" in words:
                traceback.print_exception(error)
            code = fail(output, explain(error))
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the command; a reader that closes the pipe early ends it quietly, but not as a success."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            stream = ctx.obj.output.stdout if ctx.obj else sys.stdout
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            raise typer.Exit(UNUSABLE) from None


def fail(output: Output, failure: Failure) -> int:
    """Tell a failure on stderr and, as JSON, on stdout; return its exit code."""
    output.complain(f"genaudio: {failure.message}" + (f" ({failure.hint})" if failure.hint else ""))
    if output.mode is Mode.JSON:
        output.result(failure.as_json(), "")
    return failure.exit_code


@contextmanager
def _interruptible() -> Iterator[None]:
    """End on SIGTERM as on Ctrl-C within the block, so that temporary folders are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
