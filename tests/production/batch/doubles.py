"""A crew whose two neural models are doubles that can be sent to worker processes."""

from __future__ import annotations

import errno
import os
import re
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import numpy as np

from checks import Catalogue, Screener, Work
from genaudio.errors import GenaudioError
from genaudio.melody.wish import Wish
from genaudio.production.batch.crew import Crew
from genaudio.renderer.chunks import Batching, Piece
from genaudio.renderer.mix import LOUDNESS
from genaudio.score import Key, Melody, Metre, Note, Score
from tests.production.doubles import SinePlayer, SineRendering, random_tune


def wild_tune(seed: int, notes: int = 32) -> Melody:
    """Return quarters and eighths of any pitch, such as no tune resembles by chance."""
    generator = np.random.default_rng(seed)
    pitches = generator.integers(58, 86, notes).tolist()
    lengths = generator.choice([0.5, 1.0], notes).tolist()
    onsets = accumulate(lengths, initial=0.0)
    written = [Note(onset, length, pitch) for onset, length, pitch in zip(onsets, lengths, pitches, strict=False)]
    return Melody(written, metre=Metre(4, 4), key=Key(2), tempo=120.0)


@dataclass
class ManyTunes:
    """Writes `tunes` by seed, wild tunes for other seeds; refuses the tempo 66."""

    tunes: dict[int, Melody] = field(default_factory=dict)
    seeds: list[int] = field(default_factory=list)

    def compose_each(self, wishes: list[Wish], seeds: list[int]) -> list[Melody]:
        if any(wish.tempo == 66 for wish in wishes):
            raise GenaudioError("nobody can play at 66")
        self.seeds += seeds
        return [self.tunes.get(seed) or wild_tune(seed) for seed in seeds]


@dataclass
class Trouble:
    """Plays sines, but does `what` in tracks of that length in quarter notes; `once`: until the file is there.

    Attributes:
        what: ``die``, ``hang``, ``raise``, ``refuse`` or ``full``.
        at: number of notes of the scores in which it happens; None for all.
        flag: the file.
        pause: seconds that every track takes longer.
    """

    what: str = ""
    at: int | None = None
    flag: Path | None = None
    pause: float = 0.0

    def __call__(self) -> Trouble:
        return self

    def render(self, score: Score, seed: int = 0, loudness: float | None = None) -> SineRendering:
        time.sleep(self.pause)
        struck = bool(self.what) and self.at in (None, len(score.notes))
        if struck and (self.flag is None or self._first()):
            self._misbehave()
        return SinePlayer().render(score, seed, loudness)

    def _first(self) -> bool:
        """Leave the flag; False where another worker was faster."""
        try:
            os.close(os.open(str(self.flag), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def _misbehave(self) -> None:
        if self.what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.what == "hang":
            time.sleep(3600)
        if self.what == "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        if self.what == "refuse":
            raise GenaudioError("there are no notes to render")
        raise RuntimeError("the renderer fell over")


@dataclass
class Choir(Trouble):
    """As `Trouble`, but plays many scores together; writes how many into a file of `log`, if there is one.

    Attributes:
        log: a folder, in which each row of scores leaves a file.
    """

    log: Path | None = None

    def __call__(self) -> Choir:
        return self

    def render_many(self, pieces: Iterable[Piece], batching: Batching) -> Iterator[SineRendering | GenaudioError]:
        pieces = list(pieces)
        if self.log is not None:
            (self.log / f"{os.getpid()}-{time.monotonic_ns()}").write_text(f"{len(pieces)} {batching.chunks}")
        for piece in pieces:
            try:
                yield self.render(piece.score, piece.seed, None if piece.loudness == LOUDNESS else piece.loudness)
            except GenaudioError as error:
                yield error


class Stillborn:
    """Ends its worker while it loads."""

    def __call__(self) -> Trouble:
        os._exit(7)


class Unloadable:
    """Cannot be loaded."""

    def __call__(self) -> Trouble:
        raise GenaudioError("this machine has no device 'cuda:7'")


def protected_at(folder: Path) -> Path:
    """Build a small real catalogue where none is yet; return its folder."""
    if not folder.exists():
        Catalogue.build([Work(f"work-{seed}", melody=random_tune(seed)) for seed in range(40)], folder)
    return folder


def crew_of(folder: Path, composer: ManyTunes | None = None, renderer: object | None = None) -> Crew:
    """Return a crew that screens against the catalogue in a folder."""

    def screener(paths: list[Path]) -> Screener:
        return Screener(Catalogue.open(folder), *(Catalogue.open(path) for path in paths))

    return Crew(lambda: composer or ManyTunes(), screener, renderer or Trouble(), "cpu")  # type: ignore[arg-type, return-value]


def tree(root: Path) -> dict[str, bytes]:
    """Return all files of a batch by name, without what tells the time that it was made at, and how long it took."""
    files = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not name.startswith(".batch/") and name != "summary.json":
            content = path.read_bytes()
            if path.name == "report.html":
                content = re.sub(rb"\d{4}-\d\d-\d\d \d\d:\d\d UTC", b"", content)
            if path.name == "manifest.json":
                content = re.sub(rb'"time": \{.*?\}\n  \}', b"", content, flags=re.DOTALL)
                content = re.sub(rb'("report.html": \{\s*"sha256": )"\w+"', rb"\1", content)
            files[name] = content
    return files
