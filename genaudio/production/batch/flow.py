"""One run of a batch in its folder: composing here, rendering in workers, and an orderly end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from time import perf_counter

from checks import CatalogueError
from genaudio.errors import GenaudioError
from genaudio.production.batch.desk import Desk
from genaudio.production.batch.earlier import Earlier
from genaudio.production.batch.engine import Engine
from genaudio.production.batch.events import Hear
from genaudio.production.batch.job import Job
from genaudio.production.batch.ledger import Ledger
from genaudio.production.batch.library import row_of, write_library
from genaudio.production.batch.result import BatchResult
from genaudio.production.batch.worker import Answer, Task

AHEAD = 16
"""Tracks that may wait, composed, for a worker, beside twice what all workers are handed at once."""
_BEGUN = ("plan", "folder", "tracks", "present", "repaired", "workers")
Tell = Callable[[float | None, str], None]
"""Is told how far the work is, from 0 to 1, and what is being done."""


@contextmanager
def _patient(stop: Callable[[], None]) -> Iterator[None]:
    """Within the block, call `stop` on the first Ctrl-C or SIGTERM, and interrupt only on the second."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def first(number: int, frame: object) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, _interrupt)
        stop()

    before = {name: signal.signal(name, first) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


class Flow:
    """One run of a batch in a claimed folder.

    Args:
        job: what is made, where and by whom.
        result: where it is written down how it goes.
        tell: is told how far it is.
        hear: is told what happens.
        start: when the run began, by `time.perf_counter`.
    """

    def __init__(self, job: Job, result: BatchResult, tell: Tell, hear: Hear, start: float) -> None:
        self.job, self.site, self.orders = job, job.site, job.orders
        self.result, self.tell, self.hear = result, tell, hear
        self.start = self.began = start
        self.flagged = 0
        self.whole = self._look()
        hear("begun", {name: value for name, value in result.as_json().items() if name in _BEGUN})

    def _look(self) -> frozenset[int]:
        """Find the tracks that are whole, and clear away those that are damaged."""
        whole = set()
        for order in self.orders:
            folder = self.site.tracks / order.name
            if self.site.whole(order.name, order.seed):
                whole.add(order.number)
            elif folder.exists():
                self.result.repaired += 1
                self.site.set_aside(order.name)
        self.result.present = len(whole)
        return frozenset(whole)

    def make(self) -> None:
        """Make what is missing."""
        job, crew = self.job, self.job.crew
        with ExitStack() as stack:
            workers = min(self.result.workers, self.result.missing)
            engine = job.engine(workers, self.site.workers_lock)
            stack.enter_context(engine)
            self.tell(None, "Loading the models")
            earlier = Earlier(self.site.private / "earlier", job.screener, job.library)
            stack.callback(earlier.close)
            ledger = stack.enter_context(Ledger(self.site.private / "composed.jsonl", self.orders))
            desk = Desk(job.plan, crew.composer(), earlier, ledger, crew.device, job.batching)
            self.began = perf_counter()
            with _patient(lambda: self._stop(engine, "interrupted")):
                try:
                    self._flow(desk, engine)
                except (OSError, CatalogueError) as error:
                    cause = error if isinstance(error, OSError) else error.__cause__
                    if not isinstance(cause, OSError):
                        raise
                    self._stop(engine, f"{self.site.root} cannot be written: {cause.strerror}")
                if self.result.stopped:
                    self.tell(None, "Stopping; tracks under way are finished")
                    engine.stop()
                while engine.pending:
                    self._hear(engine, block=True)
            self.result.add(desk.seconds)
            self.result.loading = max(self.began, engine.ready_at) - self.start

    def _stop(self, engine: Engine, why: str) -> None:
        """Let the run come to its end early."""
        self.result.stopped = self.result.stopped or why
        engine.wake()

    def _flow(self, desk: Desk, engine: Engine) -> None:
        """Compose ahead of the workers, but not further than the queue is long, until all is composed."""
        room = AHEAD + 2 * self.result.workers * engine.together
        for order, production in desk.productions(self.orders, self.whole):
            if isinstance(production, str):
                self._fail(order.name, production)
                continue
            while engine.pending >= room and not self.result.stopped:
                self._hear(engine, block=True)
            if self.result.stopped:
                return
            engine.submit(Task(order.number, self.site.tracks / order.name, production))
            while self._hear(engine, block=False):
                pass
        while engine.pending and not self.result.stopped:
            self._hear(engine, block=True)

    def _hear(self, engine: Engine, block: bool) -> bool:
        answer = engine.answer(block)
        if answer is None:
            return False
        self.result.retried = engine.retried
        self._take(answer)
        return True

    def _take(self, answer: Answer) -> None:
        order, result = self.orders[answer.number], self.result
        if answer.kind == "retried":
            self.hear("retried", {"track": order.name, "reason": answer.reason})
            return
        if answer.kind == "done":
            result.made += 1
            self.flagged += answer.verdict != "clear"
            result.audio_seconds += answer.duration if order.formats else 0.0
            result.add({stage: answer.stages.get(stage, 0.0) for stage in ("render", "package")})
            stages = {stage: round(spent, 3) for stage, spent in answer.stages.items()}
            told = {"track": order.name, "verdict": answer.verdict, "duration_s": answer.duration, "seconds": stages}
            self.hear("made", told)
        else:
            self._fail(order.name, answer.reason)
            if answer.kind == "full":
                result.stopped = result.stopped or answer.reason
        self._report()

    def _fail(self, name: str, reason: str) -> None:
        self.result.failed[name] = reason
        self.hear("failed", {"track": name, "reason": reason})

    def _report(self) -> None:
        """Tell how far the batch is."""
        result = self.result
        done, spent = result.made + len(result.failed), perf_counter() - self.began
        left = (result.tracks - result.present - done) * spent / max(done, 1)
        progress = {"made": result.made, "failed": len(result.failed), "flagged": self.flagged}
        rate = round(result.audio_seconds / max(spent, 1e-9), 3)
        self.hear("progress", {**progress, "audio_seconds_per_second": rate, "seconds_left": round(left, 1)})
        words = [
            f"{result.present + result.made}/{result.tracks} tracks",
            f"{result.audio_seconds / max(spent, 1e-9):.1f} s of audio a second",
            f"{int(left // 60)}:{int(left % 60):02d} left",
            *([f"{self.flagged} flagged"] if self.flagged else []),
            *([f"{result.retried} retried"] if result.retried else []),
            *([f"{len(result.failed)} failed"] if result.failed else []),
        ]
        self.tell((result.present + done) / result.tracks, ", ".join(words))

    def finish(self) -> None:
        """Count the verdicts and write the library's pages."""
        manifests = (self.site.whole(order.name, order.seed) for order in self.orders)
        rows = [row_of(manifest) for manifest in manifests if manifest is not None]
        self.result.verdicts.update(str(row["verdict"]) for row in rows)
        self.result.recomposed = sum(row["attempts"] > 1 for row in rows)
        with suppress(GenaudioError) if self.result.stopped else nullcontext():
            write_library(self.site.root, self.result, rows)
        self.hear("ended", self.result.as_json())
