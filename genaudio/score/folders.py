"""Files of music in folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from genaudio.errors import GenaudioError
from genaudio.score.read import SUFFIXES

KNOWN = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
"""Extensions of the files that can be read."""


def find_files(sources: Sequence[Path], also: Collection[str] = ()) -> list[tuple[Path, Path]]:
    """Return (folder, file) of every readable kind of file in the sources, folders searched in depth, in order.

    Args:
        sources: files and folders.
        also: extensions of other kinds that are wanted.

    Raises:
        GenaudioError: a source is missing, or there is no such file at all.
    """
    found: list[tuple[Path, Path]] = []
    wanted = KNOWN.union(also)
    for source in sources:
        if source.is_dir():
            found += [(source, path) for path in _inside(source) if path.suffix.lower() in wanted]
        elif source.exists():
            found.append((source.parent, source))
        else:
            raise GenaudioError(f"there is no file or folder {source}")
    if not found:
        raise GenaudioError(f"no {', '.join(sorted(wanted))} file in {', '.join(map(str, sources))}")
    return found


def other_files(sources: Sequence[Path]) -> Counter[str]:
    """Count the files in the sources' folders that are of no readable kind, by their extensions."""
    inside = (path for source in sources if source.is_dir() for path in _inside(source))
    return Counter(path.suffix.lower() or path.name for path in inside if path.suffix.lower() not in KNOWN)


def _inside(folder: Path) -> list[Path]:
    """Return the files of a folder, searched in depth, in order."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
