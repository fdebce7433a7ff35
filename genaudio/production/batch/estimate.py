"""What a plan would take, from one track that is really made in a temporary place."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

from genaudio.errors import GenaudioError
from genaudio.production.batch.desk import TOGETHER, Desk
from genaudio.production.batch.earlier import Earlier
from genaudio.production.batch.engine import Engine
from genaudio.production.batch.job import Job
from genaudio.production.batch.ledger import Ledger
from genaudio.production.batch.orders import Order
from genaudio.production.batch.worker import Answer, Task
from genaudio.production.release import Production


@dataclass(frozen=True)
class Estimate:
    """What a plan would take.

    Attributes:
        track: the track that was made for it.
        duration: its length in seconds.
        stages: seconds for a track by stage.
        loading: seconds to load the models.
        bytes: of a track.
        tracks: how many are to be made.
        workers: how many would render.
        cores: that this machine offers.
        free: bytes free on the disk.
    """

    track: str
    duration: float
    stages: Mapping[str, float]
    loading: float
    bytes: int
    tracks: int
    workers: int
    cores: int
    free: int

    @property
    def seconds(self) -> float:
        """Seconds for all tracks: no process can take longer than the rest, nor all more cores than there are."""
        desk = self.stages["compose"] + self.stages["screen"]
        worker = self.stages["render"] + self.stages["package"]
        shared = (desk + worker) / min(self.workers + 1, self.cores)
        return self.loading + self.tracks * max(desk, worker / self.workers, shared)

    @property
    def all_bytes(self) -> int:
        """Bytes for all tracks."""
        return self.tracks * self.bytes

    def as_json(self) -> dict[str, Any]:
        """Return the estimate for the command line."""
        return {
            "measured_on": self.track,
            "track_seconds_of_audio": round(self.duration, 3),
            "seconds_a_track": {stage: round(spent, 3) for stage, spent in self.stages.items()},
            "loading_seconds": round(self.loading, 3),
            "bytes_a_track": self.bytes,
            "tracks": self.tracks,
            "workers": self.workers,
            "seconds": round(self.seconds, 1),
            "bytes": self.all_bytes,
            "free_bytes": self.free,
        }


def estimate(job: Job, orders: Sequence[Order]) -> Estimate:
    """Make one track in a temporary place, where the others would be made, and reckon with it.

    Args:
        job: the plan, and who makes it.
        orders: what is to be made of it, at least one track.

    Raises:
        GenaudioError: none of the first tracks can be made.
    """
    crew, sample = job.crew, list(orders[:TOGETHER])
    start = perf_counter()
    with tempfile.TemporaryDirectory(prefix="genaudio-") as name:
        place = Path(name)
        composer = crew.composer()
        loading = perf_counter() - start
        with (
            job.engine(1, place / "lock") as engine,
            Ledger(place / "composed.jsonl", orders) as ledger,
        ):
            desk = Desk(job.plan, composer, Earlier(place / "earlier", job.screener, job.library), ledger, crew.device)
            order, production = _first(desk, sample)
            begun = perf_counter()
            places = [place / f"{number}" / order.name for number in range(1 + engine.together)]
            tasks = [Task(number, folder, production) for number, folder in enumerate(places)]
            _made(engine, tasks[:1])  # the first takes longer
            made = _made(engine, tasks[1:])
            loading += max(0.0, engine.ready_at - begun)
        size = sum(path.stat().st_size for path in places[-1].iterdir())
    stages = {"compose": desk.seconds["compose"] / len(sample), "screen": desk.seconds["screen"]}
    root = job.site.root
    return Estimate(
        track=order.name,
        duration=made[0].duration,
        stages={**stages, **{name: mean(one.stages[name] for one in made) for name in ("render", "package")}},
        loading=loading,
        bytes=size,
        tracks=len(orders),
        workers=job.workers,
        cores=crew.cores,
        free=shutil.disk_usage(next(path for path in (root, *root.resolve().parents) if path.exists())).free,
    )


def _first(desk: Desk, sample: Sequence[Order]) -> tuple[Order, Production]:
    """Compose until one track can be made."""
    reasons = []
    for order, production in desk.productions(sample, frozenset()):
        if not isinstance(production, str):
            return order, production
        reasons.append(production)
    raise GenaudioError(f"none of the first {len(sample)} tracks can be made: {reasons[0]}")


def _made(engine: Engine, tasks: Sequence[Task]) -> list[Answer]:
    """Make tracks at once."""
    for task in tasks:
        task.folder.parent.mkdir(parents=True, exist_ok=True)
        engine.submit(task)
    answers: list[Answer] = []
    while len(answers) < len(tasks):
        answer = engine.answer(block=True)
        if answer is None or answer.kind == "retried":
            continue
        if answer.kind != "done":
            raise GenaudioError(f"the track {tasks[0].folder.name} cannot be made: {answer.reason}")
        answers.append(answer)
    return answers
