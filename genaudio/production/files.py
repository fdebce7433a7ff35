"""Single files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from genaudio.errors import GenaudioError


def write_text(path: Path, text: str) -> None:
    """Write a text file, replacing an old one at once.

    Raises:
        GenaudioError: the place cannot be written to.
    """
    check_writable(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise GenaudioError(f"{path} cannot be written: {error.strerror}") from error


def check_writable(path: Path) -> None:
    """Make sure, before any work is done, that a file can be written.

    Raises:
        GenaudioError: it is a folder, or its folder is missing or cannot be written to.
    """
    if path.is_dir():
        raise GenaudioError(f"{path} is a folder; give a file to write to")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise GenaudioError(f"cannot write to {path.parent}: {error.strerror}") from error
