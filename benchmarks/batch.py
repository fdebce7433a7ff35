"""How fast batches are: tracks an hour, shares of the stages, workers, what a batch itself costs, and its memory.

``python benchmarks/batch.py`` takes about ten minutes on two idle cores:

- 100 tracks of about 30 s with two workers: tracks an hour;
- the same plan with fewer tracks, the bare stages one after the other in one process with one thread: composing
  sixteen at a time, screening against the training works, rendering, packing;
- those as a batch with one worker, all processes on one core: what it takes longer than the bare stages is the
  overhead, the comparison with earlier tracks included. On a machine that does other things as well, processor seconds
  tell it better than the clock: both are given, loading of the models left out;
- those with one and with two workers on all cores;
- 1,000 tracks of notes alone: the memory of all processes together, as the number of tracks grows.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from common import save

from genaudio.instruments import family_named
from genaudio.production.batch import orders_of, read_plan, run_batch
from genaudio.production.batch.crew import Crew
from genaudio.production.batch.desk import TOGETHER
from genaudio.production.batch.plan import Plan
from genaudio.production.exhibits import catalogue_list, nearest_of
from genaudio.production.studio import Attempt, Session, fitted
from genaudio.production.threads import single_thread
from genaudio.production.track import arrange, produce

PLAN = "name: benchmark\nseed: 1\nattempts: 1\n{more}groups: [{{count: {tracks}, style: [reel, jig], bars: {bars}}}]\n"
STAGES = ("compose", "screen", "render", "package")
EVERY = 50
"""Tracks after which memory is looked at."""


def plan_of(folder: Path, tracks: int, bars: int, more: str = "") -> Plan:
    """Return a plan of so many tracks."""
    path = folder / f"{tracks}{more.strip()}.yaml"
    path.write_text(PLAN.format(tracks=tracks, bars=bars, more=more))
    return read_plan(path)


def bare(plan: Plan, folder: Path) -> tuple[dict[str, float], float]:
    """Return seconds of each stage, one after the other, and the processor's seconds for all."""
    crew = Crew.shipped("cpu")
    composer, screener, renderer = crew.composer(), crew.screener([]), crew.renderer()
    orders, seconds = orders_of(plan), dict.fromkeys(STAGES, 0.0)
    begun = process_time()
    with single_thread():
        for first in range(0, len(orders), TOGETHER):
            chunk = orders[first : first + TOGETHER]
            start = perf_counter()
            melodies = composer.compose_each([order.wish for order in chunk], [order.seed for order in chunk])
            seconds["compose"] += perf_counter() - start
            for order, melody in zip(chunk, melodies, strict=True):
                family = family_named(order.instrument)
                start = perf_counter()
                melody = fitted(melody, family)
                screening = screener.screen(melody)
                seconds["screen"] += perf_counter() - start
                session = Session(melody, screening, (Attempt(order.seed, str(screening.verdict)),), 1, {})
                production = replace(
                    arrange(session, order.wish, family, order.seed, ("flac",), "cpu", datetime.now(UTC)),
                    nearest=nearest_of(screening, screener),
                    catalogues=tuple(catalogue_list(screener)),
                )
                made = produce(folder / order.name, production, renderer)
                seconds["render"] += made.stages["render"]
                seconds["package"] += made.stages["package"]
    return seconds, process_time() - begun


def processor() -> float:
    """Return the processor's seconds of this process and of its children that have ended."""
    ours, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return ours.ru_utime + ours.ru_stime + theirs.ru_utime + theirs.ru_stime


def batch(plan: Plan, folder: Path, workers: int, device: str = "cpu") -> dict[str, Any]:
    """Run a batch and return what it took."""
    begun = processor()
    result = run_batch(plan, folder, workers=workers, device=device)
    assert not result.missing, result.failed
    working = result.seconds - result.loading
    return {
        "tracks": result.made,
        "workers": workers,
        "seconds": round(result.seconds, 2),
        "seconds_without_loading": round(working, 2),
        "processor_seconds": round(processor() - begun, 2),
        "tracks_per_hour": round(3600 * result.made / result.seconds, 1),
        "tracks_per_hour_without_loading": round(3600 * result.made / working, 1),
        "track_seconds": round(result.audio_seconds / result.made, 1),
        "audio_seconds_per_second": round(result.audio_seconds / working, 2),
        "shares": dict(result.shares),
    }


