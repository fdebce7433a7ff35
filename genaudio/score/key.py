"""Key: a tonic and a mode, with the spelling that notation needs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genaudio.score.errors import ScoreError

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
}
"""Scale steps of each mode in semitones above the tonic."""

_FIFTHS_FROM_MAJOR = {
    "major": 0, "minor": -3, "dorian": -2, "mixolydian": -1, "phrygian": -4, "lydian": 1, "locrian": -5,
}  # fmt: skip
_MODE_NAMES = {"maj": "major", "ionian": "major", "ion": "major", "m": "minor", "min": "minor",
               "aeolian": "minor", "aeo": "minor", "dor": "dorian", "mix": "mixolydian",
               "phr": "phrygian", "lyd": "lydian", "loc": "locrian"}  # fmt: skip
_LINE_OF_FIFTHS = "FCGDAEB"
_KEY = re.compile(r"\s*([A-Ga-g])(?:[\s_-]*(#{1,2}|b{1,2}|♯|♭|(?i:sharp|flat)))?[\s_-]*([A-Za-z]*)\s*")
_SIGNS = {"♯": "#", "sharp": "#", "♭": "b", "flat": "b"}
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def _tonic_name(fifths: int) -> str:
    """Name the note that lies so many fifths above C (F# is 6, Bb is -2)."""
    letter = _LINE_OF_FIFTHS[(fifths + 1) % 7]
    accidentals = (fifths + 1) // 7
    return letter + ("#" * accidentals if accidentals >= 0 else "b" * -accidentals)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A key such as D dorian.

    Attributes:
        tonic: pitch class of the tonic, 0 (C) to 11 (B).
        mode: one of `MODES`.

    Raises:
        ScoreError: the tonic is not 0-11 or the mode is unknown.
    """

    tonic: int
    mode: str = "major"

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise ScoreError(f"a key's tonic must be a pitch class from 0 to 11, not {self.tonic}")
        if self.mode not in MODES:
            raise ScoreError(f"unknown mode {self.mode!r}; the modes are {', '.join(MODES)}")

    @classmethod
    def parse(cls, text: str, mode: str | None = None) -> Key:
        """Read ``"D"``, ``"F# minor"``, ``"B flat"``, ``"Ador"`` or ``"e-minor"``; `mode` overrides the text's own.

        Raises:
            ScoreError: the text is no key.
        """
        tonic, written = parse_key(text)
        return cls(tonic, parse_mode(mode) if mode else written or "major")

    @property
    def fifths(self) -> int:
        """Sharps (positive) or flats (negative) in the key signature, -6 to 6 where the mode allows."""
        tonic_fifths = (self.tonic * 7) % 12  # 0..11 fifths above C, sharpwards
        signature = tonic_fifths + _FIFTHS_FROM_MAJOR[self.mode]
        return signature - 12 if signature > 6 else signature + 12 if signature < -6 else signature

    @property
    def tonic_name(self) -> str:
        """The tonic as a musician writes it in this mode, such as ``Bb``."""
        return _tonic_name(self.fifths - _FIFTHS_FROM_MAJOR[self.mode])

    @property
    def pitch_classes(self) -> frozenset[int]:
        """The pitch classes of the scale."""
        return frozenset((self.tonic + step) % 12 for step in MODES[self.mode])

    def spell(self, pitch: int) -> tuple[str, int, int]:
        """Spell a MIDI pitch in this key as (letter, accidental in semitones, octave of scientific notation).

        Takes, of the spellings on the line of fifths, the one nearest to the middle of the key's own seven. Of two
        that are equally near the sharper is taken, as it is the leading note of minor (G# in A minor, B# in C# minor),
        except outside minor where it would be a double sharp.
        """
        centre = self.fifths + 2  # the seven scale notes are fifths-1 .. fifths+5 on the line of fifths
        place = (pitch * 7 - centre + 5) % 12 + centre - 5  # centre-5 .. centre+6
        if place == centre + 6 and place > 12 and self.mode != "minor":
            place -= 12
        letter = _LINE_OF_FIFTHS[(place + 1) % 7]
        accidental = (place + 1) // 7
        octave = (pitch - accidental - _NATURALS[letter]) // 12 - 1
        return letter, accidental, octave

    def __str__(self) -> str:
        return f"{self.tonic_name} {self.mode}"


def parse_key(text: str) -> tuple[int, str | None]:
    """Return the tonic's pitch class of a key as `Key.parse` reads it, and its mode, None where it says none.

    Raises:
        ScoreError: the text is no key.
    """
    match = _KEY.fullmatch(text)
    if match is None:
        raise ScoreError(f"{text!r} is no key; write it like D, Bb or 'F# minor'")
    letter, sign, name = match[1].upper(), _SIGNS.get((match[2] or "").lower(), match[2] or ""), match[3]
    tonic = (_NATURALS[letter] + sign.count("#") - sign.count("b")) % 12
    try:
        return tonic, parse_mode(name) if name else None
    except ScoreError as error:
        raise ScoreError(f"{text!r} is no key: {error}") from None


def parse_mode(text: str) -> str:
    """Return the full name of a mode given as ``dor``, ``Dorian``, ``m``...

    Raises:
        ScoreError: the mode is unknown.
    """
    lowered = text.strip().lower()
    mode = _MODE_NAMES.get(lowered, _MODE_NAMES.get(lowered[:3], lowered))
    if mode not in MODES:
        raise ScoreError(f"unknown mode {text!r}; the modes are {', '.join(MODES)}")
    return mode
