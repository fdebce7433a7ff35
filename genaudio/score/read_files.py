"""Files as bytes: read with one clear sentence when they cannot be, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from genaudio.score.errors import ScoreError


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return a file's content.

    Raises:
        ScoreError: the file is missing, a folder, empty or unreadable.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise ScoreError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise ScoreError(f"{path} is a folder; name a file in it") from None
    except OSError as error:
        raise ScoreError(f"{path} cannot be read: {error.strerror or error}") from None
    if not data:
        raise ScoreError(f"{path} is empty")
    return data


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file under a temporary name and rename it, so that nobody meets half of it.

    Raises:
        ScoreError: the folder does not exist or cannot be written to.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ScoreError(f"{path} cannot be written: {error.strerror or error}") from None


def decode_text(data: bytes) -> str:
    """Decode UTF-8 (with or without a byte order mark) or, failing that, Latin-1."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
