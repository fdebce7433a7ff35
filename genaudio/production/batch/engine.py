"""What every engine is: tracks go in, answers come out, and a track whose worker is lost is tried once more.

A thread hands out the tracks, because the main thread is busy with composing. What differs between engines is only
where workers are and how they are reached: `local` has processes on this machine, `cluster` actors of Ray.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Protocol, Self

from genaudio.errors import GenaudioError
from genaudio.production.batch.worker import Answer, Task
from genaudio.production.studio import Renders

TRIES = 2
"""How often a track is begun before it is given up."""
STILLBORN = 3
"""Workers in a row that may end while they load before the batch is given up."""


@dataclass(frozen=True)
class Patience:
    """How long a worker may be silent before it counts as hanging.

    Attributes:
        loading: seconds that it may take to load the models.
        track: seconds for any track, and
        factor: for each second of its music; usual are less than 0.2 on one core.
    """

    loading: float = 300.0
    track: float = 300.0
    factor: float = 20.0

    def of(self, *tasks: Task) -> float:
        """Return the seconds that tracks may take until one of them is answered."""
        return self.track + self.factor * sum(task.production.score.duration for task in tasks)


class Engine(ABC):
    """Renders and packs tracks somewhere; used in a ``with`` block.

    Attributes:
        retried: how often a track was tried again.
        ready_at: when the first worker was ready, by `time.perf_counter`; 0 before.

    Args:
        workers: how many.
        patience: how long they may be silent.
        together: most tracks that a worker is handed at once.

    Raises:
        GenaudioError: the number of workers is less than 1.
    """

    def __init__(self, workers: int, patience: Patience, together: int = 1) -> None:
        self.workers, self.patience, self.together = check_workers(workers), patience, together
        self.retried = 0
        self.ready_at = 0.0
        self._waiting: deque[Task] = deque()
        self._guard = threading.Lock()
        self._answers: SimpleQueue[Answer | BaseException | None] = SimpleQueue()
        self._tries: Counter[int] = Counter()
        self._pending = self._stillborn = 0
        self._stopping = self._closing = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._ring()
        self._thread.join()
        self._close(at_once=kind is not None)

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
        """Return the next track that is done, failed or retried; None where there is none, or after `wake`.

        Args:
            block: wait for one.

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
        if found is not None and found.kind != "retried":
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

    @abstractmethod
    def _serve(self) -> None:
        """Hand out tracks and hear the answers until `_closing`."""

    @abstractmethod
    def _ring(self) -> None:
        """Let `_serve` look around; called from another thread."""

    @abstractmethod
    def _close(self, at_once: bool) -> None:
        """Let the workers go when `_serve` has returned."""

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException as error:
            self._answers.put(error)

    def _next(self) -> tuple[Task, ...]:
        """Take the next tracks for a worker: its share of those that wait, but alone what is tried once more."""
        tasks: list[Task] = []
        with self._guard:
            most = min(self.together, ceil(len(self._waiting) / self.workers))
            while self._waiting and len(tasks) < most:
                again = self._tries[self._waiting[0].number] > 0
                if again and tasks:
                    break
                tasks.append(self._waiting.popleft())
                if again:
                    break
        self._tries.update(task.number for task in tasks)
        return tuple(tasks)

    def _settle(self, answer: Answer) -> None:
        """Pass on what became of a track."""
        self._answers.put(answer)

    def _retry(self, task: Task, reason: str) -> None:
        """Try a track once more, or give it up."""
        tries = self._tries[task.number]
        with self._guard:
            if tries < TRIES and not self._stopping:
                self._waiting.appendleft(task)
                self.retried += 1
                self._answers.put(Answer("retried", task.number, reason))
                return
        words = "once" if tries == 1 else f"{tries} times"
        self._answers.put(Answer("failed", task.number, f"{reason}; tried {words}"))

    def _bury(self, cause: str) -> None:
        """Count a worker that ended while it loaded.

        Raises:
            GenaudioError: too many did.
        """
        self._stillborn += 1
        if self._stillborn >= STILLBORN:
            raise GenaudioError(
                f"{STILLBORN} workers in a row ended while they loaded ({cause}); "
                "give the machine more memory, or --workers 1"
            )


class Hires(Protocol):
    """Makes an engine."""

    def __call__(
        self, load: Callable[[], Renders], workers: int, lock: Path, patience: Patience, together: int
    ) -> Engine:
        """Return an engine.

        Args:
            load: gives a worker its renderer; it is sent to another process.
            workers: how many.
            lock: file that workers which write to the folder hold a shared lock of.
            patience: how long they may be silent.
            together: most tracks that one is handed at once.
        """
        ...


def check_workers(workers: int) -> int:
    """Return the number of workers.

    Raises:
        GenaudioError: it is less than 1.
    """
    if workers < 1:
        raise GenaudioError(f"the number of workers must be 1 or more, not {workers}")
    return workers


def hanging(seconds: float) -> str:
    """Say why a worker was ended."""
    return f"its worker gave no answer for {seconds:.0f} s and was ended"
