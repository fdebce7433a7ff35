"""Tracks that are rendered together: their scores go to the renderer in a row, and each is packed when it is there.

Which tracks a worker is handed at once changes nothing in any of them, because every batch of the renderer has the same
shape (`genaudio.renderer.batching`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Full, Queue
from typing import TYPE_CHECKING, Protocol, TypeVar

import yaml

from genaudio.errors import GenaudioError
from genaudio.production.batch.document import Document, shown
from genaudio.production.release import Production
from genaudio.production.studio import Renders
from genaudio.renderer.chunks import MOST_CHUNKS, PRECISIONS, Batching, Piece
from genaudio.renderer.mix import LOUDNESS
from genaudio.score import Score

if TYPE_CHECKING:
    from genaudio.renderer import Rendering

ALONE = "alone"
"""What a plan says for tracks that are rendered one after the other, also on a GPU."""
_KEYS = ("chunks", "precision", "compiled")
_GLANCE = 0.2
_Item = TypeVar("_Item")


class RendersMany(Renders, Protocol):
    """Plays scores alone, and many together."""

    def render_many(self, pieces: Iterable[Piece], batching: Batching) -> Iterator[Rendering | GenaudioError]:
        """Yield the audio of each piece in order, or why there is none; the same whatever is rendered beside it."""
        ...


@dataclass(frozen=True)
class Batched:
    """Loads a renderer that plays in batches; it can be sent to another process.

    Attributes:
        load: loads the renderer.
        batching: how it is to play.
    """

    load: Callable[[], Renders]
    batching: Batching

    def __call__(self) -> Ensemble:
        """Load it."""
        return Ensemble(self.load(), self.batching)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Ensemble:
    """A renderer that plays in batches, also where it plays one score alone."""

    renderer: RendersMany
    batching: Batching

    def render(self, score: Score, seed: int = 0, *, loudness: float = LOUDNESS) -> Rendering:
        """Play one score."""
        found = next(iter(self.renderer.render_many([Piece(score, seed, loudness)], self.batching)))
        if isinstance(found, GenaudioError):
            raise found
        return found

    def row(self, productions: Sequence[Production]) -> Row:
        """Play tracks together."""
        return Row(self, productions)


class Row:
    """Tracks that are rendered together, each asked for in its turn; while one is packed the next are rendered.

    Used in a ``with`` block. Nothing is rendered before the first track is asked for.

    Args:
        ensemble: plays them.
        productions: the tracks.
    """

    def __init__(self, ensemble: Ensemble, productions: Sequence[Production]) -> None:
        numbers = [number for number, production in enumerate(productions) if production.formats]
        heard = [productions[number] for number in numbers]
        pieces = [Piece(one.score, one.seed, LOUDNESS if one.loudness is None else one.loudness) for one in heard]
        self._places = {number: place for place, number in enumerate(numbers)}
        self._source = ahead(ensemble.renderer.render_many(pieces, ensemble.batching))
        self._next = 0
        self._broken = ""

    def __enter__(self) -> Row:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()

    def player(self, number: int) -> Renders:
        """Return what plays the track of a number; tracks may be left out, but not asked for in another order."""
        return _Turn(self, number)

    def take(self, number: int) -> Rendering:
        """Wait for the rendering of the track of a number.

        Raises:
            GenaudioError: it cannot be rendered.
            RuntimeError: what it was rendered together with failed.
        """
        place = self._places[number]
        if self._broken:
            raise RuntimeError(f"what it was rendered together with failed: {self._broken}")
        try:
            while self._next <= place:
                found = next(self._source)
                self._next += 1
        except Exception as error:
            self._broken = " ".join(str(error).split()) or type(error).__name__
            raise
        if isinstance(found, GenaudioError):
            raise found
        return found


@dataclass(frozen=True)
class _Turn:
    """Plays one track of a row."""

    row: Row
    number: int

    def render(self, score: Score, seed: int = 0, *, loudness: float = LOUDNESS) -> Rendering:
        """Return what the row made of it."""
        return self.row.take(self.number)


def ahead(source: Iterator[_Item], depth: int = 1) -> Generator[_Item]:
    """Yield the items of an iterator, asked for by a thread of its own while those before them are used.

    Args:
        source: the items; what it raises is raised here.
        depth: how many may wait.
    """
    queue: Queue[tuple[bool, _Item | BaseException | None]] = Queue(depth)
    left = threading.Event()

    def put(goes_on: bool, item: _Item | BaseException | None) -> None:
        while not left.is_set():
            with suppress(Full):
                queue.put((goes_on, item), timeout=_GLANCE)
                return

    def fetch() -> None:
        try:
            for item in source:
                put(True, item)
                if left.is_set():
                    return
            put(False, None)
        except BaseException as error:
            put(False, error)

    thread = threading.Thread(target=fetch, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            goes_on, item = queue.get()
            if goes_on:
                yield item  # type: ignore[misc]
            elif isinstance(item, BaseException):
                raise item
            else:
                return
    finally:
        left.set()
        thread.join()


def read_rendering(document: Document, node: yaml.Node | None) -> Batching | str | None:
    """Read how a plan's tracks are rendered: `ALONE`, or in which batches; None for what is usual on the device."""
    if node is None:
        return None
    if not isinstance(node, yaml.MappingNode):
        value = document.value(node)
        if value != ALONE:
            document.complain(node, f"rendering must be {ALONE} or a mapping of {', '.join(_KEYS)}, not {shown(value)}")
        return ALONE
    nodes, usual = document.mapping(node, _KEYS, "rendering"), Batching()
    chunks, precision, compiled = usual.chunks, usual.precision, usual.compiled
    if "chunks" in nodes:
        chunks = document.whole(nodes["chunks"], "the number of chunks", 1, MOST_CHUNKS) or chunks
    if "precision" in nodes:
        value = document.value(nodes["precision"])
        if value not in PRECISIONS:
            document.complain(nodes["precision"], f"the precision is {' or '.join(PRECISIONS)}, not {shown(value)}")
        else:
            precision = value
    if "compiled" in nodes:
        value = document.value(nodes["compiled"])
        if not isinstance(value, bool):
            document.complain(nodes["compiled"], f"compiled must be true or false, not {shown(value)}")
        compiled = value is True
    return Batching(chunks, precision=precision, compiled=compiled)
