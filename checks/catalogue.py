"""A catalogue of protected works on disk: opened in milliseconds, refused when it does not fit.

The works lie in segments. Adding works writes a new segment and leaves the others as they are; small segments are
merged when more of their size come. O'Neil, Cheng, Gawlick and O'Neil (1996), The log-structured merge-tree.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checks import storage
from checks.batch import SEGMENT_NOTES, Batch, gathered, some
from checks.errors import CatalogueError, IncompatibleCatalogue
from checks.fingerprint import DATASKETCH_MAJOR, Fingerprint
from checks.line import Line, Lines
from checks.ngrams import Shingling
from checks.records import JoinedRecords, Record, WorkList
from checks.segment import Segment, files
from checks.work import Work

FORMAT = 2
"""Version of the layout on disk; format 1, of one segment, is read as well."""
READ = (1, FORMAT)
MERGED = 4
"""A segment is merged with those that follow it when it is not so many times larger."""
_ATTEMPTS = 5


class Catalogue:
    """Protected works with their fingerprints and n-gram index.

    Make one with `Catalogue.build` or `Catalogue.open`.

    Attributes:
        path: its folder.
        name: what reports call it.
        sha256: hash of all that it holds; equal works, added in equal steps with equal parameters, have equal hashes.
        segments: its works, as they lie on disk.
        lines: the notes of all works.
        records: what is known of each work besides its notes.
        fingerprint, shingling: the parameters of signatures and n-grams.
    """

    def __init__(self, path: Path, manifest: dict[str, Any], fingerprint: Fingerprint, shingling: Shingling) -> None:
        """Load an opened catalogue; callers use `open`."""
        self.path = path
        self.fingerprint = fingerprint
        self.shingling = shingling
        self._load(manifest)

    @classmethod
    def build(
        cls,
        works: Iterable[Work | Batch],
        path: str | Path,
        name: str | None = None,
        fingerprint: Fingerprint | None = None,
        shingling: Shingling | None = None,
    ) -> Catalogue:
        """Build a catalogue in a folder, in place of the one that is there.

        Until it is complete the old one stays; a crash leaves the old one. Works that are too short to search for
        are kept and counted as unsearchable. One segment of works is in memory at a time.

        Args:
            works: any iterable of works, or of batches of them.
            path: the folder.
            name: what reports call it; the folder's name where missing.
            fingerprint, shingling: parameters other than the usual ones, to be given again when opening.

        Raises:
            CatalogueError: two works have one id, there are none, or the folder cannot be written.
        """
        folder = Path(path)
        fingerprint, shingling = fingerprint or Fingerprint(), shingling or Shingling()
        with storage.lock(folder):
            entries = _written(folder, gathered(works), fingerprint, shingling)
            _publish(folder, name or folder.resolve().name, entries, fingerprint, shingling)
        return cls.open(folder, fingerprint, shingling)

    @classmethod
    def open(
        cls, path: str | Path, fingerprint: Fingerprint | None = None, shingling: Shingling | None = None
    ) -> Catalogue:
        """Open a catalogue for searching.

        Raises:
            CatalogueError: there is none.
            IncompatibleCatalogue: it was made with other parameters, by another version, or is damaged.
        """
        folder = Path(path)
        fingerprint, shingling = fingerprint or Fingerprint(), shingling or Shingling()
        manifest = storage.read_manifest(folder)
        for _ in range(_ATTEMPTS):
            check_parameters(folder, manifest, fingerprint, shingling)
            try:
                storage.check_files(folder, manifest)
                return cls(folder, manifest, fingerprint, shingling)
            except (IncompatibleCatalogue, FileNotFoundError) as error:
                before, manifest = manifest, storage.read_manifest(folder)
                if manifest == before:  # nobody wrote in between: the files are damaged
                    raise IncompatibleCatalogue(str(error)) from error
        raise CatalogueError(f"the catalogue {folder} is being written all the time: try again")

    def _load(self, manifest: dict[str, Any]) -> None:
        self.manifest = manifest
        self.name: str = manifest["name"]
        self.sha256: str = manifest["sha256"]
        entries = storage.segments(manifest)
        self.segments = [Segment(self.path, entry, self.fingerprint, self.shingling) for entry in entries]
        self.lines = Lines([segment.line for segment in self.segments])
        for name in ("records", "line", "searchable"):
            self.__dict__.pop(name, None)

    def __len__(self) -> int:
        return int(self.manifest["counts"]["works"])

    @cached_property
    def line(self) -> Line:
        """The notes of all works in one piece; a copy of them unless there is only one segment."""
        return self.lines.joined()

    @cached_property
    def records(self) -> Sequence[Record]:
        """What is known of each work besides its notes."""
        parts = [segment.records for segment in self.segments]
        return parts[0] if len(parts) == 1 else JoinedRecords(parts)

    @property
    def works(self) -> Sequence[Work]:
        """The works in their order; melodies are made when asked for, with times on the grid of 1/480 quarter."""
        return WorkList(self.records, self.lines)

    @cached_property
    def searchable(self) -> npt.NDArray[np.bool_]:
        """Which works are long enough to be searched for, [works] bool."""
        return self.lines.lengths >= self.shingling.shortest

    def number(self, name: str) -> int | None:
        """Return the number of the work with an id, or None."""
        for segment, offset in zip(self.segments, self.lines.work_offsets, strict=False):
            found = segment.number(name)
            if found is not None:
                return found + int(offset)
        return None

    def info(self) -> dict[str, Any]:
        """Return what `genaudio catalogue info` shows: name, counts, parameters, versions, size and hash."""
        shown = {key: value for key, value in self.manifest.items() if key not in ("files", "data", "segments")}
        return {**shown, "segments": len(self.segments), "path": str(self.path), "bytes": storage.size(self.manifest)}

    def verify(self) -> None:
        """Recompute the hashes of all files, and the signatures and indexes of all works.

        Raises:
            IncompatibleCatalogue: something differs; all files that differ are named.
        """
        manifest = storage.read_manifest(self.path)
        storage.check_files(self.path, manifest, hashes=True)
        for segment in self.segments:
            segment.verify()

    def add(self, works: Iterable[Work | Batch]) -> None:
        """Add works in a segment of their own; small segments that lie before it may be merged with it.

        Raises:
            CatalogueError: an id is already there, or the folder cannot be written.
        """
        with storage.lock(self.path):
            current = Catalogue.open(self.path, self.fingerprint, self.shingling)  # somebody may have written since
            fresh = _written(self.path, current._strangers(works), self.fingerprint, self.shingling)
            entries = [*storage.segments(current.manifest), *fresh]
            self._load(self._published(current.name, self._merged(entries)))

    def remove(self, ids: Iterable[str]) -> None:
        """Take works out by their ids; the segments that they are in are written again.

        Raises:
            CatalogueError: an id is unknown, or no work would be left.
        """
        unwanted = sorted(set(ids))
        with storage.lock(self.path):
            current = Catalogue.open(self.path, self.fingerprint, self.shingling)
            numbers = {name: current.number(name) for name in unwanted}
            unknown = [name for name, number in numbers.items() if number is None]
            if unknown:
                raise CatalogueError(f"not in the catalogue {self.name}: {some(unknown)}; nothing was removed")
            kept = np.ones(len(current), bool)
            kept[[number for number in numbers.values() if number is not None]] = False
            self._load(self._published(current.name, current._without(kept)))

    def _strangers(self, works: Iterable[Work | Batch]) -> Iterator[Batch]:
        """Yield batches of works whose ids are not in the catalogue."""
        for batch in gathered(works):
            known = [record.id for record in batch.records if self.number(record.id) is not None]
            if known:
                raise CatalogueError(f"ids must be unique, but the catalogue has {some(known)} already: rename them")
            yield batch

    def _merged(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Merge segments from the end while the one before is not much larger."""
        kept = list(entries)
        small: list[dict[str, Any]] = []
        while kept:
            notes = sum(entry["counts"]["notes"] for entry in small)
            before = kept[-1]["counts"]["notes"]
            if small and (before >= MERGED * notes or before + notes > SEGMENT_NOTES):
                break
            small.insert(0, kept.pop())
        if len(small) == 1:
            return [*kept, *small]
        opened = [Segment(self.path, entry, self.fingerprint, self.shingling).batch() for entry in small]
        return [*kept, *_written(self.path, [Batch.join(opened)], self.fingerprint, self.shingling)]

    def _without(self, kept: npt.NDArray[np.bool_]) -> list[dict[str, Any]]:
        """Write the segments again that lose works, and leave out those that lose all."""
        entries: list[dict[str, Any]] = []
        offsets = self.lines.work_offsets
        for number, entry in enumerate(storage.segments(self.manifest)):
            mine = kept[offsets[number] : offsets[number + 1]]
            if mine.all():
                entries.append(entry)
            elif mine.any():
                rest = self.segments[number].batch().take(np.flatnonzero(mine))
                entries += _written(self.path, [rest], self.fingerprint, self.shingling)
        return entries

    def _published(self, name: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
        return _publish(self.path, name, entries, self.fingerprint, self.shingling)


def _written(
    folder: Path, batches: Iterable[Batch], fingerprint: Fingerprint, shingling: Shingling
) -> list[dict[str, Any]]:
    """Write segments, which no manifest names yet; what was written is removed when anything goes wrong."""
    entries = []
    try:
        for batch in batches:
            arrays, counts = files(batch, fingerprint, shingling)
            entries.append({**storage.write_segment(folder, arrays), "counts": counts})
    except BaseException:
        storage.sweep(folder)
        raise
    return entries


def _publish(
    folder: Path, name: str, entries: list[dict[str, Any]], fingerprint: Fingerprint, shingling: Shingling
) -> dict[str, Any]:
    counts = {key: sum(entry["counts"][key] for entry in entries) for key in entries[0]["counts"]} if entries else {}
    if not counts.get("works"):
        storage.sweep(folder)
        raise CatalogueError("a catalogue needs at least one work")
    return storage.publish(folder, {
        "format": FORMAT,
        "name": name,
        "counts": counts,
        "fingerprint": fingerprint.as_manifest(),
        "shingling": shingling.as_manifest(),
        "software": _software(),
        "segments": entries,
    })  # fmt: skip


def _software() -> dict[str, str]:
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    try:
        versions["datasketch"] = version("datasketch")
    except PackageNotFoundError:
        versions["datasketch"] = f"{DATASKETCH_MAJOR}.0.0"
    return versions


def check_parameters(
    folder: Path | str, manifest: dict[str, Any], fingerprint: Fingerprint, shingling: Shingling
) -> None:
    """Refuse a catalogue whose numbers mean something else, naming every difference.

    Raises:
        IncompatibleCatalogue: the manifest has another format, other parameters, or another version of datasketch.
    """
    if manifest.get("format") not in READ:
        raise IncompatibleCatalogue(
            f"the catalogue {folder} has format {manifest.get('format')!r} and this version reads {READ}: "
            "build it again from its works"
        )
    differences = []
    for part, ours in (("fingerprint", fingerprint.as_manifest()), ("shingling", shingling.as_manifest())):
        theirs = manifest.get(part)
        theirs = theirs if isinstance(theirs, dict) else {}
        for key in sorted(ours.keys() | theirs.keys()):
            if theirs.get(key) != ours.get(key):
                differences.append(f"{key} is {theirs.get(key)!r}, not {ours.get(key)!r}")
    software = manifest.get("software")
    major = str(software.get("datasketch", "") if isinstance(software, dict) else "").split(".")[0]
    if major != str(DATASKETCH_MAJOR):
        differences.append(f"it was written with datasketch {major or 'unknown'}, not {DATASKETCH_MAJOR}")
    if differences:
        raise IncompatibleCatalogue(
            f"the catalogue {folder} was made with other fingerprint parameters ({'; '.join(differences)}), and a "
            "search in it would miss copies: build it again from its works"
        )
