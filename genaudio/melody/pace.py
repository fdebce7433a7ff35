"""How the wished density of several melodies is come back to. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genaudio.melody.vocabulary import NOTE, REST, Vocabulary

HASTE, MOST_HASTE = 1.0, 5.0
"""How strongly a note too few or too many is felt, and how strongly at most, in nats for an octave of duration."""


class Paces:
    """The densities of melodies side by side, one row R each.

    Args:
        spacings: how many ticks there are to be for each note on average; None for any number.
        vocabulary: names the rhythm symbols.

    Attributes:
        lead: [R] how many notes have been written more than the spacing asks for.
    """

    def __init__(self, spacings: Sequence[float | None], vocabulary: Vocabulary) -> None:
        kinds = np.array([kind for kind, _ in vocabulary.rhythms])
        self._durations = np.array([duration for _, duration in vocabulary.rhythms], np.float64)
        self._notes, self._rests = kinds == NOTE, kinds == REST
        self._wished = np.array([spacing is not None for spacing in spacings])
        self._spacing = np.array([1.0 if spacing is None else spacing for spacing in spacings])
        self.lead = np.zeros(len(spacings))

    def pull(self) -> NDArray[np.float64] | None:
        """Return what to add to the scores of the rhythm symbols, [R, S], or None for nothing.

        Too few notes so far make notes shorter than the mean likelier and rests less likely, too many the reverse.
        """
        if not self._wished.any():
            return None
        haste = np.clip(-HASTE * self.lead, -MOST_HASTE, MOST_HASTE)[:, None]
        shorter = np.log2(self._spacing[:, None] / self._durations)
        return np.where(self._notes, haste * shorter, np.where(self._rests, -np.abs(haste), -haste))

    def place(self, rows: NDArray[np.int64], rhythms: NDArray[np.int64]) -> None:
        """Take into account what some rows were free to write: rhythm symbols [rows]."""
        ahead = self._notes[rhythms] - self._durations[rhythms] / self._spacing[rows]
        self.lead[rows] += np.where(self._wished[rows], ahead, 0.0)

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Go on with some of the rows, in this order."""
        for name in ("_wished", "_spacing", "lead"):
            setattr(self, name, getattr(self, name)[rows])
