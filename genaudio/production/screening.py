"""Screens files: every piece of every file, unreadable ones reported and never passed. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks import Screener, Screening, Verdict
from checks.report import report_json, screening_json
from genaudio.errors import GenaudioError
from genaudio.production.exhibits import catalogue_list, exhibit_of
from genaudio.production.report import Exhibit, render_page
from genaudio.score import Melody, ScoreError, iter_entries, read_score, voices

LIMIT = 20
"""Works that are reported of one piece, as a rule."""
_WORKS = (".jsonl", ".abc")


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
    """

    file: str
    name: str | None
    screening: Screening
    melody: Melody | None = None
    remark: str = ""
    readable: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the piece as an entry of `results`."""
        entry = screening_json(self.screening, self.file, self.name)
        return {**entry, "remark": self.remark} if self.remark else entry


def screen_files(
    files: Sequence[Path],
    screener: Screener,
    limit: int = LIMIT,
    tell: Callable[[float | None, str], None] | None = None,
) -> list[Piece]:
    """Screen all pieces of some files: each tune of ABC and JSONL, each voice of MIDI and MusicXML.

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
    for number, file in enumerate(files):
        if tell is not None:
            tell(number / len(files), f"Screening {file.name}")
        try:
            found += _pieces(file, screener, limit)
        except ScoreError as error:
            found.append(_unreadable(file, None, str(error)))
    return found


def _pieces(file: Path, screener: Screener, limit: int) -> Iterator[Piece]:
    if file.suffix.lower() in _WORKS:
        yield from _works(file, screener, limit)
        return
    taken = voices(read_score(file))
    if not taken:
        raise ScoreError(f"{file} has no notes of a pitched instrument, so there is nothing to screen")
    for voice in taken:
        remark = (
            "" if voice.monophonic else f"of the chords the highest notes were taken, {voice.dropped} others left out"
        )
        screening = screener.screen(voice.melody, limit)
        yield Piece(str(file), voice.name, screening, voice.melody, remark)


def _works(file: Path, screener: Screener, limit: int) -> Iterator[Piece]:
    damaged: list[tuple[str, str]] = []
    count = 0
    for entry in iter_entries(file, on_reject=lambda place, reason: damaged.append((place, reason))):
        count += 1
        yield Piece(str(file), entry.title or entry.id, screener.screen(entry.melody, limit), entry.melody)
    for place, reason in damaged:
        yield _unreadable(file, place, reason)
    if not count and not damaged:
        raise ScoreError(f"{file} holds no tune, so there is nothing to screen")


def _unreadable(file: Path, name: str | None, reason: str) -> Piece:
    return Piece(str(file), name, Screening(Verdict.NOT_SCREENED, 0, reason=reason), readable=False)


def screening_report(pieces: Sequence[Piece], screener: Screener) -> dict[str, Any]:
    """Return what ``genaudio screen --json`` prints."""
    return report_json(screener.catalogues, [piece.as_json() for piece in pieces])


def screening_page(pieces: Sequence[Piece], screener: Screener) -> str:
    """Return the report as one HTML file that works offline."""
    return render_page([_exhibit(piece, screener) for piece in pieces], catalogue_list(screener))


def _exhibit(piece: Piece, screener: Screener) -> Exhibit:
    name = Path(piece.file).name + (f": {piece.name}" if piece.name else "")
    if piece.melody is None:
        return Exhibit(name, str(piece.screening.verdict), reason=piece.screening.reason or "")
    details = {"File": piece.file, **({"Remark": piece.remark} if piece.remark else {})}
    return exhibit_of(name, piece.melody, piece.screening, screener, details=details)
