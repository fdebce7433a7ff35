"""Makes a batch: composing and deciding here, rendering in workers, each track packed whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from time import perf_counter
from typing import Any

from checks import CatalogueError, Screener, Work
from genaudio.errors import GenaudioError
from genaudio.production.batch.crew import Crew
from genaudio.production.batch.desk import Desk
from genaudio.production.batch.earlier import Earlier, library_works
from genaudio.production.batch.engine import Engine, LocalEngine
from genaudio.production.batch.estimate import Estimate, estimate
from genaudio.production.batch.ledger import Ledger, melody_json
from genaudio.production.batch.library import row_of, write_library
from genaudio.production.batch.orders import Order, orders_of
from genaudio.production.batch.plan import Plan
from genaudio.production.batch.result import BatchResult
from genaudio.production.batch.site import Site
from genaudio.production.batch.worker import Answer, Task
from genaudio.production.exhibits import catalogue_list
from genaudio.production.provenance import model_hashes, versions

AHEAD = 16
"""Tracks that may wait, composed, for a worker, beside two for each worker."""
Tell = Callable[[float | None, str], None]


def run_batch(
    plan: Plan,
    out: Path | str | None = None,
    *,
    workers: int | None = None,
    libraries: Sequence[Path] = (),
    device: str = "auto",
    crew: Crew | None = None,
    tell: Tell | None = None,
) -> BatchResult:
    """Make all tracks of a plan that are not there yet.

    An interruption (Ctrl-C) ends it as soon as the tracks under way are whole; so does a full disk. Either is told in
    the result's `stopped`, and the same call goes on from there.

    Args:
        plan: from `read_plan`.
        out: the folder; ``outputs`` and the plan's name where missing.
        workers: processes that render; one for each core (or one, on a GPU) where missing.
        libraries: folders of earlier tracks that none may repeat.
        device: ``auto``, ``cpu``, ``cuda``...
        crew: other models than those that ship.
        tell: is told how far the work is.

    Raises:
        GenaudioError: the folder cannot be used, or a part cannot be loaded.
        IncompatibleError: a shipped file is damaged.
        CatalogueError: a catalogue cannot be used.
    """
    start = perf_counter()
    site = Site(Path(out) if out is not None else default_folder(plan))
    tell = tell or (lambda share, what: None)
    tell(None, "Looking at the folder")
    orders = orders_of(plan)
    crew = crew or Crew.shipped(device)
    workers = _checked(usual_workers(crew.device) if workers is None else workers)
    screener = crew.screener(plan.catalogues)
    library = library_works(libraries, site.root)
    with site.open(fingerprint(plan, screener, library, crew.device)):
        result = BatchResult(plan.name, site.root, plan.tracks, workers)
        run = _Run(plan, site, orders, crew, result, tell)
        if result.missing:
            run.make(screener, library)
        result.seconds = perf_counter() - start
        run.finish()
    return result


def try_batch(
    plan: Plan,
    out: Path | str | None = None,
    *,
    workers: int | None = None,
    libraries: Sequence[Path] = (),
    device: str = "auto",
    crew: Crew | None = None,
) -> tuple[Path, int, Estimate | None]:
    """Look what `run_batch` would do, and make one track in a temporary place to measure how long it would take.

    Returns:
        the folder, how many tracks are there already, and what the others would take; None where all are there.

    Raises:
        as `run_batch`.
    """
    site = Site(Path(out) if out is not None else default_folder(plan))
    crew = crew or Crew.shipped(device)
    workers = _checked(usual_workers(crew.device) if workers is None else workers)
    screener, library = crew.screener(plan.catalogues), library_works(libraries, site.root)
    site.check(fingerprint(plan, screener, library, crew.device))
    orders = orders_of(plan)
    missing = [order for order in orders if not site.whole(order.name, order.seed)]
    if not missing:
        return site.root, len(orders), None
    found = estimate(plan, missing, crew, screener, library, site.root, workers, usual_workers("cpu"))
    return site.root, len(orders) - len(missing), found


def _checked(workers: int) -> int:
    if workers < 1:
        raise GenaudioError(f"the number of workers must be 1 or more, not {workers}")
    return workers


def default_folder(plan: Plan) -> Path:
    """Return the folder of a plan for which none is named."""
    from genaudio.production.folder import file_name

    return Path("outputs") / file_name(plan.name)


def usual_workers(device: str) -> int:
    """Return one worker for each core that this process may use; one where a GPU does the work."""
    if device != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fingerprint(plan: Plan, screener: Screener, library: Sequence[Work], device: str) -> dict[str, Any]:
    """Return all that decides the tracks of a batch, as JSON."""
    digest = hashlib.sha256()
    for work in library:
        digest.update(json.dumps([work.id, work.title, melody_json(work.melody)]).encode())
    catalogues: dict[str, str] = {}
    for entry in catalogue_list(screener):
        name = str(entry["name"])
        catalogues[name if name not in catalogues else f"{name} ({len(catalogues) + 1})"] = entry["sha256"]
    return {
        "plan": plan.as_json(),
        "catalogues": catalogues,
        "library": f"{len(library)} tracks, SHA-256 {digest.hexdigest()}" if library else "none",
        "models": model_hashes(),
        "versions": versions(device),
    }


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


class _Run:
    """One run of a batch in an opened folder."""

    def __init__(
        self, plan: Plan, site: Site, orders: Sequence[Order], crew: Crew, result: BatchResult, tell: Tell
    ) -> None:
        self.plan, self.site, self.orders, self.crew = plan, site, orders, crew
        self.result, self.tell = result, tell
        self.whole = self._look()
        self.began = perf_counter()

    def _look(self) -> frozenset[int]:
        """Find the tracks that are whole, and clear away what is left of others."""
        whole = set()
        for order in self.orders:
            folder = self.site.tracks / order.name
            if self.site.whole(order.name, order.seed):
                whole.add(order.number)
            elif folder.exists():
                self.result.repaired += 1
                shutil.rmtree(folder, ignore_errors=True)
        self.result.present = len(whole)
        return frozenset(whole)

    def make(self, screener: Screener, library: Sequence[Work]) -> None:
        """Make what is missing."""
        with ExitStack() as stack:
            workers = min(self.result.workers, self.result.missing)
            engine = LocalEngine(self.crew.renderer, workers, self.site.workers_lock)
            stack.enter_context(engine)
            self.tell(None, "Loading the models")
            earlier = Earlier(self.site.private / "earlier", screener, library)
            stack.callback(earlier.close)
            ledger = stack.enter_context(Ledger(self.site.private / "composed.jsonl", self.orders))
            desk = Desk(self.plan, self.crew.composer(), earlier, ledger, self.crew.device)
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

    def _stop(self, engine: Engine, why: str) -> None:
        """Let the run come to its end early."""
        self.result.stopped = self.result.stopped or why
        engine.wake()

    def _flow(self, desk: Desk, engine: Engine) -> None:
        """Compose ahead of the workers, but not further than the queue is long, until all is composed."""
        room = AHEAD + 2 * self.result.workers
        for order, production in desk.productions(self.orders, self.whole):
            if isinstance(production, str):
                self.result.failed[order.name] = production
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
        if answer.kind == "done":
            result.made += 1
            result.audio_seconds += answer.duration
            result.add({stage: answer.stages.get(stage, 0.0) for stage in ("render", "package")})
        else:
            result.failed[order.name] = answer.reason
            if answer.kind == "full":
                result.stopped = result.stopped or answer.reason
        self._report()

    def _report(self) -> None:
        """Tell how far the batch is."""
        result = self.result
        done, spent = result.made + len(result.failed), perf_counter() - self.began
        left = (result.tracks - result.present - done) * spent / max(done, 1)
        words = [
            f"{result.present + result.made}/{result.tracks} tracks",
            f"{result.audio_seconds / max(spent, 1e-9):.1f} s of audio a second",
            f"{int(left // 60)}:{int(left % 60):02d} left",
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
