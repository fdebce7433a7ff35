"""The instrument families that the renderer plays, and which of them stands for each General MIDI program.

Needs no torch. Programs are General MIDI level 1, numbered from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from genaudio.errors import GenaudioError

TAILS = 6.25
"""Length of the decay after a note's end in its time constants, the second half of it faded to nothing."""


@dataclass(frozen=True, slots=True)
class Stiffness:
    """How stiff an instrument's strings are: their partials are sharper than multiples of the first.

    Attributes:
        middle: the inharmonicity B of middle C's string.
        growth: by how much its logarithm grows with a semitone.
        most: what it does not exceed.
    """

    middle: float
    growth: float
    most: float

    def of(self, pitch: int) -> float:
        """The inharmonicity of a key's string (Rigaud, David and Daudet 2013: nearly exponential over the treble)."""
        return min(self.most, self.middle * exp(self.growth * (pitch - 60)))


@dataclass(frozen=True, slots=True)
class Bars:
    """How the bars of an instrument are tuned: few partials, far apart (Rossing 1976, "Acoustics of percussion
    instruments").

    Attributes:
        keys: some keys, from low to high.
        ratios: of each of them, its partials as multiples of the first, which comes first.
    """

    keys: tuple[int, ...]
    ratios: tuple[tuple[float, ...], ...]

    def of(self, pitch: int) -> tuple[float, ...]:
        """The ratios of a key: those of the keys to either side, mixed as it lies between them."""
        after = next((n for n, key in enumerate(self.keys) if key >= pitch), len(self.keys) - 1)
        before = max(0, after - 1)
        width = self.keys[after] - self.keys[before]
        share = min(1.0, max(0.0, (pitch - self.keys[before]) / width)) if width else 1.0
        return tuple(
            low + share * (high - low) for low, high in zip(self.ratios[before], self.ratios[after], strict=True)
        )


Overtones = Stiffness | Bars | None
"""Where the partials of an instrument lie; None for multiples of the first."""


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
        release: time constant in seconds of the decay after a note's end.
        latency: seconds from a note's onset to the rise of its sound: a hammer has to reach its string.
        overtones: of strings that are stiff, or of bars; None where partials are multiples of the first.
        section: of each of several players or reeds, how far out of tune in hundredths of a semitone, and how loud
            beside the others; empty for one.
        drums: True for a kit, whose pitches name drums (`genaudio.percussion`).
        like: the family that stands in where a renderer does not know this one, and that its training begins with.
    """

    name: str
    program: int
    low: int
    high: int
    chords: bool
    pan: float
    vibrato: tuple[float, float] | None = None
    decay: float = 0.0
    release: float = 0.05
    latency: float = 0.0
    overtones: Overtones = None
    section: tuple[tuple[float, float], ...] = ()
    drums: bool = False
    like: str = ""

    @property
    def rings(self) -> float:
        """Seconds after its end in which a note may still be heard."""
        return max(0.7, TAILS * self.release)


def _three(flat: float, sharp: float, level: float) -> tuple[tuple[float, float], ...]:
    """A section of three, one of whom leads; the others are that loud beside it."""
    return (flat, level), (0.0, 1.0), (sharp, level)


PIANO_STRINGS = Stiffness(2.75e-4, 0.085, 1.9e-3)
"""Fitted to the teacher's piano: from 4e-5 at D2 to 1.9e-3 at D6."""
_BARS = Bars(
    (57, 59, 63, 65, 67, 71, 73, 77, 79),
    tuple((1.0, 4.0, third) for third in (10.33, 10.2, 10.2, 9.63, 9.37, 9.37, 9.0, 9.0, 7.94)),
)
"""As those of the teacher's vibraphone are tuned."""

