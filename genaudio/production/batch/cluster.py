"""A Ray cluster that makes a batch: found, asked what it has, and used by the engine and the composer.

The command runs on a machine of the cluster and writes the library's folder there; the others need genaudio in the same
versions, but neither the folder nor the models. Those are put into Ray's store, from where each machine fetches them
once. The index is needed where the command runs alone, because screening goes by the order of the tracks.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from math import ceil, floor
from typing import Any

from genaudio.errors import GenaudioError, first_line
from genaudio.melody.wish import Wish
from genaudio.production.batch.carried import COMPOSER, RENDERER, CarriedComposer, CarriedRenderer, known_works, packed
from genaudio.production.batch.crew import Crew
from genaudio.production.batch.desk import ComposesMany
from genaudio.production.batch.engine import STILLBORN
from genaudio.production.threads import single_thread
from genaudio.score import Melody, ScoreError

AUTO = "auto"
"""The address of the cluster that this machine belongs to."""
KNOCK = 4.0
"""Seconds in which a port must answer."""
GREETING = 60.0
"""Seconds in which a cluster must let somebody in; three are usual."""
COMPOSING = 0.1
"""Share of a GPU that is kept for composing."""
_GREET = "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False, configure_logging=False)"


@dataclass(frozen=True)
class Cluster:
    """A cluster that this process is connected to.

    Attributes:
        cores, gpus: of all its machines.
    """

    cores: int
    gpus: int

    @classmethod
    @contextmanager
    def connected(cls, address: str) -> Iterator[Cluster]:
        """Connect to a cluster for the time of the block.

        Args:
            address: ``host:port`` of its head, or ``auto`` for the one that this machine belongs to.

        Raises:
            GenaudioError: Ray is not installed, or nobody answers there.
        """
        if find_spec("ray") is None:
            raise GenaudioError("the Ray engine needs Ray: pip install 'genaudio[ray]'")
        import ray

        _knock(address)
        ours = not ray.is_initialized()
        if ours:
            _greet(address)
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        try:
            found = ray.cluster_resources()
            yield cls(int(found.get("CPU", 0)), int(found.get("GPU", 0)))
        finally:
            if ours:
                ray.shutdown()

    def crew(self, device: str = AUTO) -> Crew:
        """Return the shipped models at work on the cluster: on its GPUs where it has some and nothing else is wished.

        Raises:
            GenaudioError: there is no such device.
        """
        from genaudio.production.batch.ray_engine import RayEngine
        from genaudio.production.catalogue import open_screener

        chosen = self.device(device)
        return Crew(
            composer=partial(self.composer, CarriedComposer(chosen, packed(*COMPOSER), known_works())),
            screener=open_screener,
            renderer=CarriedRenderer(chosen, packed(*RENDERER)),
            device=chosen,
            engine=partial(RayEngine, self.share, chosen),
            cores=self.cores,
            gpus=self.gpus,
        )

    def device(self, wanted: str) -> str:
        """Return the kind of device that does the work on every machine.

        Raises:
            GenaudioError: the cluster has none of the kind, or it is none that a cluster lends.
        """
        if wanted not in (AUTO, "cpu", "cuda"):
            raise GenaudioError(f"on a cluster the device is auto, cpu or cuda, not {wanted!r}; Ray chooses which one")
        if wanted == "cuda" and not self.gpus:
            raise GenaudioError("no machine of the cluster has a GPU; use --device cpu")
        return "cuda" if self.gpus and wanted != "cpu" else "cpu"

    def share(self, device: str, workers: int) -> dict[str, float]:
        """Return what a worker is lent: a core and, where GPUs do the work, a part of one that all find room on."""
        if device == "cpu":
            return {"num_cpus": 1}
        together = ceil(workers / self.gpus)
        return {"num_cpus": 1, "num_gpus": floor(1000 * (1 - COMPOSING) / together) / 1000}

    def composer(self, load: Callable[[], ComposesMany]) -> ComposesMany:
        """Load a composer on some machine, on a GPU where there is one."""
        import ray

        lent = {"num_gpus": COMPOSING} if self.gpus else {"num_cpus": 0}
        return _Remote(ray.remote(_Pen).options(**lent, max_restarts=0), ray.put(load))


class _Pen:
    """Composes, as an actor."""

    def __init__(self, load: Callable[[], ComposesMany]) -> None:
        self.load = load
        self.composer: ComposesMany | None = None

    def compose_each(self, wishes: Sequence[Wish], seeds: Sequence[int]) -> list[Melody] | GenaudioError | ScoreError:
        """Return the melodies, or the exception: raised, it would arrive as Ray's own."""
        try:
            self.composer = self.composer or self.load()
            with single_thread():
                return self.composer.compose_each(wishes, seeds)
        except (GenaudioError, ScoreError) as error:
            return error


@dataclass
class _Remote:
    """A composer on another machine; when that is lost, another takes its place."""

    kind: Any
    load: Any
    actor: Any = None

    def compose_each(self, wishes: Sequence[Wish], seeds: Sequence[int]) -> list[Melody]:
        """Return a melody for each wish and seed."""
        from ray.exceptions import RayError

        lost: RayError | None = None
        for _ in range(STILLBORN):
            try:
                return self._ask(wishes, seeds)
            except RayError as error:
                lost, self.actor = error, None
        raise GenaudioError(f"the cluster cannot compose: {first_line(lost)}") from lost

    def _ask(self, wishes: Sequence[Wish], seeds: Sequence[int]) -> list[Melody]:
        import ray

        self.actor = self.actor or self.kind.remote(self.load)
        found = ray.get(self.actor.compose_each.remote(list(wishes), list(seeds)))
        if isinstance(found, Exception):
            raise found
        return list(found)


def _knock(address: str) -> None:
    """Make sure within seconds that somebody listens at an address; Ray itself would try for minutes."""
    if address == AUTO:
        return
    host, colon, port = address.rpartition(":")
    if "://" in address or not colon or not host or not port.isdigit():
        raise GenaudioError(
            f"{address!r} is no address of a cluster's head, such as 10.0.0.1:6379; run genaudio on one of its machines"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise GenaudioError(
            f"no Ray cluster answers at {address} ({reason}); start one there with: ray start --head --port {port}"
        ) from error


def _greet(address: str) -> None:
    """Make sure that a cluster lets us in, in a process of its own: Ray ends a process that it cannot connect."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _GREET, address], capture_output=True, text=True, timeout=GREETING, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise GenaudioError(
            f"what listens at {address} is no Ray cluster: it said nothing for {GREETING:g} s"
        ) from error
    if done.returncode:
        lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise GenaudioError(f"no Ray cluster can be used at {address}: {lines[-1] if lines else 'it gave no reason'}")
