"""A catalogue's folder: arrays that are replaced all at once, and refused when a byte differs.

    manifest.json            what is there, with which parameters; replaced last, by one rename
    data-<hash>/*.npy        a segment: arrays without pickled objects, readable through a memory map

A writer fills new data folders and then renames the new manifest over the old one, so a crash at any moment leaves
either the old catalogue or the new one. Data folders that no manifest names are removed by the next writer. In format 1
there is one segment, whose works stand in a file works.jsonl.gz.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.errors import CatalogueError, IncompatibleCatalogue

MANIFEST = "manifest.json"
HASHED_ON_OPENING = 256 << 20
"""Files together larger than this are checked by size when opened, and by hash on `verify` only."""

_DATA, _FILE = re.compile(r"data-[0-9a-f]{12}"), re.compile(r"[A-Za-z0-9_]+(\.[a-z]+)+")

Array = npt.NDArray[Any]


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_manifest(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 that names a catalogue: of all it holds, but not of the versions that wrote it."""
    content = {key: value for key, value in manifest.items() if key not in ("sha256", "software")}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write_segment(folder: Path, arrays: Mapping[str, Array]) -> dict[str, Any]:
    """Write a data folder that no manifest names yet; must hold the `lock`.

    Returns:
        the name of the folder ("data") and the bytes and SHA-256 of each of its files ("files").

    Raises:
        CatalogueError: the folder cannot be written.
    """
    try:
        staging = Path(tempfile.mkdtemp(prefix=".data-", dir=folder))
        try:
            return _fill(folder, staging, arrays)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise CatalogueError(f"cannot write the catalogue {folder}: {error.strerror or error}") from error


def _fill(folder: Path, staging: Path, arrays: Mapping[str, Array]) -> dict[str, Any]:
    listing = {}
    for name, values in arrays.items():
        with (staging / name).open("wb") as file:
            np.save(file, values, allow_pickle=False)
            _sync(file.fileno())
        listing[name] = {"bytes": (staging / name).stat().st_size, "sha256": digest_file(staging / name)}
    whole = hashlib.sha256(json.dumps(listing, sort_keys=True).encode()).hexdigest()
    data = f"data-{whole[:12]}"
    staging.chmod(0o755)
    if (folder / data).exists():
        if not _damage(folder / data, listing, True):
            return {"data": data, "files": listing}
        shutil.rmtree(folder / data)
    staging.rename(folder / data)
    return {"data": data, "files": listing}