def memory(plan: Plan, folder: Path) -> dict[str, Any]:
    """Make notes alone and return the megabytes of all processes as the number of tracks grows."""
    curve: list[tuple[int, float]] = []
    made = 0

    def hear(name: str, content: dict[str, Any]) -> None:
        nonlocal made
        made += name == "made"
        if name == "made" and made % EVERY == 0:
            processes = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
            pages = sum(int(Path(f"/proc/{process}/statm").read_text().split()[1]) for process in processes)
            curve.append((made, round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)))

    result = run_batch(plan, folder, workers=1, device="cpu", hear=hear)
    assert not result.missing, result.failed
    half = len(curve) // 2
    return {
        "tracks": result.made,
        "seconds": round(result.seconds, 1),
        "tracks_per_hour": round(3600 * result.made / result.seconds, 1),
        "megabytes": curve,
        "second_half_grows_by": round(curve[-1][1] / curve[half][1] - 1, 4),
    }


def loading_seconds(folder: Path, bars: int) -> float:
    """Return the processor's seconds of a batch of one track, nearly all of which loads the models."""
    return float(batch(plan_of(folder, 1, bars), folder / "loading", 1)["processor_seconds"])


def overhead(folder: Path, tracks: int, bars: int, cores: list[int]) -> dict[str, Any]:
    """Compare a batch on one core with its bare stages, and one worker with two on all cores."""
    plan = plan_of(folder, tracks, bars)
    os.sched_setaffinity(0, cores[-1:])
    stages, spent = bare(plan, folder / "bare")
    loading = loading_seconds(folder, bars)
    alone = batch(plan, folder / "alone", 1)
    os.sched_setaffinity(0, cores)
    one, two = (batch(plan, folder / f"{workers}", workers) for workers in (1, 2))
    total = sum(stages.values())
    ours = (alone["processor_seconds"] - loading) * tracks / (tracks - 1)  # one track is in the loading
    return {
        "bare_seconds": {stage: round(taken, 2) for stage, taken in stages.items()},
        "bare_processor_seconds": round(spent, 2),
        "bare_shares": {stage: round(taken / total, 4) for stage, taken in stages.items()},
        "loading_processor_seconds": round(loading, 2),
        "one_core": alone,
        "overhead": round(alone["seconds_without_loading"] / total - 1, 4),
        "processor_overhead": round(ours / spent - 1, 4),
        "one_worker": one,
        "two_workers": two,
        "speed_up": round(one["seconds_without_loading"] / two["seconds_without_loading"], 3),
    }


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=100, help="of the library whose speed is told")
    parser.add_argument("--fewer", type=int, default=20, help="tracks of the other measurements")
    parser.add_argument("--symbolic", type=int, default=1000, help="tracks of notes alone")
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--cores", help="cores to use, such as 0,1; all where missing")
    arguments = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if arguments.cores:
        cores = [int(core) for core in arguments.cores.split(",")]
    os.sched_setaffinity(0, cores)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = batch(plan_of(folder, arguments.tracks, arguments.bars), folder / "library", len(cores))
        rest = overhead(folder, arguments.fewer, arguments.bars, cores)
        notes = memory(plan_of(folder, arguments.symbolic, arguments.bars, "audio: false\n"), folder / "notes")
    save(
        "batch",
        {
            "tracks": arguments.fewer,
            "bars": arguments.bars,
            "cores_used": len(cores),
            "load_before": round(before, 2),
            "library": library,
            **rest,
            "memory": notes,
        },
    )


if __name__ == "__main__":
    main()
