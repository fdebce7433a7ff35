"""Prediction by partial matching on pitches: the n-gram rows of the melody prediction benchmark. No torch.

A context's counts are mixed with those of the next shorter one by escape method C (Moffat 1990), down to a uniform
distribution over the set's alphabet: ``p_k(x) = (c_k(x) + t_k p_{k-1}(x)) / (n_k + t_k)`` with ``n_k`` notes seen after
the context, ``t_k`` of them different (Pearce 2005, chapter 6). Letters: A pitches of the alphabet, E experts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
UNBOUNDED = 24
"""Contexts longer than this were practically always followed by one pitch alone."""
WIDEST = 60
"""No alphabet is wider in semitones; intervals are numbered from -WIDEST."""


class Ppm:
    """An n-gram model that can go on learning.

    Args:
        alphabet: number of symbols.
        order: notes in the longest context.
        deterministic: begin the mixing at the shortest context that was always followed by the same symbol, where
            there is one, and not at the longest context seen (Cleary and Teahan 1997, PPM*).
    """

    def __init__(self, alphabet: int, order: int, deterministic: bool = False) -> None:
        self.alphabet, self.order, self.deterministic = alphabet, order, deterministic
        self.counts: dict[tuple[int, ...], dict[int, int]] = {}

    def learn(self, history: Sequence[int], symbol: int) -> None:
        """Count a symbol after all the suffixes of what stood before it."""
        for size in range(min(self.order, len(history)) + 1):
            seen = self.counts.setdefault(tuple(history[len(history) - size :]), {})
            seen[symbol] = seen.get(symbol, 0) + 1

    def learn_all(self, piece: Sequence[int]) -> None:
        """Count a whole piece."""
        for place, symbol in enumerate(piece):
            self.learn(piece[max(0, place - self.order) : place], symbol)

    def predict(self, history: Sequence[int]) -> Array:
        """Return the distribution of the next symbol, [A]."""
        p = np.full(self.alphabet, 1 / self.alphabet)
        for size in range(min(self.order, len(history)) + 1):
            seen = self.counts.get(tuple(history[len(history) - size :]))
            if seen is None:
                break
            kinds, total = len(seen), sum(seen.values())
            p *= kinds / (total + kinds)
            for symbol, count in seen.items():
                p[symbol] += count / (total + kinds)
            if self.deterministic and kinds == 1:
                break
        return p


def intervals(piece: Sequence[int], alphabet: Sequence[int]) -> list[int]:
    """Return the intervals between symbols of an alphabet of MIDI pitches, as numbers from 0."""
    return [alphabet[b] - alphabet[a] + WIDEST for a, b in pairwise(piece)]


class IntervalPpm:
    """The same over intervals, speaking of pitches: what is learned in one key helps in all.

    Args:
        alphabet: MIDI pitches [A].
        order: intervals in the longest context.
    """

    def __init__(self, alphabet: Sequence[int], order: int) -> None:
        self.pitches, self.ppm = alphabet, Ppm(2 * WIDEST + 1, order)

    def learn(self, history: Sequence[int], symbol: int) -> None:
        """Count the interval to a symbol."""
        if history:
            recent = history[-self.ppm.order - 1 :]
            self.ppm.learn(intervals(recent, self.pitches), self.pitches[symbol] - self.pitches[recent[-1]] + WIDEST)

    def learn_all(self, piece: Sequence[int]) -> None:
        """Count a whole piece."""
        self.ppm.learn_all(intervals(piece, self.pitches))

    def predict(self, history: Sequence[int]) -> Array:
        """Return the distribution of the next symbol, [A]."""
        if not history:
            return np.full(len(self.pitches), 1 / len(self.pitches))
        recent = history[-self.ppm.order - 1 :]
        p = self.ppm.predict(intervals(recent, self.pitches))
        shares = p[np.asarray(self.pitches) - self.pitches[recent[-1]] + WIDEST]
        return np.asarray(shares / shares.sum())


def combine(distributions: Sequence[Array], bias: float) -> Array:
    """Return the geometric mean of distributions [A], each weighted by its relative entropy to the power -bias.

    The surer model counts more (Pearce, Conklin and Wiggins 2004).
    """
    stacked = np.stack(distributions)
    entropy = -(stacked * np.log(stacked)).sum(1) / np.log(stacked.shape[1])
    weights = np.maximum(entropy, 1e-6) ** -bias
    mixed = np.exp((weights / weights.sum()) @ np.log(stacked))
    return np.asarray(mixed / mixed.sum())


class Mixer:
    """A log-linear mixture of experts, its weights learned online by gradient steps (Mattern 2012).

    Args:
        weights: to begin with, [E].
        rate: length of a step; 0 keeps the weights.
    """

    def __init__(self, weights: Sequence[float], rate: float) -> None:
        self.weights, self.rate = np.array(weights, dtype=np.float64), rate
        self._logs, self._mixed = np.zeros((0, 0)), np.zeros(0)

    def predict(self, distributions: Sequence[Array]) -> Array:
        """Return the mixture of the experts' distributions, [A]."""
        self._logs = np.log(np.stack(distributions))
        scores = self.weights @ self._logs
        p = np.exp(scores - scores.max())
        self._mixed = p / p.sum()
        return self._mixed

    def learn(self, symbol: int) -> None:
        """Step towards what would have predicted the symbol better: d log p(x) / d w = log p_e(x) - E[log p_e]."""
        self.weights += self.rate * (self._logs[:, symbol] - self._logs @ self._mixed)
