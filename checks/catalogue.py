"""A catalogue of protected works on disk: built once, opened in milliseconds, refused when it does not fit."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checks import storage
from checks.errors import CatalogueError, IncompatibleCatalogue
from checks.fingerprint import DATASKETCH_MAJOR, Fingerprint, Hashes, band_keys
from checks.line import Ints, Line
from checks.ngrams import Shingling, tune_shingles, window_shingles, windows
from checks.postings import Postings
from checks.records import Record, WorkList, pack_records, unpack_records
from checks.work import Work

FORMAT = 1
"""Version of the layout on disk."""


class Catalogue:
    """Protected works with their fingerprints and n-gram index.

    Make one with `Catalogue.build` or `Catalogue.open`.

    Attributes:
        path: its folder.
        name: what reports call it.
        sha256: hash of all that it holds; equal works and parameters have equal hashes.
        line: the notes of all works, end to end.
        signatures: MinHash signatures of the works, [works, permutations] uint32.
        windows: first notes of the passage windows, [W] int32; window_bands: their band keys [bands, W] uint32.
        postings: the exact n-gram index.
        fingerprint, shingling: the parameters of the above.
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
        works: Iterable[Work],
        path: str | Path,
        name: str | None = None,
        fingerprint: Fingerprint | None = None,
        shingling: Shingling | None = None,
    ) -> Catalogue:
        """Build a catalogue in a folder, in place of the one that is there.

        Until it is complete the old one stays; a crash leaves the old one. Works that are too short to search for
        are kept and counted as unsearchable.

        Args:
            works: any iterable of works.
            path: the folder.
            name: what reports call it; the folder's name where missing.
            fingerprint, shingling: parameters other than the usual ones, to be given again when opening.

        Raises:
            CatalogueError: two works have one id, there are none, or the folder cannot be written.
        """
        folder = Path(path)
        fingerprint, shingling = fingerprint or Fingerprint(), shingling or Shingling()
        with storage.lock(folder):
            _write(folder, works, name or folder.resolve().name, fingerprint, shingling)
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
        _check_parameters(folder, manifest, fingerprint, shingling)
        storage.check_files(folder, manifest)
        return cls(folder, manifest, fingerprint, shingling)

    def _load(self, manifest: dict[str, Any]) -> None:
        data = self.path / manifest["data"]
        arrays = {name: storage.load_array(data / name) for name in manifest["files"] if name.endswith(".npy")}
        self.manifest = manifest
        self.name: str = manifest["name"]
        self.sha256: str = manifest["sha256"]
        self.line = Line(*(arrays[name] for name in ("onsets.npy", "durations.npy", "pitches.npy", "starts.npy")))
        self.signatures: Hashes = arrays["signatures.npy"]
        self.windows: Ints = arrays["windows.npy"]
        self.window_bands: Hashes = arrays["window_bands.npy"]
        self.postings = Postings.load(arrays, self.shingling.index_length)
        self._records_path = data / "works.jsonl.gz"
        self.__dict__.pop("records", None)

    def __len__(self) -> int:
        return int(self.manifest["counts"]["works"])

    @cached_property
    def records(self) -> list[Record]:
        """What is known of each work besides its notes."""
        try:
            return unpack_records(self._records_path.read_bytes())
        except (OSError, ValueError, TypeError, EOFError) as error:
            raise IncompatibleCatalogue(f"cannot read {self._records_path}: {error}; build it again") from error

    @property
    def works(self) -> Sequence[Work]:
        """The works in their order; melodies are made when asked for, with times on the grid of 1/480 quarter."""
        return WorkList(self.records, self.line)

    @cached_property
    def searchable(self) -> npt.NDArray[np.bool_]:
        """Which works are long enough to be searched for, [works] bool."""
        return np.diff(self.line.starts) >= self.shingling.shortest

    def info(self) -> dict[str, Any]:
        """Return what `genaudio catalogue info` shows: name, counts, parameters, versions, size and hash."""
        size = sum(entry["bytes"] for entry in self.manifest["files"].values())
        shown = {key: value for key, value in self.manifest.items() if key not in ("files", "data")}
        return {**shown, "path": str(self.path), "bytes": size}

    def verify(self) -> None:
        """Recompute the hashes of all files and the signatures of all works.

        Raises:
            IncompatibleCatalogue: something differs; all differences are named.
        """
        manifest = storage.read_manifest(self.path)
        storage.check_files(self.path, manifest, hashes=True)
        fresh = _signatures(self.line, self.fingerprint, self.shingling)
        if not np.array_equal(fresh, self.signatures):
            raise IncompatibleCatalogue(f"the signatures in {self.path} are not those of its works: build it again")

    def add(self, works: Iterable[Work]) -> None:
        """Add works; the catalogue on disk is replaced all at once.

        Raises:
            CatalogueError: an id is already there, or the folder cannot be written.
        """
        self._rewrite(lambda old: [*old, *works])

    def remove(self, ids: Iterable[str]) -> None:
        """Take works out by their ids; the catalogue on disk is replaced all at once.

        Raises:
            CatalogueError: an id is unknown, or no work would be left.
        """
        unwanted = set(ids)

        def without(old: Sequence[Work]) -> list[Work]:
            unknown = sorted(unwanted - {work.id for work in old})
            if unknown:
                raise CatalogueError(f"not in the catalogue {self.name}: {_some(unknown)}; nothing was removed")
            return [work for work in old if work.id not in unwanted]

        self._rewrite(without)

    def _rewrite(self, change: Any) -> None:
        with storage.lock(self.path):
            current = Catalogue.open(self.path, self.fingerprint, self.shingling)  # somebody may have written since
            works = change(current.works)
            self._load(_write(self.path, works, current.name, self.fingerprint, self.shingling))
        self.__dict__.pop("searchable", None)


