"""Who makes a batch: loaded only once it is known that there is something to make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from checks import Screener
from genaudio.production.batch.desk import ComposesMany
from genaudio.production.batch.worker import ShippedRenderer
from genaudio.production.studio import Renders


@dataclass(frozen=True)
class Crew:
    """How the parts are loaded.

    Attributes:
        composer: loads the composer, in this process.
        screener: opens the catalogues beside the training works, in this process.
        renderer: loads the renderer in each worker; it is sent there.
        device: where they run.
    """

    composer: Callable[[], ComposesMany]
    screener: Callable[[Sequence[Path]], Screener]
    renderer: Callable[[], Renders]
    device: str

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
