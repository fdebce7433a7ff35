"""Who makes a batch: loaded only once it is known that there is something to make."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checks import Screener
from genaudio.production.batch.desk import ComposesMany
from genaudio.production.batch.engine import Hires, Patience
from genaudio.production.batch.local import LocalEngine
from genaudio.production.batch.worker import ShippedRenderer
from genaudio.production.studio import Renders


def own_cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Crew:
    """How the parts are loaded, and where they work.

    Attributes:
        composer: loads the composer, in this process.
        screener: opens the catalogues beside the training works, in this process.
        renderer: loads the renderer in each worker; it is sent there.
        device: where they run.
        engine: where the workers are.
        cores, gpus: what the workers have there.
        patience: how long they may be silent.
    """

    composer: Callable[[], ComposesMany]
    screener: Callable[[Sequence[Path]], Screener]
    renderer: Callable[[], Renders]
    device: str
    engine: Hires = LocalEngine
    cores: int = field(default_factory=own_cores)
    gpus: int = 1
    patience: Patience = field(default_factory=Patience)

    @property
    def usual_workers(self) -> int:
        """One worker for each core; one for each GPU where they do the work."""
        return self.cores if self.device == "cpu" else self.gpus

    @classmethod
    def shipped(cls, device: str = "auto") -> Crew:
        """Return the shipped models.

        Raises:
            GenaudioError: there is no such device.
        """
        from genaudio.devices import choose_device
        from genaudio.production.catalogue import open_screener
        from genaudio.production.compose import composer

        chosen = str(choose_device(device))
        return cls(lambda: composer(chosen), open_screener, ShippedRenderer(chosen), chosen)