def _write(
    folder: Path, works: Iterable[Work], name: str, fingerprint: Fingerprint, shingling: Shingling
) -> dict[str, Any]:
    kept = list(works)
    _check_works(kept)
    line = Line.of(work.melody for work in kept)
    firsts = windows(line, shingling, shingling.window_hop)
    bands = fingerprint.window_bands
    short = int(np.count_nonzero(np.diff(line.starts) < shingling.shortest))
    manifest = {
        "format": FORMAT,
        "name": name,
        "counts": {"works": len(kept), "notes": len(line), "windows": len(firsts), "unsearchable": short},
        "fingerprint": fingerprint.as_manifest(),
        "shingling": shingling.as_manifest(),
        "software": _software(),
    }
    files: dict[str, storage.Array | bytes] = {
        "works.jsonl.gz": pack_records(kept),
        "onsets.npy": line.onsets,
        "durations.npy": line.durations,
        "pitches.npy": line.pitches,
        "starts.npy": line.starts,
        "signatures.npy": _signatures(line, fingerprint, shingling),
        "windows.npy": firsts.astype(np.int32),
        "window_bands.npy": band_keys(fingerprint.sign_windows(window_shingles(line, firsts, shingling)), bands),
        **Postings.build(line, shingling.index_length).arrays(),
    }
    return storage.write(folder, files, manifest)


def _signatures(line: Line, fingerprint: Fingerprint, shingling: Shingling) -> Hashes:
    return fingerprint.sign_groups(*tune_shingles(line, shingling), line.melodies)


def _check_works(works: Sequence[Work]) -> None:
    if not works:
        raise CatalogueError("a catalogue needs at least one work")
    seen: set[str] = set()
    double: list[str] = []
    for work in works:
        if not isinstance(work, Work):
            raise CatalogueError(f"a catalogue is built of checks.Work, not {type(work).__name__}")
        if work.id in seen:
            double.append(work.id)
        seen.add(work.id)
    if double:
        raise CatalogueError(f"ids must be unique, but several works are called {_some(double)}: rename them")


def _some(names: Sequence[str], limit: int = 5) -> str:
    shown = ", ".join(repr(name) for name in dict.fromkeys(names[:limit]))
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def _software() -> dict[str, str]:
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    try:
        versions["datasketch"] = version("datasketch")
    except PackageNotFoundError:
        versions["datasketch"] = f"{DATASKETCH_MAJOR}.0.0"
    return versions


def _check_parameters(folder: Path, manifest: dict[str, Any], fingerprint: Fingerprint, shingling: Shingling) -> None:
    """Refuse a catalogue whose numbers mean something else, naming every difference."""
    if manifest.get("format") != FORMAT:
        raise IncompatibleCatalogue(
            f"the catalogue {folder} has format {manifest.get('format')!r} and this version reads format {FORMAT}: "
            "build it again from its works"
        )
    differences = []
    for part, ours in (("fingerprint", fingerprint.as_manifest()), ("shingling", shingling.as_manifest())):
        theirs = manifest.get(part) or {}
        for key in sorted(ours.keys() | theirs.keys()):
            if theirs.get(key) != ours.get(key):
                differences.append(f"{key} is {theirs.get(key)!r}, not {ours.get(key)!r}")
    major = str(manifest.get("software", {}).get("datasketch", "")).split(".")[0]
    if major != str(DATASKETCH_MAJOR):
        differences.append(f"it was written with datasketch {major or 'unknown'}, not {DATASKETCH_MAJOR}")
    if differences:
        raise IncompatibleCatalogue(
            f"the catalogue {folder} was made with other fingerprint parameters ({'; '.join(differences)}), and a "
            "search in it would miss copies: build it again from its works"
        )