def publish(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Make a manifest the catalogue's, in place of the one that is there, if any; must hold the `lock`.

    Args:
        folder: the catalogue's folder.
        manifest: all but the SHA-256, which is added.

    Returns:
        the manifest as written.

    Raises:
        CatalogueError: the folder cannot be written.
    """
    manifest = {**manifest, "sha256": digest_manifest(manifest)}
    try:
        _replace_manifest(folder, manifest)
    except OSError as error:
        raise CatalogueError(f"cannot write the catalogue {folder}: {error.strerror or error}") from error
    sweep(folder, manifest)
    return manifest


def sweep(folder: Path, manifest: Mapping[str, Any] | None = None) -> None:
    """Remove data folders that the manifest does not name; None: the manifest that is there, if it is intact."""
    if manifest is None:
        try:
            manifest = read_manifest(folder)
        except IncompatibleCatalogue:
            return
        except CatalogueError:
            manifest = {"segments": []}
    named = {segment["data"] for segment in segments(manifest)}
    for old in (*folder.glob("data-*"), *folder.glob(".data-*")):
        if old.name not in named:
            shutil.rmtree(old, ignore_errors=True)


def segments(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the segments of a manifest: the folder, the files and the counts of each."""
    if manifest.get("format") == 1:
        return [{name: manifest[name] for name in ("data", "files", "counts")}]
    return list(manifest["segments"])


def _replace_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    temporary = folder / f".{MANIFEST}.new"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1, sort_keys=True)
        file.write("\n")
        file.flush()
        _sync(file.fileno())
    _sync_folder(folder)
    temporary.replace(folder / MANIFEST)
    _sync_folder(folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read and check a catalogue's manifest.

    Raises:
        CatalogueError: there is no catalogue.
        IncompatibleCatalogue: the manifest is damaged.
    """
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise CatalogueError(f"no catalogue at {folder}: build one there first, or correct the path") from None
    except OSError as error:
        raise CatalogueError(f"cannot read the catalogue {folder}: {error.strerror or error}") from error
    try:
        manifest = json.loads(text)
        intact = manifest["sha256"] == digest_manifest(manifest) and _is_sensible(manifest)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        intact = False
    if not intact:
        raise IncompatibleCatalogue(f"{path} is damaged or was changed by hand: build the catalogue again")
    return manifest


def _is_sensible(manifest: Mapping[str, Any]) -> bool:
    """Tell whether a manifest names a catalogue's parts as ours do, within its folder; a stranger can hash as well."""
    there = segments(manifest)
    parts = [manifest["counts"], *(segment["counts"] for segment in there)]
    return (
        isinstance(manifest["name"], str)
        and bool(there)
        and all(_is_count(part[name]) for part in parts for name in ("works", "notes"))
        and all(parts[0][name] == sum(part[name] for part in parts[1:]) for name in ("works", "notes"))
        and all(_DATA.fullmatch(segment["data"]) is not None for segment in there)
        and all(
            _FILE.fullmatch(name) is not None and _is_count(entry["bytes"]) and isinstance(entry["sha256"], str)
            for segment in there
            for name, entry in segment["files"].items()
        )
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def check_files(folder: Path, manifest: Mapping[str, Any], hashes: bool | None = None) -> None:
    """Check every file against the manifest.

    Args:
        folder: the catalogue's folder.
        manifest: its manifest.
        hashes: whether to hash the contents; None: if they are not large.

    Raises:
        IncompatibleCatalogue: files are missing, truncated or changed; all of them are named.
    """
    there = segments(manifest)
    if hashes is None:
        hashes = size(manifest) <= HASHED_ON_OPENING
    damage = [fault for one in there for fault in _damage(folder / one["data"], one["files"], hashes)]
    if damage:
        raise IncompatibleCatalogue(f"the catalogue {folder} is damaged ({'; '.join(damage)}): build it again")


def size(manifest: Mapping[str, Any]) -> int:
    """Return the bytes of all files together."""
    return sum(entry["bytes"] for segment in segments(manifest) for entry in segment["files"].values())


def _damage(data: Path, listing: Mapping[str, Any], hashes: bool) -> list[str]:
    found = []
    for name, entry in listing.items():
        path = data / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif path.stat().st_size != entry["bytes"]:
            found.append(f"{name} has {path.stat().st_size} bytes, not {entry['bytes']}")
        elif hashes and digest_file(path) != entry["sha256"]:
            found.append(f"{name} was changed: its SHA-256 differs")
    return found


def load_array(path: Path) -> Array:
    """Open an array through a read-only memory map.

    Raises:
        IncompatibleCatalogue: the file is no array.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # numpy reads the header as Python code, which fails in too many ways to list
        reason = " ".join(str(error).split())[:200]
        raise IncompatibleCatalogue(f"cannot read {path}: {reason}; build the catalogue again") from error
    return np.asarray(array)


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold a catalogue's write lock, making its folder where missing.

    Raises:
        CatalogueError: somebody else writes, the place cannot be written, or it holds something else.
    """
    _make(folder)
    try:
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise CatalogueError(f"cannot write the catalogue {folder}: {error.strerror or error}") from error
    try:
        _acquire(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _make(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise CatalogueError(f"{folder} is a file; a catalogue needs a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strangers = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise CatalogueError(f"cannot make the catalogue {folder}: {error.strerror or error}") from error
    unfinished = all(name.startswith("data-") for name in strangers)
    if MANIFEST not in strangers and not unfinished:
        raise CatalogueError(f"{folder} holds other files ({strangers[0]}, ...) and no catalogue: give a new folder")


def _acquire(descriptor: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # no advisory locks on Windows; the renames still keep the catalogue whole
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CatalogueError(f"somebody else is writing the catalogue {folder}: try again when they are done") from None


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
