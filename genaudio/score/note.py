"""One note: when it starts, how long it lasts, how high it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from genaudio.score.errors import ScoreError

TICKS_PER_QUARTER = 480
"""Resolution of exact time: onsets that come from notation lie on this grid."""


def to_ticks(quarters: float) -> int:
    """Return the nearest tick to a time in quarter notes."""
    return round(quarters * TICKS_PER_QUARTER)


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """A note in quarter notes and MIDI numbers.

    Attributes:
        onset: start in quarter notes from the beginning of the piece, 0 or more.
        duration: length in quarter notes, more than 0.
        pitch: MIDI number, 0-127 (60 is middle C).
        velocity: MIDI velocity, 1-127.

    Raises:
        ScoreError: a value is out of its range or not finite.
    """

    onset: float
    duration: float
    pitch: int
    velocity: int = 80

    def __post_init__(self) -> None:
        if not (math.isfinite(self.onset) and self.onset >= 0):
            raise ScoreError(f"a note's onset must be 0 or more quarter notes, not {self.onset}")
        if not (math.isfinite(self.duration) and self.duration > 0):
            raise ScoreError(f"a note's duration must be more than 0 quarter notes, not {self.duration}")
        if not 0 <= self.pitch <= 127 or self.pitch != int(self.pitch):
            raise ScoreError(f"a note's pitch must be a MIDI number from 0 to 127, not {self.pitch}")
        if not 1 <= self.velocity <= 127 or self.velocity != int(self.velocity):
            raise ScoreError(f"a note's velocity must be from 1 to 127, not {self.velocity}")

    @property
    def offset(self) -> float:
        """End in quarter notes."""
        return self.onset + self.duration

    @property
    def onset_ticks(self) -> int:
        """Start in ticks of 1/480 quarter note."""
        return to_ticks(self.onset)

    @property
    def offset_ticks(self) -> int:
        """End in ticks of 1/480 quarter note."""
        return to_ticks(self.onset + self.duration)

    @property
    def duration_ticks(self) -> int:
        """Length in ticks of 1/480 quarter note."""
        return self.offset_ticks - self.onset_ticks
