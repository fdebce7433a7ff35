"""Screens files: every piece of every file, unreadable ones reported and never passed. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checks import Screener, Screening, Verdict
from checks.report import report_json, screening_json
from genaudio.errors import GenaudioError
from genaudio.score import Melody, ScoreError, iter_scores, melodic_lines
from genaudio.score.folders import find_files
from genaudio.transcription import SUFFIXES, hear_file, is_audio

LIMIT = 20
"""Works that are reported of one piece, as a rule."""


@dataclass(frozen=True)
class Piece:
    """One melody of a file with its screening.

    Attributes:
        file: where it comes from.
        name: which piece or voice of the file; None where nothing could be read.
        screening: the outcome; not-screened, with the reason, for what cannot be read.
        melody: the notes, None where nothing could be read.
        remark: what was left out of the voice, empty where nothing was.
        readable: False where the file or piece is damaged.
        heard: True where the notes were heard in a recording, so that they have seconds but no beats.
        set_aside: True where the voice cannot be judged but another one of its piece was, so that the piece was
            screened.
    """

    file: str
    name: str | None
    screening: Screening
    melody: Melody | None = None
    remark: str = ""
    readable: bool = True
    heard: bool = False
    set_aside: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the piece as an entry of `results`."""
        entry = screening_json(self.screening, self.file, self.name)
        flags = {"remark": self.remark, "heard": self.heard, "set_aside": self.set_aside}
        return {**entry, **{name: value for name, value in flags.items() if value}}


def screen_files(
    files: Sequence[Path],
    screener: Screener,
    limit: int = LIMIT,
    tell: Callable[[float | None, str], None] | None = None,
) -> list[Piece]:
    """Screen every line that could be a melody of every piece of some files; of folders, all files that can be read.

    Files and pieces that cannot be read are among the results as not-screened.

    Args:
        files: what to screen.
        screener: what to screen with.
        limit: most works that are reported of a piece; the verdict rests on all.
        tell: is told how far the work is.

    Raises:
        GenaudioError: the limit is less than 1.
    """
    if limit < 1:
        raise GenaudioError(f"the limit of reported works must be 1 or more, not {limit}")
    found: list[Piece] = []
    paths = [path for file in files for path in _expanded(file)]
    for number, file in enumerate(paths):
        if tell is not None:
            tell(number / len(paths), f"Screening {file.name}")
        try:
            found += _heard(file, screener, limit) if is_audio(file) else _read(file, screener, limit)
        except (ScoreError, GenaudioError) as error:
            found.append(_unreadable(file, None, str(error)))
    return found


def _expanded(file: Path) -> list[Path]:
    """Return the files of a folder; the folder itself, which cannot be read, where it holds none."""
    if not file.is_dir():
        return [file]
    try:
        return [path for _, path in find_files([file], SUFFIXES)]
    except GenaudioError:
        return [file]


def verdicts(pieces: Iterable[Piece]) -> list[str]:
    """Return the verdicts that decide the exit code: all but those of voices that are set aside."""
    return [str(piece.screening.verdict) for piece in pieces if not piece.set_aside]


def _read(file: Path, screener: Screener, limit: int) -> Iterator[Piece]:
    """Screen written music: each piece by itself, in all its lines."""
    damaged: list[tuple[str, str]] = []
    scores = count = 0
    for title, score in iter_scores(file, on_reject=lambda place, reason: damaged.append((place, reason))):
        scores += 1
        lines = melodic_lines(score)
        beside = notes_beside([line.melody for line in lines])
        pieces = []
        for line, others in zip(lines, beside, strict=True):
            name = line.name if title is None else title if len(lines) == 1 else f"{title}: {line.name}"
            remark = "" if line.monophonic else f"one line of several notes at a time; {line.dropped} notes left out"
            screening = screener.screen(line.melody, limit, others)
            pieces.append(Piece(str(file), name, screening, line.melody, remark))
        yield from _with_asides(pieces)
        count += len(pieces)
    for place, reason in damaged:
        yield _unreadable(file, place, reason)
    if not count and not damaged:
        lack = "has no notes of a pitched instrument" if scores else "holds no tune"
        raise ScoreError(f"{file} {lack}, so there is nothing to screen")


def _heard(file: Path, screener: Screener, limit: int) -> list[Piece]:
    """Screen a recording: each line that may be heard as its melody."""
    heard = hear_file(file)
    remark = f"heard in a recording of {heard.seconds:.0f} s, with some notes wrong or missing"
    beside = notes_beside([melody for _, melody in heard.lines])
    pieces = [
        Piece(str(file), name, screener.screen(melody, limit, others), melody, remark, heard=True)
        for (name, melody), others in zip(heard.lines, beside, strict=True)
    ]
    if not pieces:
        raise ScoreError(f"no notes were heard in {file}, so there is nothing to screen")
    return _with_asides(pieces)


def notes_beside(lines: Sequence[Melody]) -> list[int]:
    """Return for each line of a piece the notes that the others add to it; notes of several lines count once."""
    sounding = [{(note.onset, note.pitch) for note in line.notes} for line in lines]
    together = len(set().union(*sounding))
    return [together - len(own) for own in sounding]


def _with_asides(pieces: Sequence[Piece]) -> list[Piece]:
    """Set the voices of one piece aside that cannot be judged, if there is one that was."""
    unjudged = [piece.screening.verdict is Verdict.NOT_SCREENED for piece in pieces]
    if all(unjudged):
        return list(pieces)
    return [replace(piece, set_aside=aside) for piece, aside in zip(pieces, unjudged, strict=True)]


def _unreadable(file: Path, name: str | None, reason: str) -> Piece:
    return Piece(str(file), name, Screening(Verdict.NOT_SCREENED, 0, reason=reason), readable=False)


def screening_report(pieces: Sequence[Piece], screener: Screener) -> dict[str, Any]:
    """Return what ``genaudio screen --json`` prints."""
    return report_json(screener.catalogues, [piece.as_json() for piece in pieces])
