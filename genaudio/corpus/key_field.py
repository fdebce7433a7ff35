"""The K: field of ABC: key and key signature."""

from __future__ import annotations

import re

from genaudio.corpus.errors import TuneError
from genaudio.score import Key, ScoreError

_SHARPS = "FCGDAEB"
_KEY = re.compile(r"([A-G])([#b]?)\s*(maj|min|dor|mix|phr|lyd|loc|aeo|ion|m(?![a-z])|M(?![a-z]))?", re.IGNORECASE)
_EXPLICIT = re.compile(r"(\^|_|=)([A-Ga-g])")
_ALTERATION = {"^": 1, "_": -1, "=": 0}


def parse_key(text: str) -> Key:
    """Read the key of a K: field such as ``Gm``, ``E Minor``, ``Dmix=c`` or ``Hp`` (Highland pipes).

    Raises:
        TuneError: the text names no key.
    """
    text = text.strip()
    if text.lower().startswith("hp"):
        return Key.parse("A mixolydian")
    match = _KEY.match(text)
    if match is None or match[1].islower():
        raise TuneError("unreadable key", f"K:{text}")
    mode = match[3] or "major"
    try:
        return Key.parse(match[1] + match[2].lower(), "major" if mode == "M" else mode)
    except ScoreError as error:
        raise TuneError("unreadable key", f"K:{text}") from error


def signature(text: str) -> dict[str, int]:
    """Return the alterations of a K: field by letter, in semitones (D major: F 1, C 1).

    Raises:
        TuneError: the text names no key.
    """
    fifths = parse_key(text).fifths
    named = dict.fromkeys(_SHARPS[: max(fifths, 0)], 1)
    named |= dict.fromkeys(_SHARPS[::-1][: max(-fifths, 0)], -1)
    for sign, letter in _EXPLICIT.findall(text.split("%")[0]):
        named[letter.upper()] = _ALTERATION[sign]
    return named
