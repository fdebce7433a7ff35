"""How fast batches are: tracks an hour on two workers and on one, shares of the stages, and what a batch itself costs.

``python benchmarks/batch.py --tracks 100 --bars 16``. Three measurements of the same tracks, models loaded already
where time is told "without loading":

- the bare stages one after the other in one process with one thread: composing sixteen at a time, screening against
  the training works, rendering, packing;
- a batch with one worker, all processes on one core: what it takes longer than the bare stages is the overhead, the
  comparison with earlier tracks included;
- batches with one and with two workers on all cores.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from common import save

from genaudio.production.batch import orders_of, read_plan, run_batch
from genaudio.production.batch.crew import Crew
from genaudio.production.batch.desk import TOGETHER
from genaudio.production.batch.plan import Plan

PLAN = "name: benchmark\nseed: 1\nattempts: 1\ngroups: [{{count: {tracks}, style: [reel, jig], bars: {bars}}}]\n"
STAGES = ("compose", "screen", "render", "package")


def bare(plan: Plan, folder: Path) -> dict[str, float]:
    """Return seconds of each stage, one after the other."""
    from dataclasses import replace

    from genaudio.instruments import family_named
    from genaudio.production.exhibits import catalogue_list, nearest_of
    from genaudio.production.studio import Attempt, Session, fitted
    from genaudio.production.threads import single_thread
    from genaudio.production.track import arrange, produce

    crew = Crew.shipped("cpu")
    composer, screener, renderer = crew.composer(), crew.screener([]), crew.renderer()
    orders = orders_of(plan)
    seconds = dict.fromkeys(STAGES, 0.0)
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
                production = arrange(session, order.wish, family, order.seed, ("flac",), "cpu", datetime.now(UTC))
                production = replace(
                    production,
                    nearest=nearest_of(screening, screener),
                    catalogues=tuple(catalogue_list(screener)),
                )
                made = produce(folder / order.name, production, renderer)
                seconds["render"] += made.stages["render"]
                seconds["package"] += made.stages["package"]
    return seconds


def batch(plan: Plan, folder: Path, workers: int) -> dict[str, Any]:
    """Run a batch and return what it took."""
    result = run_batch(plan, folder, workers=workers, device="cpu")
    assert not result.missing, result.failed
    working = result.seconds - result.loading
    return {
        "workers": workers,
        "seconds": round(result.seconds, 2),
        "seconds_without_loading": round(working, 2),
        "tracks_per_hour": round(3600 * result.made / result.seconds, 1),
        "tracks_per_hour_without_loading": round(3600 * result.made / working, 1),
        "audio_seconds_per_second": round(result.audio_seconds / working, 2),
        "shares": dict(result.shares),
    }


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=8)
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--cores", help="cores to use, such as 0,1; all where missing")
    arguments = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if arguments.cores:
        cores = [int(core) for core in arguments.cores.split(",")]
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plan.yaml").write_text(PLAN.format(tracks=arguments.tracks, bars=arguments.bars))
        plan = read_plan(folder / "plan.yaml")
        os.sched_setaffinity(0, cores[-1:])
        stages = bare(plan, folder / "bare")
        alone = batch(plan, folder / "alone", 1)
        os.sched_setaffinity(0, cores)
        one, two = (batch(plan, folder / f"{workers}", workers) for workers in (1, 2))
    total = sum(stages.values())
    save(
        "batch",
        {
            "tracks": arguments.tracks,
            "bars": arguments.bars,
            "cores_used": len(cores),
            "load_before": round(before, 2),
            "bare_seconds": {stage: round(spent, 2) for stage, spent in stages.items()},
            "bare_shares": {stage: round(spent / total, 4) for stage, spent in stages.items()},
            "one_core": alone,
            "overhead": round(alone["seconds_without_loading"] / total - 1, 4),
            "one_worker": one,
            "two_workers": two,
            "speed_up": round(one["seconds_without_loading"] / two["seconds_without_loading"], 3),
        },
    )


if __name__ == "__main__":
    main()
