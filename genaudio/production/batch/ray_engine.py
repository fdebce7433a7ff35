"""Workers on the machines of a Ray cluster, as actors: one that is lost, with its machine or alone, is replaced.

A worker makes a track in a temporary folder of its machine and sends the files; they are put in place here, so that a
track is whole or not there at all, whatever happens to the other machine.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

import ray
from ray.exceptions import RayError

from genaudio.errors import GenaudioError, IncompatibleError, first_line
from genaudio.production.batch.engine import Engine, Patience, hanging
from genaudio.production.batch.site import differences
from genaudio.production.batch.worker import Answer, Task, answers, failure, loaded
from genaudio.production.folder import MANIFEST, whole_folder
from genaudio.production.provenance import versions
from genaudio.production.studio import Renders

GLANCE = 0.1
"""Seconds after which the engine looks for new tracks while all workers are busy."""
Files = Mapping[str, bytes]


class _Bench:
    """A worker, as an actor.

    Args:
        load: gives the renderer.
        device: where it runs.
        expected: versions that the machine must have for the same bytes.
    """

    def __init__(self, load: Callable[[], Renders], device: str, expected: Mapping[str, str]) -> None:
        self.renderer, self.state = loaded(load)
        if wrong := differences(versions(device), expected):
            place = ray.util.get_node_ip_address()
            self.state = Answer(
                "incompatible", reason=f"the machine {place} of the cluster differs: {'; '.join(wrong)}"
            )

    def ready(self) -> list[tuple[Answer, Files]]:
        """Say whether the worker can begin."""
        return [(self.state, {})]

    def make(self, tasks: Sequence[Task]) -> list[tuple[Answer, Files]]:
        """Make tracks and return the files of each, the manifest last."""
        assert self.renderer is not None
        with tempfile.TemporaryDirectory(prefix="genaudio-") as name:
            here = [replace(task, folder=Path(name) / task.folder.name) for task in tasks]
            found = answers(here, self.renderer)
            return [(one, _files(task.folder, one)) for task, one in zip(here, found, strict=True)]


def _files(folder: Path, found: Answer) -> Files:
    """Read the files of a track that was made, the manifest last."""
    if found.kind != "done":
        return {}
    paths = sorted(folder.iterdir(), key=lambda path: (path.name == MANIFEST, path.name))
    return {path.name: path.read_bytes() for path in paths}


@dataclass(eq=False)
class _Hand:
    """A worker: its actor, what it was asked last, the tracks that it has, and until when it has to answer."""

    actor: Any
    call: Any
    tasks: tuple[Task, ...] = field(default_factory=tuple)
    ready: bool = False
    until: float = float("inf")


class RayEngine(Engine):
    """Workers on a cluster; see `Hires` for what it takes beside the two here.

    Args:
        share: gives what a worker is lent of the cluster, by the device and the number of workers (`Cluster.share`).
        device: the kind of device that does the work on every machine.
    """

    def __init__(
        self,
        share: Callable[[str, int], Mapping[str, float]],
        device: str,
        load: Callable[[], Renders],
        workers: int,
        lock: Path,
        patience: Patience | None = None,
        together: int = 1,
    ) -> None:
        super().__init__(workers, patience or Patience(), together)
        self._device, self._load = device, ray.put(load)
        self._type: Any = ray.remote(_Bench).options(**share(device, workers), max_restarts=0)
        self._hands: list[_Hand] = []
        self._bell = threading.Event()
        self._hopeful = monotonic() + self.patience.loading

    def _ring(self) -> None:
        self._bell.set()

    def _close(self, at_once: bool) -> None:
        for hand in self._hands:
            _end(hand)

    def _serve(self) -> None:
        while not self._closing:
            self._hire()
            self._hand_out()
            calls = {hand.call: hand for hand in self._hands if hand.call is not None}
            if calls:
                for call in ray.wait(list(calls), timeout=GLANCE)[0]:
                    self._hear(calls[call])
            else:
                self._bell.wait(GLANCE)
                self._bell.clear()
            self._watch()

    def _hire(self) -> None:
        """Fill the places of workers that are gone; Ray lets a new one wait until there is room for it."""
        while len(self._hands) < self.workers and not self._stopping:
            actor = self._type.remote(self._load, self._device, versions(self._device))
            self._hands.append(_Hand(actor, actor.ready.remote()))

    def _hand_out(self) -> None:
        for hand in self._hands:
            if not hand.ready or hand.tasks:
                continue
            hand.tasks = self._next()
            if not hand.tasks:
                return
            hand.until = monotonic() + self.patience.of(*hand.tasks)
            hand.call = hand.actor.make.remote(hand.tasks)

    def _hear(self, hand: _Hand) -> None:
        call, hand.call = hand.call, None
        try:
            told = ray.get(call)
        except RayError as error:
            self._lose(hand, f"its worker ended ({type(error).__name__}: {first_line(error)})")
            return
        if not hand.ready:
            self._welcome(hand, told[0][0])
            return
        tasks, hand.tasks = hand.tasks, ()
        for task, (answered, files) in reversed(list(zip(tasks, told, strict=True))):
            found = _placed(task, answered, files)
            if found.kind == "again":
                self._retry(task, found.reason)
            else:
                self._settle(found)

    def _welcome(self, hand: _Hand, state: Answer) -> None:
        """Take what a worker says when it has loaded."""
        if state.kind == "incompatible":
            raise IncompatibleError(state.reason)
        if state.kind == "broken":
            raise GenaudioError(f"the renderer cannot be loaded: {state.reason}")
        hand.ready, self._stillborn = True, 0
        self.ready_at = self.ready_at or perf_counter()

    def _watch(self) -> None:
        """End workers that hang, and give up where the cluster has room for none."""
        for hand in list(self._hands):
            if hand.tasks and monotonic() > hand.until:
                self._lose(hand, hanging(self.patience.of(*hand.tasks)))
        if self._stopping or any(hand.ready for hand in self._hands):
            self._hopeful = monotonic() + self.patience.loading
        elif monotonic() > self._hopeful:
            raise GenaudioError(
                f"the cluster began no worker in {self.patience.loading:.0f} s; is all of it lent to others? "
                "See: ray status"
            )

    def _lose(self, hand: _Hand, reason: str) -> None:
        """Let a worker go; its tracks are tried once more, each alone."""
        _end(hand)
        self._hands.remove(hand)
        for task in reversed(hand.tasks):
            self._retry(task, reason)
        if hand.tasks:
            return
        if any(other.ready for other in self._hands):
            self.workers -= 1  # where it began to load there seems to be no room; the others go on
        else:
            self._bury(reason)


def _end(hand: _Hand) -> None:
    with suppress(RayError):
        ray.kill(hand.actor)


def _placed(task: Task, found: Answer, files: Files) -> Answer:
    """Put a track that was made elsewhere in its place; return what became of it."""
    if found.kind != "done":
        return found
    try:
        with whole_folder(task.folder) as temporary:
            for name, content in files.items():
                (temporary / name).write_bytes(content)
    except Exception as error:
        return failure(task, error)
    return found
