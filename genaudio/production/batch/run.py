"""Makes a batch: composing and deciding here, rendering in workers, each track packed whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from genaudio.production.batch.crew import Crew
from genaudio.production.batch.estimate import Estimate, estimate
from genaudio.production.batch.events import Hear, deaf
from genaudio.production.batch.flow import Flow, Tell
from genaudio.production.batch.job import Job
from genaudio.production.batch.plan import Plan
from genaudio.production.batch.result import BatchResult


def run_batch(
    plan: Plan,
    out: Path | str | None = None,
    *,
    workers: int | None = None,
    libraries: Sequence[Path] = (),
    device: str = "auto",
    address: str | None = None,
    crew: Crew | None = None,
    tell: Tell | None = None,
    hear: Hear = deaf,
) -> BatchResult:
    """Make all tracks of a plan that are not there yet.

    An interruption (Ctrl-C) ends it as soon as the tracks under way are whole; so does a full disk. Either is told in
    the result's `stopped`, and the same call goes on from there.

    Args:
        plan: from `read_plan`.
        out: the folder; ``outputs`` and the plan's name where missing.
        workers: how many render; one for each core, or for each GPU where they do the work, where missing.
        libraries: folders of earlier tracks that none may repeat.
        device: ``auto``, ``cpu``, ``cuda``...
        address: of a Ray cluster that does the work, such as ``10.0.0.1:6379``; this machine where missing.
        crew: other models than those that ship.
        tell: is told how far the work is.
        hear: is told what happens: ``begun``, ``made``, ``retried``, ``failed``, ``progress``, ``ended``.

    Raises:
        GenaudioError: the folder cannot be used, a part cannot be loaded, or nobody answers at the address.
        IncompatibleError: a shipped file is damaged, or the cluster has other versions.
        CatalogueError: a catalogue cannot be used.
    """
    start = perf_counter()
    tell = tell or (lambda share, what: None)
    tell(None, "Looking at the folder")
    with _hired(crew, device, address) as hired:
        job = Job.prepare(plan, None if out is None else Path(out), hired, workers, libraries)
        with job.claimed():
            result = BatchResult(plan.name, job.site.root, plan.tracks, job.workers)
            run = Flow(job, result, tell, hear, start)
            if result.missing:
                run.make()
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
    address: str | None = None,
    crew: Crew | None = None,
) -> tuple[Path, int, Estimate | None]:
    """Look what `run_batch` would do, and make one track in a temporary place to measure how long it would take.

    Returns:
        the folder, how many tracks are there already, and what the others would take; None where all are there.

    Raises:
        as `run_batch`.
    """
    with _hired(crew, device, address) as hired:
        job = Job.prepare(plan, None if out is None else Path(out), hired, workers, libraries)
        job.site.check(job.fingerprint)
        missing = [order for order in job.orders if not job.site.whole(order.name, order.seed)]
        found = estimate(job, missing) if missing else None
    return job.site.root, len(job.orders) - len(missing), found


@contextmanager
def _hired(crew: Crew | None, device: str, address: str | None) -> Iterator[Crew]:
    """Find who makes a batch: those given, the shipped models here, or on a cluster for as long as the block runs."""
    if crew is not None or address is None:
        yield crew or Crew.shipped(device)
        return
    from genaudio.production.batch.cluster import Cluster

    with Cluster.connected(address) as cluster:
        yield cluster.crew(device)
