"""How the wished density of several melodies is come back to. Needs no torch.

A controller with a proportional and an integral part: what is missing is felt at once (`HASTE`), and what goes on
missing, since the style by itself has more or fewer notes, is felt more and more (`HABIT`), so that in the long run
nothing is missing. What a form repeats counts as often as it is heard.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genaudio.melody.vocabulary import NOTE, REST, Vocabulary

HASTE, HABIT, MOST_HASTE = 1.0, 0.03, 5.0
"""How strongly a note too few or too many is felt, by how much more with each wished note for which it lasts, and how
strongly at most, in nats for an octave of duration."""


class Paces:
    """The densities of melodies side by side, one row R each.

    Args:
        spacings: how many ticks there are to be for each note on average; None for any number.
        vocabulary: names the rhythm symbols.

    Attributes:
        lead: [R] how many notes there are more than the spacing asks for, those repeated as often as they are heard.
        habit: [R] what has been found to be needed for the style to keep to it, in nats for an octave of duration.
    """

    def __init__(self, spacings: Sequence[float | None], vocabulary: Vocabulary) -> None:
        kinds = np.array([kind for kind, _ in vocabulary.rhythms])
        self._durations = np.array([duration for _, duration in vocabulary.rhythms], np.float64)
        self._notes, self._rests = kinds == NOTE, kinds == REST
        self._wished = np.array([spacing is not None for spacing in spacings])
        self._spacing = np.array([1.0 if spacing is None else spacing for spacing in spacings])
        self.lead, self.habit = np.zeros(len(spacings)), np.zeros(len(spacings))

    @property
    def any(self) -> bool:
        """Whether a density is wished of any melody."""
        return bool(self._wished.any())

    def pull(self, hearings: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """Return what to add to the scores of the rhythm symbols, [R, S], or None for nothing.

        Too few notes so far make notes shorter than the mean likelier and rests less likely, too many the reverse.

        Args:
            hearings: [R] how many times what comes next is heard.
        """
        if not self.any:
            return None
        haste = np.clip(self.habit - HASTE * self.lead / hearings, -MOST_HASTE, MOST_HASTE)[:, None]
        shorter = np.log2(self._spacing[:, None] / self._durations)
        return np.where(self._notes, haste * shorter, np.where(self._rests, -np.abs(haste), -haste))

    def place(self, rows: NDArray[np.int64], rhythms: NDArray[np.int64], hearings: NDArray[np.int64]) -> None:
        """Take into account what some rows were free to write: rhythm symbols [rows], heard so many times [rows]."""
        wanted = self._durations[rhythms] / self._spacing[rows]
        self.lead[rows] += np.where(self._wished[rows], hearings * (self._notes[rhythms] - wanted), 0.0)
        habit = self.habit[rows] - HABIT * wanted * self.lead[rows] / hearings
        self.habit[rows] = np.clip(habit, -MOST_HASTE, MOST_HASTE)

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Go on with some of the rows, in this order."""
        for name in ("_wished", "_spacing", "lead", "habit"):
            setattr(self, name, getattr(self, name)[rows])
