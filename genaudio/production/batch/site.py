"""The folder that a batch is made in: whose it is, who writes there, and what is already whole.

batch.json            the plan and all else that decides the tracks; another batch is refused
tracks/NAME/          release packages, each there whole or not at all
.batch/               locks, and what was composed so far
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from genaudio.errors import GenaudioError
from genaudio.production.files import write_text
from genaudio.production.folder import MANIFEST, free_name
from genaudio.production.release import KIND

FINGERPRINT = "batch.json"
PAGES = ("index.html", "library.csv", "library.jsonl", "summary.json")
"""What is written about the tracks when a run ends."""
SCHEMA_VERSION = 1
SHOWN = 4
"""Differences that are named of another batch."""
PATIENCE = 60.0
"""Seconds that workers of a run that was killed may take to end."""


class Site:
    """The output folder of a batch.

    Args:
        root: the folder; it is made when it is opened.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tracks = root / "tracks"
        self.private = root / ".batch"

    @contextmanager
    def open(self, fingerprint: Mapping[str, Any], names: Collection[str] = ()) -> Iterator[None]:
        """Claim the folder for a batch within the block; what a stop left half-made is removed.

        Args:
            fingerprint: all that decides the tracks, as JSON.
            names: of the tracks' folders.

        Raises:
            GenaudioError: another batch is there, somebody else writes there, it holds other files, or the place
                cannot be written to.
        """
        self.check(fingerprint)
        self._make()
        with _lock(self.private / "lock", f"another run is making tracks in {self.root}; wait for it to end"):
            self._claim(fingerprint)
            with _lock(self.workers_lock, f"workers of an earlier run are still busy in {self.root}", PATIENCE):
                self._tidy(frozenset(names))
            yield

    @property
    def workers_lock(self) -> Path:
        """The file that every worker holds a shared lock of."""
        return self.private / "workers.lock"

    def check(self, fingerprint: Mapping[str, Any]) -> None:
        """Refuse a folder that belongs to another batch, without writing to it.

        Raises:
            GenaudioError: it does, or it holds other files.
        """
        path = self.root / FINGERPRINT
        if self.root.exists() and not self.root.is_dir():
            raise GenaudioError(f"{self.root} is a file; give a folder to write to")
        if not path.is_file():
            strangers = sorted(entry.name for entry in self.root.iterdir()) if self.root.is_dir() else []
            strangers = [name for name in strangers if name not in (self.private.name, self.tracks.name)]
            if strangers:
                raise GenaudioError(
                    f"the folder {self.root} holds other files ({strangers[0]}, ...) and no batch; give a new folder"
                )
            return
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise GenaudioError(f"{path} cannot be read ({error}), so it is not known what is made there") from error
        found = found if isinstance(found, dict) else {}
        if wrong := differences(found.get("fingerprint", {}), fingerprint):
            more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
            raise GenaudioError(
                f"the folder {self.root} holds another batch: {'; '.join(wrong[:SHOWN])}{more}; "
                "give another --out, or go on with what it was begun with"
            )

    def whole(self, name: str, seed: int) -> dict[str, Any] | None:
        """Return the manifest of a track that is there with all its files in their full size, else None."""
        return whole_package(self.tracks / name, seed)

    def _make(self) -> None:
        if self.root.exists() and not self.root.is_dir():
            raise GenaudioError(f"{self.root} is a file; give a folder to write to")
        try:
            for folder in (self.tracks, self.private):
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.tracks), tempfile.TemporaryFile(dir=self.private):
                pass
        except OSError as error:
            raise GenaudioError(f"cannot write to {self.root}: {error.strerror}") from error

    def _claim(self, fingerprint: Mapping[str, Any]) -> None:
        self.check(fingerprint)
        if not (self.root / FINGERPRINT).is_file():
            content = {"schema_version": SCHEMA_VERSION, "kind": "genaudio-batch", "fingerprint": fingerprint}
            write_text(self.root / FINGERPRINT, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def _tidy(self, names: frozenset[str]) -> None:
        """Remove temporary files and folders of a run that was killed; files of others stay."""
        for folder, known in ((self.tracks, names), (self.root, frozenset((FINGERPRINT, *PAGES)))):
            for path in folder.glob(".*.*"):
                if path.name[1:].rpartition(".")[0] not in known and _half_made(path.name) not in known:
                    continue
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    def set_aside(self, name: str) -> None:
        """Move a track that is damaged out of the way, where it can still be looked at.

        Raises:
            GenaudioError: it cannot be moved.
        """
        place = free_name(self.private / "damaged" / name)
        try:
            place.parent.mkdir(exist_ok=True)
            (self.tracks / name).rename(place)
        except OSError as error:
            raise GenaudioError(f"the damaged track {self.tracks / name} cannot be moved: {error.strerror}") from error


def _half_made(name: str) -> str:
    """Return the track that a folder such as ``.reels-0001.x7h2.partial`` was to become."""
    return re.sub(r"^\.(.+)\.[^.]+\.(partial|old)$", r"\1", name)


def whole_package(folder: Path, seed: int) -> dict[str, Any] | None:
    """Return the manifest of a package of that seed with all its files in their full size, else None."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["kind"] != KIND or manifest["seed"] != seed:
            return None
        for name, entry in manifest["files"].items():
            if (folder / name).stat().st_size != entry["bytes"]:
                return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return dict(manifest)


def differences(there: Any, here: Any) -> list[str]:
    """Name what differs between two fingerprints, such as ``"plan.seed is 5 there and 6 here"``."""
    ours, theirs = dict(_leaves(here)), dict(_leaves(there))
    found = []
    for name in dict.fromkeys([*theirs, *ours]):
        if ours.get(name) != theirs.get(name):
            words = (_said(values, name) for values in (theirs, ours))
            found.append(f"{name} is {next(words)} there and {next(words)} here")
    return found


def _said(values: Mapping[str, Any], name: str) -> str:
    text = "missing" if name not in values else str(values[name])
    return text if len(text) <= 40 else f"{text[:37]}..."


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, value) of everything in a JSON value; objects in lists go by their names."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and all(isinstance(item, Mapping) and "name" in item for item in value):
        for item in value:
            yield from _leaves({key: inner for key, inner in item.items() if key != "name"}, f"{name}.{item['name']}")
    else:
        yield name, value


@contextmanager
def _lock(path: Path, refusal: str, patience: float = 0.0) -> Iterator[None]:
    """Hold an exclusive lock within the block; the system frees it when the process ends, however it ends.

    Raises:
        GenaudioError: somebody else holds it for longer than `patience` seconds.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        until = time.monotonic() + patience
        while not _acquire(descriptor):
            if time.monotonic() >= until:
                raise GenaudioError(refusal)
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # no advisory locks on Windows
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def share(path: Path) -> int:
    """Take a shared lock for as long as this process lives; return its file descriptor."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    with suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor
