"""The tracks that there are already, of this batch and of earlier ones, searched like catalogues.

So that a track is compared with exactly those before it, whatever was made when, the tracks so far are cut at fixed
places: those up to the last multiple of 4096, from there to the last multiple of 256, of 16, and the rest. Each piece
is a small catalogue of its own, and only the last one is built anew for every track.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from checks import Catalogue, CatalogueError, Screener, Screening, Work
from genaudio.errors import GenaudioError
from genaudio.production.exhibits import catalogue_list
from genaudio.production.folder import MANIFEST
from genaudio.production.release import KIND
from genaudio.score import Melody, ScoreError, main_voice, read_score

BATCH = "earlier tracks of this batch"
LIBRARY = "library"
"""What reports call the two."""
CUTS = (4096, 256, 16, 1)
LARGE = 256
"""Tracks from which on a piece is built on the disk."""
MEMORY = Path("/dev/shm")
"""Where smaller ones are built, where there is such a folder: a disk takes longer to write than they take to build."""


class Earlier:
    """Screens melodies against catalogues and against the tracks before them.

    Args:
        folder: where catalogues are built; emptied first.
        screener: the catalogues.
        library: the tracks of earlier batches.
    """

    def __init__(self, folder: Path, screener: Screener, library: Sequence[Work] = ()) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _tidy_memory()
        self.folder = folder
        self.catalogues = screener.catalogues
        self.library = (_opened(library, LIBRARY, folder),) if library else ()
        self._works: list[Work] = []
        self._pieces: dict[tuple[int, int], Catalogue] = {}
        self._screener: Screener | None = None

    def add(self, work: Work) -> None:
        """Add a finished melody; the next ones are compared with it too."""
        self._works.append(work)
        self._screener = None

    @property
    def screener(self) -> Screener:
        """Searches all of it, as it is now."""
        if self._screener is None:
            self._pieces = {span: self._pieces.get(span) or self._build(*span) for span in spans(len(self._works))}
            self._screener = Screener(*self.catalogues, *self.library, *self._pieces.values())
        return self._screener

    def screen(self, melody: Melody) -> Screening:
        """Compare a melody with all of it."""
        return self.screener.screen(melody)

    def compared(self) -> list[dict[str, Any]]:
        """Return `name`, `works` and `sha256` of the library and of the tracks so far, where there are any."""
        found = catalogue_list(Screener(*self.library)) if self.library else []
        if self._works:
            digest = hashlib.sha256("".join(piece.sha256 for piece in self._pieces.values()).encode()).hexdigest()
            found.append({"name": BATCH, "works": len(self._works), "sha256": digest})
        return found

    def close(self) -> None:
        """Remove what was built."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _build(self, start: int, stop: int) -> Catalogue:
        works = self._works[start:stop]
        if stop - start < LARGE and os.access(MEMORY, os.W_OK):
            with suppress(CatalogueError):  # memory may be scarce
                return _opened(works, BATCH, MEMORY)
        return _opened(works, BATCH, self.folder)


def _tidy_memory() -> None:
    """Remove what runs left in memory that were killed while they built."""
    for path in MEMORY.glob("genaudio-*-*"):
        if not Path("/proc", path.name.split("-")[1]).exists():
            shutil.rmtree(path, ignore_errors=True)


def _opened(works: Sequence[Work], name: str, place: Path) -> Catalogue:
    """Build a catalogue that lasts as long as it is used: its files are removed once they are opened."""
    prefix = f"genaudio-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True) as folder:
        catalogue = Catalogue.build(works, Path(folder) / "catalogue", name)
        _ = catalogue.records
    return catalogue


def spans(count: int) -> list[tuple[int, int]]:
    """Cut so many tracks into pieces: ``spans(300)`` is ``[(0, 256), (256, 288), (288, 300)]``."""
    ends = [count // cut * cut for cut in CUTS]
    return [(start, stop) for start, stop in zip([0, *ends], ends, strict=False) if start < stop]


def library_works(folders: Sequence[Path], without: Path) -> list[Work]:
    """Return the melodies of all release packages in some folders, searched in depth.

    Args:
        folders: where to look.
        without: the folder of this batch, which is passed over.

    Raises:
        GenaudioError: a folder is missing, or a track in it cannot be read: it could not be compared with.
    """
    works: list[Work] = []
    names: Counter[str] = Counter()
    seen: set[Path] = set()
    for folder in folders:
        if not folder.is_dir():
            raise GenaudioError(f"there is no folder {folder} to compare with")
        for place, manifest in _packages(folder):
            resolved = place.resolve()
            if resolved in seen or resolved.is_relative_to(without.resolve()):
                continue
            seen.add(resolved)
            name = (Path(folder.resolve().name) / place.relative_to(folder)).as_posix()
            names[name] += 1
            works.append(
                Work(
                    name if names[name] == 1 else f"{name} ({names[name]})",
                    str(manifest.get("title", "")),
                    _melody(place),
                )
            )
    return works


def _melody(place: Path) -> Melody:
    try:
        voice = main_voice(read_score(place / "track.mid"))
    except ScoreError as error:
        raise GenaudioError(
            f"the track {place} cannot be compared with ({error}); repair it, or move it out of the library"
        ) from error
    return Melody(()) if voice is None else voice.melody


def library_codes(folders: Sequence[Path], without: Path) -> dict[str, str]:
    """Return the ISRCs of all release packages in some folders, each with the package that has it.

    Args:
        folders: where to look.
        without: the folder of this batch, which is passed over.

    Raises:
        GenaudioError: a manifest cannot be read.
    """
    found: dict[str, str] = {}
    for folder in folders:
        for place, manifest in _packages(folder):
            code = (manifest.get("credits") or {}).get("isrc")
            if code and not place.resolve().is_relative_to(without.resolve()):
                found[str(code)] = str(place)
    return found


def _packages(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield folder and manifest of each release package below a folder, in order; hidden folders are passed over."""
    for path in sorted(folder.rglob(MANIFEST)):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise GenaudioError(f"{path} cannot be read: {error}; repair it, or move it out of the library") from error
        if isinstance(manifest, dict) and manifest.get("kind") == KIND:
            yield path.parent, manifest
