"""The instrument families that the renderer plays, and which of them stands for each General MIDI program.

Needs no torch. Programs are General MIDI level 1, numbered from 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from genaudio.errors import GenaudioError


@dataclass(frozen=True, slots=True)
class Family:
    """One instrument family.

    Attributes:
        name: what a user types.
        program: the General MIDI program that the teacher plays.
        low, high: the range as MIDI numbers, both playable.
        chords: True where players sound several notes at once as a rule.
        pan: usual place in the stereo picture, -1 (left) to 1 (right).
        vibrato: (sways a second, depth in semitones) of held notes; None where players do not sway.
        decay: seconds in which a struck or plucked note falls away in the excitation; 0 for notes that are held up.
    """

    name: str
    program: int
    low: int
    high: int
    chords: bool
    pan: float
    vibrato: tuple[float, float] | None = None
    decay: float = 0.0


FAMILIES: tuple[Family, ...] = (
    Family("piano", 0, 28, 100, True, 0.0, decay=0.2),
    Family("guitar", 24, 40, 84, True, 0.15, decay=0.15),
    Family("bass", 32, 28, 60, False, 0.0, decay=0.2),
    Family("violin", 40, 55, 100, False, -0.2, (5.5, 0.17)),
    Family("cello", 42, 36, 76, False, 0.2, (5.1, 0.12)),
    Family("trumpet", 56, 52, 86, False, 0.25, (5.2, 0.04)),
    Family("clarinet", 71, 50, 91, False, -0.1),
    Family("flute", 73, 60, 96, False, -0.15, (4.3, 0.07)),
    Family("accordion", 21, 53, 89, True, 0.1),
    Family("harp", 46, 36, 96, True, -0.25, decay=0.15),
)
"""The families in the order of their numbers in the model."""

_RANGES: tuple[tuple[int, int, str], ...] = (
    (0, 7, "piano"),
    (8, 15, "harp"),  # tuned percussion: struck and ringing
    (16, 23, "accordion"),  # organs and free reeds
    (24, 31, "guitar"),
    (32, 39, "bass"),
    (40, 41, "violin"),
    (42, 43, "cello"),
    (44, 44, "violin"),
    (45, 46, "harp"),
    (47, 47, "bass"),
    (48, 51, "violin"),
    (52, 54, "flute"),  # voices
    (55, 63, "trumpet"),
    (64, 71, "clarinet"),
    (72, 79, "flute"),
    (80, 87, "clarinet"),
    (88, 95, "accordion"),
    (96, 103, "harp"),
    (104, 107, "guitar"),
    (108, 108, "harp"),
    (109, 109, "accordion"),
    (110, 110, "violin"),
    (111, 111, "clarinet"),
    (112, 119, "harp"),
    (120, 127, "piano"),
)
_BY_NAME = {family.name: family for family in FAMILIES}
_BY_PROGRAM = {program: _BY_NAME[name] for first, last, name in _RANGES for program in range(first, last + 1)}


def family_named(name: str) -> Family:
    """Return the family of a name such as ``violin``.

    Raises:
        GenaudioError: the name is unknown; the message lists the known ones.
    """
    family = _BY_NAME.get(name.strip().lower())
    if family is None:
        raise GenaudioError(f"unknown instrument {name!r}; the instruments are {', '.join(_BY_NAME)}")
    return family


def family_of(program: int) -> Family:
    """Return the family that plays a General MIDI program, 0-127."""
    return _BY_PROGRAM[program]


def program_of(name: str) -> int:
    """Return the General MIDI program of a family's name.

    Raises:
        GenaudioError: the name is unknown.
    """
    return family_named(name).program
