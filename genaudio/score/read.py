"""Any file of music as a score or as works; the kind is told by what the file holds, then by its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from genaudio.score.errors import ScoreError
from genaudio.score.jsonl import Entry, parse_entry, parse_lines
from genaudio.score.read_files import decode_text, read_bytes
from genaudio.score.score import Score
from genaudio.score.voices import main_voice

if TYPE_CHECKING:
    from genaudio.score.abc_reader import AbcTune

Reject = Callable[[str, str], None]
"""Is told the place of a damaged work and the reason."""
_Work = TypeVar("_Work")
SUFFIXES: dict[str, tuple[str, ...]] = {
    "MIDI": (".mid", ".midi", ".kar"),
    "MusicXML": (".musicxml", ".xml", ".mxl"),
    "ABC": (".abc",),
    "JSONL": (".jsonl",),
}
"""The kinds of files that can be read and their extensions."""


def read_score(path: str | os.PathLike[str]) -> Score:
    """Read a MIDI, MusicXML, ABC or JSONL file as a score; one without notes gives a score without notes.

    Raises:
        ScoreError: the file is missing, of an unknown kind, damaged, or holds several works (see `read_entries`).
    """
    data = read_bytes(path)
    kind = _kind(data, path)
    name = str(path)
    if kind == "MIDI":
        from genaudio.score.midi_reader import read_midi

        return read_midi(data, name)
    if kind == "MusicXML":
        from genaudio.score.musicxml_reader import read_musicxml

        return read_musicxml(data, name)
    if kind == "ABC":
        from genaudio.score.abc_reader import read_tune_score, split_tunes

        tunes = split_tunes(decode_text(data))
        if len(tunes) > 1:
            raise _several(name, len(tunes))
        try:
            return read_tune_score(tunes[0])
        except ScoreError as error:
            raise ScoreError(f"{name}: {error}") from None
    entries = list(iter_entries(path))
    if len(entries) > 1:
        raise _several(name, len(entries))
    if not entries:
        return Score(())
    entry = entries[0]
    score = Score.from_melody(entry.melody)
    return Score(score.tracks, score.tempi, score.metres, score.keys, score.pickup, entry.title, entry.creator)


def _several(name: str, count: int) -> ScoreError:
    return ScoreError(f"{name} holds {count} works where one is wanted; save that one in a file of its own")


def read_entries(path: str | os.PathLike[str]) -> list[Entry]:
    """Read all works of a JSONL file, all tunes of an ABC file, or the main voice of a MIDI or MusicXML file.

    Raises:
        ScoreError: the file cannot be read, or one of its works cannot.
    """
    return list(iter_entries(path))


def iter_entries(path: str | os.PathLike[str], on_reject: Reject | None = None) -> Iterator[Entry]:
    """Yield the works of a file one by one, as `read_entries` does.

    Args:
        path: the file.
        on_reject: called with the place ("line 7", "tune 12") and the reason for each damaged work, which is left out;
            without it, the first damaged work ends the reading.

    Raises:
        ScoreError: the file cannot be read, or a work cannot and there is no `on_reject`.
    """
    data = read_bytes(path)
    kind = _kind(data, path)
    works: Iterator[tuple[str, Callable[[], Entry]]]
    if kind == "JSONL":
        works = ((f"line {number}", partial(parse_entry, line)) for number, line in parse_lines(data))
    elif kind == "ABC":
        from genaudio.score.abc_reader import read_tune, split_tunes

        works = (
            (f"tune {tune.number}", partial(read_tune, tune, Path(path).stem))
            for tune in split_tunes(decode_text(data))
        )
    else:
        yield _main_entry(path)
        return
    yield from _each(path, works, on_reject)


def iter_scores(path: str | os.PathLike[str], on_reject: Reject | None = None) -> Iterator[tuple[str | None, Score]]:
    """Yield every piece of a file with all its voices: (name, score).

    The name is the title, or else the id, of a tune of ABC and a work of JSONL, and None where a file is one piece.

    Raises:
        ScoreError: as `iter_entries`.
    """
    data = read_bytes(path)
    kind = _kind(data, path)
    works: Iterator[tuple[str, Callable[[], tuple[str | None, Score]]]]
    if kind == "JSONL":
        works = ((f"line {number}", partial(_entry_score, line)) for number, line in parse_lines(data))
    elif kind == "ABC":
        from genaudio.score.abc_reader import split_tunes

        tunes = split_tunes(decode_text(data))
        works = ((f"tune {tune.number}", partial(_tune_score, tune, Path(path).stem)) for tune in tunes)
    else:
        yield None, read_score(path)
        return
    yield from _each(path, works, on_reject)


def _each(
    path: str | os.PathLike[str], works: Iterator[tuple[str, Callable[[], _Work]]], on_reject: Reject | None
) -> Iterator[_Work]:
    """Read works one by one; a damaged one is rejected by its place or ends the reading."""
    for place, work in works:
        try:
            read = work()
        except ScoreError as error:
            if on_reject is None:
                raise ScoreError(f"{path}, {place}: {error}") from None
            on_reject(place, str(error))
            continue
        yield read


def _entry_score(line: str) -> tuple[str, Score]:
    entry = parse_entry(line)
    return entry.title or entry.id, Score.from_melody(entry.melody)


def _tune_score(tune: AbcTune, book: str) -> tuple[str, Score]:
    from genaudio.score.abc_reader import read_tune_score

    score = read_tune_score(tune)
    if not any(track.notes for track in score.tracks):
        raise ScoreError("the tune has no notes")
    return score.title or f"{book}:{tune.number}", score


def _main_entry(path: str | os.PathLike[str]) -> Entry:
    score = read_score(path)
    voice = main_voice(score)
    if voice is None:
        raise ScoreError(f"{path} has no notes of a pitched instrument")
    return Entry(Path(path).stem, voice.melody, score.title, score.creator)


def _kind(data: bytes, path: str | os.PathLike[str]) -> str:
    """Tell a file's kind by its first bytes or, where they say nothing, by its extension."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[:4] == b"MThd" or (data[:4] == b"RIFF" and data[8:12] == b"RMID"):
        return "MIDI"
    if data[:4] == b"PK\x03\x04" or data[:2] in (b"\xff\xfe", b"\xfe\xff") or start.startswith(b"<"):
        return "MusicXML"
    if start.startswith(b"{"):
        return "JSONL"
    if start.startswith((b"X:", b"%abc")) or b"\nX:" in data or b"\rX:" in data:
        return "ABC"
    suffix = Path(path).suffix.lower()
    for kind, suffixes in SUFFIXES.items():
        if suffix in suffixes:
            return kind
    known = "; ".join(f"{kind} ({' '.join(suffixes)})" for kind, suffixes in SUFFIXES.items())
    raise ScoreError(f"{path} is of no known kind; these can be read: {known}")
