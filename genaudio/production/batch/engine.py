"""Worker processes on this machine, watched: one that dies is replaced and its track tried once more.

Each worker has a connection of its own, so that a worker killed in the middle of a message harms nobody else. A thread
hands out the tracks, because the main thread is busy with composing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty, SimpleQueue
from time import perf_counter
from types import TracebackType
from typing import Protocol

from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.production.batch.worker import Answer, Task, work
from genaudio.production.studio import Renders

TRIES = 2
"""How often a track is begun before it is given up."""
STILLBORN = 3
"""Workers in a row that may die while they load before the batch is given up."""
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Engine(Protocol):
    """Renders and packs tracks somewhere."""

    @property
    def pending(self) -> int:
        """Tracks that were submitted and not answered yet."""
        ...

    @property
    def retried(self) -> int:
        """How often a track was tried again."""
        ...

    @property
    def ready_at(self) -> float:
        """When the first worker was ready, by `time.perf_counter`; 0 before."""
        ...

    def submit(self, task: Task) -> None:
        """Hand over a track; returns at once."""
        ...

    def answer(self, block: bool) -> Answer | None:
        """Return the next track that is done or failed; None where none is and `block` is False, or after `wake`."""
        ...

    def wake(self) -> None:
        """Let whoever waits for an answer look around."""
        ...

    def stop(self) -> None:
        """Begin no more tracks; those under way are finished and answered."""
        ...


@dataclass
class _Hand:
    """A worker: its process, the connection to it, and the track that it has."""

    process: BaseProcess
    connection: Connection
    task: Task | None = None
    ready: bool = False
    gone: bool = False


class LocalEngine:
    """Worker processes on this machine; used in a ``with`` block.

    Args:
        load: gives a worker its renderer; it is sent to another process.
        workers: how many.
        lock: file that workers hold a shared lock of.

    Raises:
        GenaudioError: the number of workers is less than 1.
    """

    def __init__(self, load: Callable[[], Renders], workers: int, lock: Path) -> None:
        if workers < 1:
            raise GenaudioError(f"the number of workers must be 1 or more, not {workers}")
        self._context = multiprocessing.get_context("spawn")
        self._load, self._workers, self._lock = load, workers, lock
        self._hands: list[_Hand] = []
        self._waiting: deque[Task] = deque()
        self._guard = threading.Lock()
        self._answers: SimpleQueue[Answer | BaseException | None] = SimpleQueue()
        self._tries: Counter[int] = Counter()
        self._pending = self._stillborn = 0
        self._stopping = self._closing = False
        self.retried = 0
        self.ready_at = 0.0
        self._ear, self._bell = multiprocessing.Pipe(duplex=False)
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)

    def __enter__(self) -> LocalEngine:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._ring()
        self._thread.join()
        for hand in self._hands:
            hand.connection.close()
            if kind is not None:
                hand.process.kill()
        for hand in self._hands:
            hand.process.join(5)
            if hand.process.is_alive():
                hand.process.kill()
                hand.process.join()
        self._bell.close()
        self._ear.close()

    @property
    def pending(self) -> int:
        """Tracks that were submitted and not answered yet."""
        return self._pending

    def submit(self, task: Task) -> None:
        """Hand over a track; returns at once."""
        with self._guard:
            self._pending += 1
            self._waiting.append(task)
        self._ring()

    def answer(self, block: bool) -> Answer | None:
        """Return the next track that is done or failed; None where none is and `block` is False, or after `wake`.

        Raises:
            GenaudioError, IncompatibleError: the workers cannot load the renderer.
        """
        if block and not self._pending:
            return None
        try:
            found = self._answers.get(block)
        except Empty:
            return None
        if isinstance(found, BaseException):
            raise found
        if found is not None:
            with self._guard:
                self._pending -= 1
        return found

    def wake(self) -> None:
        """Let whoever waits for an answer look around; may be called by a signal's handler."""
        self._answers.put(None)

    def stop(self) -> None:
        """Begin no more tracks; those under way are finished and answered."""
        with self._guard:
            self._stopping = True
            self._pending -= len(self._waiting)
            self._waiting.clear()

    def _ring(self) -> None:
        self._bell.send_bytes(b"1")

    def _serve(self) -> None:
        """Hand out tracks and hear the answers until all is over."""
        try:
            while not self._closing:
                self._hire()
                self._hand_out()
                sources: dict[object, _Hand] = {hand.connection: hand for hand in self._hands}
                sources.update({hand.process.sentinel: hand for hand in self._hands})
                for source in wait([self._ear, *sources]):  # type: ignore[list-item]
                    if source is self._ear:
                        self._ear.recv_bytes()
                    else:
                        self._hear(sources[source])
        except BaseException as error:
            self._answers.put(error)

    def _hire(self) -> None:
        """Fill the places of workers that are gone."""
        self._hands = [hand for hand in self._hands if not hand.gone]
        while len(self._hands) < self._workers and not self._stopping:
            ours, theirs = self._context.Pipe()
            process = self._context.Process(target=work, args=(theirs, self._load, self._lock), daemon=True)
            with _undisturbed():
                process.start()
            theirs.close()
            self._hands.append(_Hand(process, ours))

    def _hand_out(self) -> None:
        for hand in self._hands:
            with self._guard:
                if not hand.ready or hand.task is not None or not self._waiting:
                    continue
                hand.task = self._waiting.popleft()
            self._tries[hand.task.number] += 1
            try:
                hand.connection.send(hand.task)
            except OSError:
                self._lose(hand)

    def _hear(self, hand: _Hand) -> None:
        """Take what a worker says; a worker that ended has said its last word before."""
        try:
            while not hand.gone and hand.connection.poll():
                self._take(hand, hand.connection.recv())
        except (EOFError, OSError):
            self._lose(hand)
        else:
            if not hand.gone and not hand.process.is_alive() and not hand.connection.poll():
                self._lose(hand)

    def _take(self, hand: _Hand, answer: Answer) -> None:
        if answer.kind == "incompatible":
            raise IncompatibleError(answer.reason)
        if answer.kind == "broken":
            raise GenaudioError(f"the renderer cannot be loaded: {answer.reason}")
        if answer.kind == "ready":
            hand.ready, self._stillborn = True, 0
            self.ready_at = self.ready_at or perf_counter()
            return
        task, hand.task = hand.task, None
        if answer.kind == "again" and task is not None:
            self._retry(task, answer.reason)
        else:
            self._answers.put(answer)

    def _lose(self, hand: _Hand) -> None:
        """Let a dead worker go; its track is tried once more."""
        if hand.gone:
            return
        hand.gone = True
        hand.connection.close()
        hand.process.join(5)
        if not hand.ready:
            self._stillborn += 1
            if self._stillborn >= STILLBORN:
                raise GenaudioError(
                    f"{STILLBORN} workers in a row ended while they loaded (exit code {hand.process.exitcode}); "
                    "give the machine more memory, or --workers 1"
                )
        if hand.task is not None:
            code = hand.process.exitcode
            self._retry(hand.task, f"its worker ended (exit code {code}: killed, or out of memory)")

    def _retry(self, task: Task, reason: str) -> None:
        with self._guard:
            if self._tries[task.number] < TRIES and not self._stopping:
                self._waiting.appendleft(task)
                self.retried += 1
                return
        tries = self._tries[task.number]
        self._answers.put(
            Answer("failed", task.number, f"{reason}; tried {'once' if tries == 1 else f'{tries} times'}")
        )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Start processes that no Ctrl-C reaches and whose libraries use one thread."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    blocks = hasattr(signal, "pthread_sigmask")
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if blocks else None
    try:
        yield
    finally:
        if old is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, old)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
