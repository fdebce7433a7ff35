"""What people read of a screening of files: one HTML file, or the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from checks import Screener
from genaudio.production.exhibits import catalogue_list, exhibit_of
from genaudio.production.report import Exhibit, render_page
from genaudio.production.screening import Piece


def screening_page(pieces: Sequence[Piece], screener: Screener) -> str:
    """Return the report as one HTML file that works offline."""
    return render_page([_exhibit(piece, screener) for piece in pieces], catalogue_list(screener))


def _exhibit(piece: Piece, screener: Screener) -> Exhibit:
    name = Path(piece.file).name + (f": {piece.name}" if piece.name else "")
    if piece.melody is None:
        return Exhibit(name, str(piece.screening.verdict), reason=piece.screening.reason or "")
    details = {"File": piece.file, **({"Remark": piece.remark} if piece.remark else {})}
    return exhibit_of(name, piece.melody, piece.screening, screener, details=details)
