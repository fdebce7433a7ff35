"""Numbers from 0 to 1 by which several melodies are chosen, each from its own source. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

AHEAD = 64
"""Numbers that are drawn at once; they are the same as one by one."""


class Chances:
    """Uniform numbers for melodies side by side, one row R each.

    Args:
        generators: each melody's source, which nothing else draws from afterwards.
    """

    def __init__(self, generators: Sequence[np.random.Generator]) -> None:
        self._generators = list(generators)
        self._drawn = np.zeros((len(generators), AHEAD))
        self._used = np.full(len(generators), AHEAD)

    def draw(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the next number in [0, 1) of some of the rows, each of which is named once."""
        for row in rows[self._used[rows] == AHEAD].tolist():
            self._generators[row].random(out=self._drawn[row])
            self._used[row] = 0
        drawn = self._drawn[rows, self._used[rows]]
        self._used[rows] += 1
        return drawn

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Go on with some of the rows, in this order."""
        self._generators = [self._generators[row] for row in rows]
        self._drawn, self._used = self._drawn[rows], self._used[rows]