FAMILIES: tuple[Family, ...] = (
    Family("piano", 0, 28, 100, True, 0.0, decay=0.2, release=0.07, latency=0.004, overtones=PIANO_STRINGS),
    Family("guitar", 24, 40, 84, True, 0.15, decay=0.15, release=0.14, latency=0.0065),
    Family("bass", 32, 28, 60, False, 0.0, decay=0.2, release=0.03, latency=0.004),
    Family("violin", 40, 55, 100, False, -0.2, (5.5, 0.17)),
    Family("cello", 42, 36, 76, False, 0.2, (5.1, 0.12), release=0.06),
    Family("trumpet", 56, 52, 86, False, 0.25, (5.2, 0.04), release=0.03),
    Family("clarinet", 71, 50, 91, False, -0.1, release=0.02),
    Family("flute", 73, 60, 96, False, -0.15, (4.3, 0.07), release=0.03),
    Family("accordion", 21, 53, 89, True, 0.1, release=0.03, section=((0.0, 1.0), (16.0, 0.35))),
    Family("harp", 46, 36, 96, True, -0.25, decay=0.15, release=0.8, latency=0.0025),
    Family("steel-guitar", 25, 40, 84, True, -0.15, decay=0.15, release=0.4, latency=0.007, like="guitar"),
    Family("strings", 48, 36, 96, True, 0.0, (5.3, 0.06), release=0.14, section=_three(-9.0, 8.0, 0.35), like="violin"),
    Family("oboe", 68, 58, 91, False, -0.05, (5.0, 0.06), release=0.03, like="clarinet"),
    Family("horn", 60, 35, 77, False, -0.2, release=0.035, section=((0.0, 1.0), (5.0, 0.3)), like="trumpet"),
    Family("saxophone", 65, 49, 80, False, 0.1, (5.0, 0.08), release=0.025, like="clarinet"),
    Family("organ", 19, 36, 96, True, 0.0, release=0.18, section=((0.0, 1.0), (4.0, 0.35)), like="accordion"),
    Family("vibraphone", 11, 53, 89, True, 0.2, decay=0.3, release=0.07, latency=0.0025, overtones=_BARS, like="harp"),
    Family("choir", 52, 43, 84, True, 0.0, (5.0, 0.06), release=0.22, section=_three(-8.0, 7.0, 0.25), like="flute"),
    Family("drums", 0, 35, 81, True, 0.0, drums=True),
)
"""The families in the order of their numbers in the model."""

_RANGES: tuple[tuple[int, int, str], ...] = (
    (0, 7, "piano"),
    (8, 14, "vibraphone"),  # tuned percussion
    (15, 15, "steel-guitar"),  # dulcimer
    (16, 20, "organ"),
    (21, 23, "accordion"),  # free reeds
    (24, 24, "guitar"),
    (25, 31, "steel-guitar"),
    (32, 39, "bass"),
    (40, 41, "violin"),
    (42, 43, "cello"),
    (44, 44, "strings"),
    (45, 46, "harp"),
    (47, 47, "bass"),  # timpani
    (48, 51, "strings"),
    (52, 54, "choir"),
    (55, 55, "strings"),  # orchestra hit
    (56, 56, "trumpet"),
    (57, 58, "horn"),  # trombone, tuba
    (59, 59, "trumpet"),
    (60, 60, "horn"),
    (61, 63, "trumpet"),
    (64, 67, "saxophone"),
    (68, 70, "oboe"),  # and the other double reeds
    (71, 71, "clarinet"),
    (72, 79, "flute"),
    (80, 80, "clarinet"),  # square wave: odd harmonics
    (81, 87, "saxophone"),  # other synthetic leads
    (88, 90, "strings"),
    (91, 91, "choir"),
    (92, 97, "strings"),
    (98, 98, "vibraphone"),
    (99, 103, "strings"),
    (104, 107, "steel-guitar"),  # sitar, banjo, shamisen, koto
    (108, 108, "vibraphone"),  # kalimba
    (109, 109, "accordion"),  # bagpipe
    (110, 110, "violin"),
    (111, 111, "oboe"),  # shanai
    (112, 115, "vibraphone"),
    (116, 119, "bass"),  # tuned drums
    (120, 127, "piano"),
)
BY_NAME = {family.name: family for family in FAMILIES}
"""Every family by its name, the drum kit included."""
DRUM_KIT = BY_NAME["drums"]
"""The family that plays drum tracks."""
MELODIC = tuple(family for family in FAMILIES if not family.drums)
"""The families that can play a tune."""
_BY_PROGRAM = {program: BY_NAME[name] for first, last, name in _RANGES for program in range(first, last + 1)}


def family_named(name: str) -> Family:
    """Return the family of a name such as ``violin`` that can play a tune.

    Raises:
        GenaudioError: the name is unknown, the message lists the known ones; or it is the drums, which play no tune.
    """
    family = BY_NAME.get("-".join(name.lower().split()))
    if family is DRUM_KIT:
        raise GenaudioError("drums play no tune: they play the drum tracks of MIDI and MusicXML files")
    if family is None:
        names = ", ".join(family.name for family in MELODIC)
        raise GenaudioError(f"unknown instrument {name!r}; the instruments are {names}")
    return family


def family_of(program: int) -> Family:
    """Return the family that plays a General MIDI program, 0-127."""
    return _BY_PROGRAM[program]


def program_of(name: str) -> int:
    """Return the General MIDI program of a family's name.

    Raises:
        GenaudioError: as `family_named`.
    """
    return family_named(name).program
