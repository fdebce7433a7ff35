"""Folders that are there whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genaudio.errors import GenaudioError

MANIFEST = "manifest.json"
"""The file that makes a folder a release package; only such folders are ever replaced."""
_RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)\d")
"""Names that Windows keeps for devices."""


def file_name(text: str) -> str:
    """Return a text as a name for files on any system: lower case ASCII, digits and single hyphens.

    ``"Reel in B♭ major, no. 7"`` becomes ``reel-in-bb-major-no-7``.
    """
    plain = unicodedata.normalize("NFKD", text.replace("♭", "b").replace("♯", "-sharp").replace("#", "-sharp"))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode().lower())
    name = "-".join(words)[:80].rstrip("-") or "track"
    return f"{name}-track" if _RESERVED.fullmatch(name) else name


def free_name(folder: Path) -> Path:
    """Return the folder itself if nothing is there yet, else the first of ``name-2``, ``name-3``... that is free."""
    candidate, number = folder, 2
    while candidate.exists():
        candidate = folder.with_name(f"{folder.name}-{number}")
        number += 1
    return candidate


def claim(folder: Path, overwrite: bool) -> None:
    """Make sure, before any work is done, that the folder can be written.

    Raises:
        GenaudioError: something is there that may not be replaced, or the place cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise GenaudioError(f"{folder} is a file; give a folder to write to")
    if folder.is_dir() and any(folder.iterdir()):
        if not overwrite:
            raise GenaudioError(f"the folder {folder} is there already; give another, or replace it with --overwrite")
        if not (folder / MANIFEST).is_file():
            raise GenaudioError(f"the folder {folder} is no release package of genaudio, so it is not replaced")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}."):
            pass
    except OSError as error:
        raise GenaudioError(f"cannot write to {folder.parent}: {error.strerror}") from error


@contextmanager
def whole_folder(folder: Path, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside the wanted one, which takes its place at the end or disappears on any error.

    Raises:
        GenaudioError: as `claim`, or the place cannot be written to any more.
    """
    claim(folder, overwrite)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".partial"))
    try:
        yield temporary
        temporary.chmod(0o755)
        _replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace(temporary: Path, folder: Path) -> None:
    """Put a finished folder in place; an old one is moved aside first and put back if that fails."""
    if not folder.exists():
        os.rename(temporary, folder)
        return
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".old"))
    os.rename(folder, aside / folder.name)
    try:
        os.rename(temporary, folder)
    except OSError:
        os.rename(aside / folder.name, folder)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
