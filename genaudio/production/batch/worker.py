"""A worker process: loads the renderer once, then renders and packs one track after the other."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.production.batch.site import share, whole_package
from genaudio.production.batch.together import Ensemble
from genaudio.production.release import Production, seconds_of
from genaudio.production.studio import Renders
from genaudio.production.track import produce
from genaudio.score import Score, ScoreError

if TYPE_CHECKING:
    from genaudio.renderer import Rendering

SPARE = 32 << 20
"""Bytes that a disk must have free for a track to be begun."""
Kind = Literal["ready", "done", "failed", "again", "retried", "full", "broken", "incompatible"]


@dataclass(frozen=True)
class Task:
    """A track that is to be rendered: its number in the plan, its folder, and what was composed."""

    number: int
    folder: Path
    production: Production


@dataclass(frozen=True)
class Answer:
    """What a worker says.

    Attributes:
        kind: ``ready`` to begin; a track is ``done``, ``failed`` for good, or may be tried ``again``, which engines
            pass on as ``retried``; the disk is ``full``; the renderer cannot be loaded (``broken``, ``incompatible``).
        number: of the track.
        reason: why not.
        stages: seconds by stage.
        duration: seconds of audio.
        verdict: on the track, where it is done.
    """

    kind: Kind
    number: int = -1
    reason: str = ""
    stages: dict[str, float] = field(default_factory=dict)
    duration: float = 0.0
    verdict: str = ""


@dataclass(frozen=True)
class ShippedRenderer:
    """Loads the shipped renderer; it can be sent to another process.

    Attributes:
        device: where it runs.
    """

    device: str = "cpu"

    def __call__(self) -> Renders:
        """Load it."""
        from genaudio.renderer import Renderer

        return Renderer.load(device=self.device)


@dataclass(frozen=True)
class Silent:
    """Loads nothing: what is wanted are notes alone."""

    def __call__(self) -> Renders:
        """Return itself."""
        return self

    def render(self, score: Score, seed: int = 0, **_: float) -> Rendering:
        """Refuse to play."""
        raise GenaudioError("no renderer was loaded, because no track was to have audio")


def work(connection: Connection, load: Callable[[], Renders], lock: Path) -> None:
    """Answer each `Task` of those that come, until the connection is closed.

    One thread renders: on a processor several workers gain more than several threads, and the last bits of the audio
    do not depend on how many there are.

    Args:
        connection: to the process that hands out tracks.
        load: gives the renderer.
        lock: held, shared, while the worker lives.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who hands out the tracks decides when to stop
    os.dup2(2, 1)  # stdout is kept for results
    threading.Thread(target=_end_with_parent, daemon=True).start()
    share(lock)
    renderer, state = loaded(load)
    try:
        connection.send(state)
        while renderer is not None:
            for found in answers(connection.recv(), renderer):
                connection.send(found)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def loaded(load: Callable[[], Renders]) -> tuple[Renders | None, Answer]:
    """Load the renderer, for one thread; return it and ``ready``, or None and why it cannot be loaded."""
    try:
        renderer = load()
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(1)
    except IncompatibleError as error:
        return None, Answer("incompatible", reason=str(error))
    except Exception as error:
        return None, Answer("broken", reason=reason_of(error))
    return renderer, Answer("ready")


def _end_with_parent() -> None:
    """End at once when the process that hands out tracks has died; what is half-made is removed by the next run."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def answers(tasks: Sequence[Task], renderer: Renders) -> Iterator[Answer]:
    """Make tracks, their audio rendered together where the renderer can, and say of each how it went."""
    if not isinstance(renderer, Ensemble):
        yield from (answer(task, renderer) for task in tasks)
        return
    with renderer.row([task.production for task in tasks]) as row:
        for number, task in enumerate(tasks):
            yield answer(task, row.player(number))


def answer(task: Task, renderer: Renders) -> Answer:
    """Make a track and say how it went."""
    if manifest := whole_package(task.folder, task.production.seed):  # a worker before this one died just after it
        duration, verdict = seconds_of(manifest), str(manifest["verdict"])
        return Answer("done", task.number, duration=duration, verdict=verdict)
    try:
        if shutil.disk_usage(task.folder.parent).free < SPARE:
            return _full(task)
        made = produce(task.folder, task.production, renderer)
    except Exception as error:
        return failure(task, error)
    return Answer("done", task.number, "", dict(made.stages), made.duration, made.verdict)


def failure(task: Task, error: Exception) -> Answer:
    """Say what an exception means for a track: the disk is full, it failed for good, or may be tried again."""
    if _is_full(error, task.folder.parent):
        return _full(task)
    lasting = isinstance(error, GenaudioError | ScoreError) or not isinstance(
        error, MemoryError | OSError | RuntimeError
    )
    return Answer("failed" if lasting else "again", task.number, reason_of(error))


def _full(task: Task) -> Answer:
    return Answer("full", task.number, f"the disk is full at {task.folder.parent}")


def _is_full(error: BaseException, folder: Path) -> bool:
    """Tell whether a disk without room is behind an error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        cause = cause.__cause__ or cause.__context__
    try:
        return shutil.disk_usage(folder).free < SPARE // 8
    except OSError:
        return False


def reason_of(error: BaseException) -> str:
    """Return an exception on one line, with its kind where the message is not meant for users."""
    text = " ".join(str(error).split())
    if isinstance(error, GenaudioError | ScoreError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
