"""Names of pitches such as D4 or Bb5, in scientific notation: C4 is middle C, MIDI number 60."""

from __future__ import annotations

import re

from genaudio.errors import GenaudioError

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


def parse_pitch(text: str | int) -> int:
    """Return the MIDI number of a name such as ``D4``, ``F#5`` or ``Bb3``; a MIDI number is returned as it is.

    Raises:
        GenaudioError: it is no pitch from 0 (C-1) to 127 (G9).
    """
    match = re.fullmatch(r"\s*([A-Ga-g])(#{1,2}|b{1,2}|♯|♭)?(-?\d{1,2})\s*", str(text))
    if match is not None:
        sign = (match[2] or "").replace("♯", "#").replace("♭", "b")
        number = _LETTERS[match[1].upper()] + sign.count("#") - sign.count("b") + 12 * (int(match[3]) + 1)
    elif re.fullmatch(r"\s*\d{1,3}\s*", str(text)):
        number = int(text)
    else:
        raise GenaudioError(f"{text!r} is no pitch; write it like D4, F#5 or Bb3 (C4 is middle C)")
    if not 0 <= number <= 127:
        raise GenaudioError(f"the pitch {text} is outside MIDI's C-1 to G9")
    return number


def pitch_name(number: int) -> str:
    """Return the usual name of a MIDI number, such as ``F#5``."""
    return f"{_NAMES[number % 12]}{number // 12 - 1}"
