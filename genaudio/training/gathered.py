"""Folders of what was read of a user's files, read once: `done` holds a digest of the files and is written last."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path


def digest_of(source: Path, files: Iterable[Path], settings: str) -> str:
    """Return a digest of which files lie under `source`, how large and old they are, and how they are read."""
    listing = "\n".join(f"{path.relative_to(source)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)
    return sha256(f"{settings}\n{listing}".encode()).hexdigest()


def is_gathered(folder: Path, digest: str) -> bool:
    """Tell whether a folder holds what was read of the files of a digest, whole."""
    done = folder / "done"
    return done.is_file() and json.loads(done.read_text())["digest"] == digest
