"""The style of a work of one's own: as it is named, else as its tune type says, else the name of its folder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from genaudio.corpus.styles import named_style

UNKNOWN = "other"
"""The style of which nothing is known, as in the training works."""


def style_name(text: str, known: Iterable[str] = ()) -> str:
    """Return a style's name as it is wished for: lower case, words with single spaces; a known one's singular.

    ``Slip-Jigs`` becomes ``slip jig`` where that is known, and what has no letters ``other``.
    """
    name = " ".join(re.sub(r"[^\w']+|_", " ", text.lower()).split())
    if not re.search(r"[^\W\d_]", name):
        return UNKNOWN
    styles = set(known)
    return next((one for one in (name, name.removesuffix("s"), name.removesuffix("es")) if one in styles), name)


def tune_type(text: str, known: Iterable[str]) -> str:
    """Return the style that an ABC tune's R: field names, such as ``jig`` for ``double jig``."""
    styles = set(known)
    name = style_name(text, styles)
    return name if name in styles else named_style([text]) or name


def folder_style(source: Path, file: Path, known: Iterable[str] = ()) -> str:
    """Return the style that the place of a file says: its folder's name, or its own where the file itself is given.

    Args:
        source: the folder or file that was given.
        file: the file in it.
        known: styles whose names are preferred.
    """
    return style_name(file.stem if source == file else file.resolve().parent.name, known)
