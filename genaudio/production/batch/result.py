"""What came of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class BatchResult:
    """What came of a run.

    Attributes:
        plan: name of the plan.
        root: the folder.
        tracks: how many the plan has.
        workers: how many rendered.
        made: tracks that this run made.
        present: tracks that were whole before.
        repaired: tracks of which something was missing, so that they were made again.
        retried: how often a track was tried again.
        recomposed: tracks of which more than one melody was composed.
        failed: why tracks were not made, by name.
        verdicts: how many tracks have which verdict, those made before included.
        seconds: that the run took, loading included.
        loading: seconds of them until all models were loaded.
        audio_seconds: seconds of audio that it made.
        stages: seconds of work by stage, summed over all processes.
        stopped: why it ended early; empty where it did not.
    """

    plan: str
    root: Path
    tracks: int
    workers: int
    made: int = 0
    present: int = 0
    repaired: int = 0
    retried: int = 0
    recomposed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    verdicts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    loading: float = 0.0
    audio_seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    stopped: str = ""

    @property
    def missing(self) -> int:
        """Tracks that are still to be made."""
        return self.tracks - self.made - self.present

    @property
    def shares(self) -> Mapping[str, float]:
        """Share of the work by stage."""
        total = sum(self.stages.values())
        return {stage: round(spent / total, 4) for stage, spent in self.stages.items()} if total else {}

    def add(self, stages: Mapping[str, float]) -> None:
        """Count seconds of work."""
        for stage, spent in stages.items():
            self.stages[stage] = self.stages.get(stage, 0.0) + spent

    def as_json(self) -> dict[str, Any]:
        """Return what the command line reports and summary.json holds."""
        return {
            "plan": self.plan,
            "folder": str(self.root),
            "tracks": self.tracks,
            "made": self.made,
            "present": self.present,
            "missing": self.missing,
            "repaired": self.repaired,
            "retried": self.retried,
            "recomposed": self.recomposed,
            "failed": [{"track": name, "reason": reason} for name, reason in self.failed.items()],
            "verdicts": {verdict: self.verdicts[verdict] for verdict in ("clear", "review", "match", "not-screened")},
            "workers": self.workers,
            "seconds": round(self.seconds, 3),
            "loading_seconds": round(self.loading, 3),
            "audio_seconds": round(self.audio_seconds, 3),
            "tracks_per_hour": round(3600 * self.made / self.seconds, 1) if self.seconds else 0.0,
            "audio_seconds_per_second": round(self.audio_seconds / self.seconds, 3) if self.seconds else 0.0,
            "stages": {
                stage: {"seconds": round(spent, 3), "share": self.shares[stage]} for stage, spent in self.stages.items()
            },
            "stopped": self.stopped,
        }
