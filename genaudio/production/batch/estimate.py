"""What a plan would take, from one track that is really made in a temporary place."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from checks import Screener, Work
from genaudio.errors import GenaudioError
from genaudio.production.batch.crew import Crew
from genaudio.production.batch.desk import TOGETHER, Desk
from genaudio.production.batch.earlier import Earlier
from genaudio.production.batch.ledger import Ledger
from genaudio.production.batch.orders import Order
from genaudio.production.batch.plan import Plan
from genaudio.production.threads import single_thread
from genaudio.production.track import Made, produce


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


def estimate(
    plan: Plan,
    orders: Sequence[Order],
    crew: Crew,
    screener: Screener,
    library: Sequence[Work],
    root: Path,
    workers: int,
    cores: int,
) -> Estimate:
    """Make one track in a temporary place and reckon with it.

    Args:
        plan: the plan.
        orders: what is to be made of it, at least one track.
        crew: who makes it.
        screener, library: what it is compared with.
        root: the folder of the batch, whose disk is looked at.
        workers: how many would render.
        cores: that this machine offers.

    Raises:
        GenaudioError: none of the first tracks can be made.
    """
    start = perf_counter()
    composer, renderer = crew.composer(), crew.renderer()
    loading = perf_counter() - start
    sample = list(orders[:TOGETHER])
    with tempfile.TemporaryDirectory(prefix="genaudio-") as name:
        place = Path(name)
        with Ledger(place / "composed.jsonl", orders) as ledger:
            desk = Desk(plan, composer, Earlier(place / "earlier", screener, library), ledger, crew.device)
            made, reasons = None, []
            for order, production in desk.productions(sample, frozenset()):
                if isinstance(production, str):
                    reasons.append(production)
                    continue
                with single_thread():
                    renderer.render(production.score, production.seed)  # the first time takes longer
                    made = produce(place / order.name, production, renderer)
                break
        if made is None:
            raise GenaudioError(f"none of the first {len(sample)} tracks can be made: {reasons[0]}")
        size = sum(path.stat().st_size for path in made.folder.iterdir())
    return Estimate(
        track=made.manifest["batch"]["track"],
        duration=made.duration,
        stages=_stages(made, desk, len(sample)),
        loading=loading,
        bytes=size,
        tracks=len(orders),
        workers=workers,
        cores=cores,
        free=shutil.disk_usage(next(path for path in (root, *root.resolve().parents) if path.exists())).free,
    )


def _stages(made: Made, desk: Desk, together: int) -> dict[str, float]:
    """Return seconds for a track; what was composed together counts for each in part."""
    return {
        "compose": desk.seconds["compose"] / together,
        "screen": desk.seconds["screen"],
        "render": made.stages["render"],
        "package": made.stages["package"],
    }
