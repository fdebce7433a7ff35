"""What people read of a screening of files: one HTML file, or the same as JSON."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from checks import Screener
from checks.verdict import Passage
from genaudio.errors import GenaudioError
from genaudio.production.exhibits import catalogue_list, exhibit_of, melody_of, passage_bars
from genaudio.production.report import Exhibit, render_page
from genaudio.production.report.page import NOT_LEGAL, NOT_SCREENED
from genaudio.production.screening import Piece, screening_report, verdicts

_CUT_RATE = 22_050
_LONGEST_CUT = 60.0
"""Seconds of a recording that one passage may embed."""
_MOST_CUTS = 24
"""Passages of a recording that can be heard in a report; of the others there are the notes as tones."""


def screening_page(pieces: Sequence[Piece], screener: Screener) -> str:
    """Return the report as one HTML file that works offline."""
    return render_page([_exhibit(piece, screener) for piece in pieces], catalogue_list(screener))


def screening_record(pieces: Sequence[Piece], screener: Screener) -> dict[str, Any]:
    """Return what the HTML says as JSON: that of the command, with counts, bar numbers, and what it does not say."""
    report = screening_report(pieces, screener)
    for piece, entry in zip(pieces, report["results"], strict=True):
        for kind, matches in (("matches", piece.screening.matches), ("nearest", piece.screening.nearest)):
            for match, written in zip(matches, entry[kind], strict=True):
                written["bars"] = passage_bars(match, None if piece.heard else piece.melody, melody_of(match, screener))
    counts = Counter(verdicts(pieces))
    worst = next((verdict for verdict in ("match", "review", "not-screened") if counts[verdict]), "clear")
    return {
        **report,
        "verdict": worst if pieces else "not-screened",
        "counts": dict(counts),
        "not_screened": list(NOT_SCREENED),
        "notice": NOT_LEGAL,
    }


def _exhibit(piece: Piece, screener: Screener) -> Exhibit:
    name = Path(piece.file).name + (f": {piece.name}" if piece.name else "")
    if piece.melody is None:
        return Exhibit(name, str(piece.screening.verdict), reason=piece.screening.reason or "")
    details = {"File": piece.file, **({"Remark": piece.remark} if piece.remark else {})}
    more: dict[str, Any] = {"details": details, "set_aside": piece.set_aside}
    if piece.heard:
        more.update(heard=True, facts=(f"{len(piece.melody)} notes heard",), cuts=_cuts(piece))
    return exhibit_of(name, piece.melody, piece.screening, screener, **more)


def _cuts(piece: Piece) -> dict[tuple[float, float], bytes]:
    """Cut the passages that alarmed out of a recording, as MP3, by start and end as in the JSON."""
    passages = [passage for match in piece.screening.matches for passage in match.passages]
    cuts: dict[tuple[float, float], bytes] = {}
    for passage in passages[:_MOST_CUTS]:
        try:
            cuts[_place(passage)] = _cut(Path(piece.file), *_place(passage))
        except GenaudioError:  # the file is gone or has changed since it was heard; the notes remain
            return cuts
    return cuts


def _place(passage: Passage) -> tuple[float, float]:
    return round(passage.query.start_s, 3), round(passage.query.end_s, 3)


def _cut(path: Path, start: float, end: float) -> bytes:
    import soundfile

    from genaudio.resampling import sinc_resample
    from genaudio.streams import AudioFile

    with AudioFile(path, _CUT_RATE, resampler=sinc_resample) as sound:
        length = min(end - start, _LONGEST_CUT)
        audio = sound.read(round(start * _CUT_RATE), round(length * _CUT_RATE)).mean(axis=0)
    buffer = io.BytesIO()
    soundfile.write(buffer, audio.clip(-1.0, 1.0), _CUT_RATE, format="MP3", subtype="MPEG_LAYER_III")
    return buffer.getvalue()
