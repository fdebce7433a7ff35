"""The files that ship: weights, training works and their fingerprints, each checked against its SHA-256 before use.

`manifest.json` lists every file with its hash; ``python -m genaudio.assets FILE...`` enters new ones.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path

from genaudio.errors import IncompatibleError

FOLDER = Path(__file__).parent
MANIFEST = FOLDER / "manifest.json"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entries() -> dict[str, str]:
    """Return the SHA-256 of each shipped file by its name relative to the folder of assets.

    Raises:
        IncompatibleError: the manifest is missing or damaged.
    """
    try:
        return dict(json.loads(MANIFEST.read_text())["files"])
    except (OSError, ValueError, KeyError) as error:
        raise IncompatibleError(
            f"the list of shipped files {MANIFEST} cannot be read; install genaudio again"
        ) from error


@cache
def asset(name: str) -> Path:
    """Return the path of a shipped file such as ``melody/model.safetensors``, its hash checked once a process.

    Raises:
        IncompatibleError: the file is missing, or its hash is not the manifest's.
    """
    path = FOLDER / name
    expected = entries().get(name)
    if expected is None or not path.is_file():
        raise IncompatibleError(f"the shipped file {name} is missing; install genaudio again")
    if sha256(path) != expected:
        raise IncompatibleError(f"the shipped file {path} is damaged: its SHA-256 is not the manifest's; install again")
    return path


def seal(*names: str) -> None:
    """Enter files of the folder into the manifest with their present hashes; names that are gone are taken out."""
    files = entries() if MANIFEST.is_file() else {}
    files.update({name: sha256(FOLDER / name) for name in names})
    files = {name: digest for name, digest in sorted(files.items()) if (FOLDER / name).is_file()}
    temporary = MANIFEST.with_suffix(".tmp")
    temporary.write_text(json.dumps({"schema_version": 1, "files": files}, indent=2) + "\n")
    os.replace(temporary, MANIFEST)
    asset.cache_clear()
