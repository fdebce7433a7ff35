"""The General MIDI drum kit: what each key strikes, and roughly how it sounds. Needs no torch.

A hit has no length of its own in a score: it sounds until it has died away, or is struck again.
"""

from __future__ import annotations

from dataclasses import dataclass

from genaudio.sounding import Sounding, without_collisions

HIT = 1.5
"""Seconds that a hit sounds at most, whatever the score says of its length."""


@dataclass(frozen=True, slots=True)
class Drum:
    """One instrument of the kit.

    Attributes:
        name: as General MIDI has it.
        kind: kick, snare, tom, hi-hat, cymbal, hand drum or percussion.
        fall: seconds in which its noise falls to 1/e.
        tone: pitch in Hz where it has one; 0 for noise alone.
    """

    name: str
    kind: str
    fall: float
    tone: float = 0.0


DRUMS: dict[int, Drum] = {
    35: Drum("Acoustic Bass Drum", "kick", 0.07, 50),
    36: Drum("Bass Drum 1", "kick", 0.06, 53),
    37: Drum("Side Stick", "snare", 0.05),
    38: Drum("Acoustic Snare", "snare", 0.07, 209),
    39: Drum("Hand Clap", "percussion", 0.06),
    40: Drum("Electric Snare", "snare", 0.07, 215),
    41: Drum("Low Floor Tom", "tom", 0.35, 57),
    42: Drum("Closed Hi-Hat", "hi-hat", 0.07),
    43: Drum("High Floor Tom", "tom", 0.25, 84),
    44: Drum("Pedal Hi-Hat", "hi-hat", 0.05),
    45: Drum("Low Tom", "tom", 0.4, 85),
    46: Drum("Open Hi-Hat", "hi-hat", 0.7),
    47: Drum("Low-Mid Tom", "tom", 0.35, 107),
    48: Drum("Hi-Mid Tom", "tom", 0.3, 114),
    49: Drum("Crash Cymbal 1", "cymbal", 1.0),
    50: Drum("High Tom", "tom", 0.3, 127),
    51: Drum("Ride Cymbal 1", "cymbal", 0.45),
    52: Drum("Chinese Cymbal", "cymbal", 0.4),
    53: Drum("Ride Bell", "cymbal", 0.7),
    54: Drum("Tambourine", "percussion", 0.1),
    55: Drum("Splash Cymbal", "cymbal", 0.35),
    56: Drum("Cowbell", "percussion", 0.07, 471),
    57: Drum("Crash Cymbal 2", "cymbal", 0.9),
    58: Drum("Vibraslap", "percussion", 0.5),
    59: Drum("Ride Cymbal 2", "cymbal", 0.45),
    60: Drum("Hi Bongo", "hand drum", 0.05, 908),
    61: Drum("Low Bongo", "hand drum", 0.05, 606),
    62: Drum("Mute Hi Conga", "hand drum", 0.05, 884),
    63: Drum("Open Hi Conga", "hand drum", 0.12, 293),
    64: Drum("Low Conga", "hand drum", 0.1, 259),
    65: Drum("High Timbale", "hand drum", 0.17, 273),
    66: Drum("Low Timbale", "hand drum", 0.18, 204),
    67: Drum("High Agogo", "percussion", 0.12, 1499),
    68: Drum("Low Agogo", "percussion", 0.17, 1001),
    69: Drum("Cabasa", "percussion", 0.04),
    70: Drum("Maracas", "percussion", 0.04),
    71: Drum("Short Whistle", "percussion", 0.15),
    72: Drum("Long Whistle", "percussion", 0.25),
    73: Drum("Short Guiro", "percussion", 0.05),
    74: Drum("Long Guiro", "percussion", 0.15),
    75: Drum("Claves", "percussion", 0.04, 2159),
    76: Drum("Hi Wood Block", "percussion", 0.05, 748),
    77: Drum("Low Wood Block", "percussion", 0.04, 561),
    78: Drum("Mute Cuica", "percussion", 0.1, 620),
    79: Drum("Open Cuica", "percussion", 0.25, 286),
    80: Drum("Mute Triangle", "percussion", 0.07),
    81: Drum("Open Triangle", "percussion", 0.3),
}
"""General MIDI level 1 percussion by key. Falls and tones are those of Fluid R3 GM's standard kit, rounded."""

_STAND_INS: dict[int, int] = {
    22: 42, 26: 46,  # hi-hats of drum modules
    27: 76, 28: 39, 29: 73, 30: 74, 31: 37, 32: 37, 33: 37, 34: 80,  # General MIDI level 2, below
    82: 70, 83: 54, 84: 81, 85: 75, 86: 64, 87: 41,  # and above
}  # fmt: skip


def drum_key(key: int) -> int | None:
    """Return the key of the kit that plays a MIDI key, the nearest in kind beyond General MIDI 1; None for no drum."""
    return key if key in DRUMS else _STAND_INS.get(key)


def hits(notes: list[Sounding]) -> tuple[Sounding, ...]:
    """Let every hit sound until it has died away or its drum is struck again."""
    return without_collisions(tuple(note._replace(end=note.start + HIT) for note in notes))
