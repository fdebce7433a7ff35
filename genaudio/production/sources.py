"""Works for a catalogue, from files and folders of MIDI, MusicXML, ABC, JSONL and audio. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from checks import CatalogueError, Work
from genaudio.errors import GenaudioError
from genaudio.score import Melody, ScoreError, iter_entries
from genaudio.score.folders import find_files
from genaudio.score.read import SUFFIXES
from genaudio.transcription import SUFFIXES as AUDIO
from genaudio.transcription import hear_file, is_audio

HELD_OUT = "test"
"""The word for the training works' test split, where a file or folder is expected."""
_OWN_IDS = (*SUFFIXES["ABC"], *SUFFIXES["JSONL"])
Reject = Callable[[str, str], None]
"""Is told of each file or piece that is left out: where it is, and why."""


def read_works(
    sources: Sequence[Path], on_reject: Reject, tell: Callable[[float | None, str], None] | None = None
) -> Iterator[Work]:
    """Yield the works of files and folders: each tune of ABC and JSONL, the main voice of MIDI and MusicXML,
    the likeliest line that is heard in a recording.

    A work of JSONL keeps its id, a tune of ABC is called book:number, any other work by its path below the source. A
    work whose name is taken is called name#2, name#3...

    Args:
        sources: files and folders.
        on_reject: is told of what cannot be read, which is left out.
        tell: is told how far the work is.

    Raises:
        GenaudioError: a source is missing, or there is nothing to read.
    """
    files = find_files(sources, AUDIO)
    taken: set[str] = set()
    for number, (folder, path) in enumerate(files):
        if tell is not None:
            tell(number / len(files), f"Reading {path.name}")
        name = path.relative_to(folder).as_posix()

        def leave_out(place: str, why: str, path: Path = path) -> None:
            on_reject(f"{path}, {place}", why)

        try:
            if is_audio(path):
                yield _named(_heard(path, name), taken)
                continue
            for entry in iter_entries(path, on_reject=leave_out):
                identity = entry.id if path.suffix.lower() in _OWN_IDS else name
                work = Work(identity, entry.title or path.stem, entry.melody, entry.creator, entry.rights)
                yield _named(work, taken)
        except (ScoreError, GenaudioError, CatalogueError) as error:
            on_reject(str(path), str(error))


def _named(work: Work, taken: set[str]) -> Work:
    """Give a work a name of its own, so that of two with one id none is lost."""
    name, number = work.id, 2
    while name in taken:
        name, number = f"{work.id}#{number}", number + 1
    taken.add(name)
    return work if name == work.id else replace(work, id=name)


def _heard(path: Path, name: str) -> Work:
    heard = hear_file(path)
    if not heard.lines:
        raise ScoreError(f"no notes were heard in {path}")
    return Work(name, path.stem, heard.lines[0][1])


def read_reference(
    names: Sequence[str], on_reject: Reject, tell: Callable[[float | None, str], None] | None = None
) -> list[Melody]:
    """Return the melodies of files and folders, or for the word ``test`` the held-out test works.

    Raises:
        GenaudioError: a source is missing, or there is nothing to read.
    """
    found: list[Melody] = []
    for name in names:
        if name == HELD_OUT and not Path(name).exists():
            from genaudio.corpus import load_works

            found += [work.melody for work in load_works(HELD_OUT)]
        else:
            found += [work.melody for work in read_works([Path(name)], on_reject, tell)]
    return found
