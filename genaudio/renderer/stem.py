"""One part of a piece on its way to sound, whose notes can be asked for by their time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genaudio.codec.striking import FALLS
from genaudio.percussion import DRUMS
from genaudio.renderer.chunks import Timeline
from genaudio.renderer.performing import Part
from genaudio.renderer.silence import CLOSES, OPENS, openness
from genaudio.sounding import Sounding

LONGEST_HIT = FALLS * max(drum.fall for drum in DRUMS.values())
"""Seconds after which the excitation of any drum has ended."""


class Stem:
    """One part of a piece on its way.

    Attributes:
        part: what is played. seed: of its noise. samples: its length. number: of its family in the model.
    """

    def __init__(self, part: Part, seed: int, samples: int, number: int) -> None:
        self.part, self.seed, self.samples, self.number = part, seed, samples, number
        self._modelled, self._sounding = Timeline(part.modelled), Timeline(part.notes)

    def modelled(self, start: float, end: float) -> Sequence[Sounding]:
        """The notes that matter between two times in seconds, as the score model knows them."""
        return self._modelled.between(start, end, self.part.family.rings)

    def sounding(self, start: float, end: float) -> Sequence[Sounding]:
        """The notes that matter between two times in seconds, as they sound."""
        return self._sounding.between(start, end, self._rings)

    def closed(self, sound: np.ndarray, first: int, rate: int) -> np.ndarray:
        """Return a stretch of its sound, float32 [t] from a sample on, closed where nothing sounds (see `silence`)."""
        start, end = first / rate, (first + len(sound)) / rate
        notes = self._sounding.between(start - CLOSES, end + OPENS, self._rings)
        return sound * openness(notes, self._rings, first, len(sound), rate)

    @property
    def _rings(self) -> float:
        """Seconds after its end in which a note may still sound."""
        family = self.part.family
        return LONGEST_HIT if family.drums else family.rings
