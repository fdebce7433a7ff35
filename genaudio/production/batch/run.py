"""Makes a batch: composing and deciding here, rendering in workers, each track packed whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from checks import Screener, Work
from genaudio.errors import GenaudioError
from genaudio.production.batch.crew import Crew
from genaudio.production.batch.earlier import library_works
from genaudio.production.batch.estimate import Estimate, estimate
from genaudio.production.batch.flow import Flow, Tell
from genaudio.production.batch.ledger import melody_json
from genaudio.production.batch.orders import orders_of
from genaudio.production.batch.plan import Plan
from genaudio.production.batch.result import BatchResult
from genaudio.production.batch.site import Site
from genaudio.production.exhibits import catalogue_list
from genaudio.production.provenance import model_hashes, versions


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
    with site.open(fingerprint(plan, screener, library, crew.device), [order.name for order in orders]):
        result = BatchResult(plan.name, site.root, plan.tracks, workers)
        run = Flow(plan, site, orders, crew, result, tell, start)
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
