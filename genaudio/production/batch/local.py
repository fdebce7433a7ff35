"""Worker processes on this machine, watched: one that dies or hangs is replaced.

Each worker has a connection of its own, so that a worker killed in the middle of a message harms nobody else.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic, perf_counter

from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.production.batch.engine import Engine, Patience, hanging
from genaudio.production.batch.worker import Answer, Task, work
from genaudio.production.studio import Renders

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass
class _Hand:
    """A worker: its process, the connection to it, the tracks that it has, and until when it has to say something."""

    process: BaseProcess
    connection: Connection
    until: float
    tasks: dict[int, Task] = field(default_factory=dict)
    ready: bool = False
    gone: bool = False


class LocalEngine(Engine):
    """Worker processes on this machine; see `Hires` for what it takes."""

    def __init__(
        self,
        load: Callable[[], Renders],
        workers: int,
        lock: Path,
        patience: Patience | None = None,
        together: int = 1,
    ) -> None:
        super().__init__(workers, patience or Patience(), together)
        self._context = multiprocessing.get_context("spawn")
        self._load, self._lock = load, lock
        self._hands: list[_Hand] = []
        self._ear, self._bell = multiprocessing.Pipe(duplex=False)

    def _ring(self) -> None:
        self._bell.send_bytes(b"1")

    def _close(self, at_once: bool) -> None:
        for hand in self._hands:
            hand.connection.close()
            if at_once:
                hand.process.kill()
        for hand in self._hands:
            hand.process.join(5)
            if hand.process.is_alive():
                hand.process.kill()
                hand.process.join()
        self._bell.close()
        self._ear.close()

    def _serve(self) -> None:
        while not self._closing:
            self._hire()
            self._hand_out()
            sources: dict[object, _Hand] = {hand.connection: hand for hand in self._hands}
            sources.update({hand.process.sentinel: hand for hand in self._hands})
            for source in wait([self._ear, *sources], self._silence()):  # type: ignore[list-item]
                if source is self._ear:
                    self._ear.recv_bytes()
                else:
                    self._hear(sources[source])
            self._watch()

    def _silence(self) -> float | None:
        """Return the seconds until the first worker counts as hanging; None where all are idle."""
        ends = [hand.until for hand in self._hands if hand.tasks or not hand.ready]
        return max(0.0, min(ends) - monotonic()) if ends else None

    def _watch(self) -> None:
        """End workers that hang."""
        for hand in self._hands:
            if not hand.gone and (hand.tasks or not hand.ready) and monotonic() > hand.until:
                hand.process.kill()
                limit = self.patience.of(*hand.tasks.values()) if hand.tasks else self.patience.loading
                self._lose(hand, hanging(limit))

    def _hire(self) -> None:
        """Fill the places of workers that are gone."""
        self._hands = [hand for hand in self._hands if not hand.gone]
        while len(self._hands) < self.workers and not self._stopping:
            ours, theirs = self._context.Pipe()
            process = self._context.Process(target=work, args=(theirs, self._load, self._lock), daemon=True)
            with _undisturbed():
                process.start()
            theirs.close()
            self._hands.append(_Hand(process, ours, monotonic() + self.patience.loading))

    def _hand_out(self) -> None:
        for hand in self._hands:
            if not hand.ready or hand.gone or hand.tasks:
                continue
            tasks = self._next()
            if not tasks:
                return
            hand.tasks = {task.number: task for task in tasks}
            hand.until = monotonic() + self.patience.of(*tasks)
            try:
                hand.connection.send(tasks)
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
        task = hand.tasks.pop(answer.number, None)
        hand.until = monotonic() + self.patience.of(*hand.tasks.values())
        if answer.kind == "again" and task is not None:
            self._retry(task, answer.reason)
        else:
            self._settle(answer)

    def _lose(self, hand: _Hand, reason: str = "") -> None:
        """Let a worker go that is dead; its tracks are tried once more, each alone."""
        if hand.gone:
            return
        hand.gone = True
        hand.connection.close()
        hand.process.join(5)
        code = hand.process.exitcode
        if not hand.ready:
            self._bury(reason or f"exit code {code}")
        for task in reversed(hand.tasks.values()):
            self._retry(task, reason or f"its worker ended (exit code {code}: killed, or out of memory)")


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
