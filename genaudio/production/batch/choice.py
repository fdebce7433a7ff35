"""What a plan leaves to chance: one value, several, weighted ones, or a range."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import floor
from typing import Any, Protocol

import numpy as np

MOST_CARDS = 1000
"""Cards of the largest deck; weights that need more, or are no whole numbers, are drawn by chance."""


class Choice(Protocol):
    """Where the values of a wish come from."""

    def draw(self, seed: Sequence[int], number: int) -> Any:
        """Return the value of a track; it depends on the seed and the track's number alone."""
        ...

    def values(self) -> Iterator[Any]:
        """Yield the values that have to be valid: all of them or, of a range, its ends."""
        ...

    def as_json(self) -> Any:
        """Return the choice as plain JSON; equal choices are equal."""
        ...


@dataclass(frozen=True)
class Cards:
    """Some values with their weights.

    They are dealt like a shuffled deck in which each value has as many cards as its weight says: of three evenly
    weighted values each comes once in the first three tracks, once in the next three, and so on.

    Attributes:
        faces: the values.
        weights: how often each comes, more than 0.
    """

    faces: tuple[Any, ...]
    weights: tuple[float, ...]

    @classmethod
    def evenly(cls, faces: Sequence[Any]) -> Cards:
        """Return values of equal weight."""
        return cls(tuple(faces), (1,) * len(faces))

    def draw(self, seed: Sequence[int], number: int) -> Any:
        """Return the card of a track."""
        if len(self.faces) == 1:
            return self.faces[0]
        ends = list(accumulate(self.weights))
        total = ends[-1]
        if total > MOST_CARDS or any(weight != floor(weight) for weight in self.weights):
            chance = np.random.default_rng([*seed, number]).random() * total
            return self.faces[min(bisect_right(ends, chance), len(self.faces) - 1)]
        deal, place = divmod(number, int(total))
        card = _shuffled((*seed, deal), int(total))[place]
        return self.faces[bisect_right(ends, card)]

    def values(self) -> Iterator[Any]:
        """Yield all values."""
        yield from self.faces

    def as_json(self) -> Any:
        """Return one value by itself, several with their weights."""
        if len(self.faces) == 1:
            return self.faces[0]
        return {"values": list(self.faces), "weights": list(self.weights)}


@lru_cache(maxsize=256)
def _shuffled(seed: tuple[int, ...], cards: int) -> tuple[int, ...]:
    """Return the numbers of so many cards in a random order."""
    return tuple(np.random.default_rng(seed).permutation(cards).tolist())


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones where the ends are whole.

    Attributes:
        low, high: the ends.
        step: distance of the numbers that are drawn; None for 1 or, where the ends are not whole, 0.01.
    """

    low: float
    high: float
    step: float | None = None

    def draw(self, seed: Sequence[int], number: int) -> float:
        """Return the number of a track."""
        whole = all(isinstance(value, int) for value in (self.low, self.high, self.step or 1))
        step = self.step or (1 if whole else 0.01)
        steps = floor((self.high - self.low) / step + 1e-9)
        value = self.low + step * int(np.random.default_rng([*seed, number]).integers(steps + 1))
        return value if whole else round(value, 6)

    def values(self) -> Iterator[float]:
        """Yield the ends."""
        yield from (self.low, self.high)

    def as_json(self) -> Any:
        """Return the ends and the step."""
        return {"from": self.low, "to": self.high, "step": self.step}
