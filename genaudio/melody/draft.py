"""A melody being written, and the choice of each of its symbols. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genaudio.melody.events import Event
from genaudio.melody.grammar import Frame
from genaudio.melody.plan import Plan


@dataclass(frozen=True)
class Taste:
    """How to choose from what the model proposes.

    Attributes:
        temperature: below 1 nearer to the likeliest, above 1 bolder.
        top_p: only the likeliest symbols that make up this share (Holtzman et al. 2020).
        min_p: only symbols at least this share as likely as the likeliest (Nguyen et al. 2024).
        guidance: how much more the style and mode count than by themselves; 1 for none (Ho and Salimans 2022).
        guard: how strongly what a guard knows is held back; 0 for not at all.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    min_p: float = 0.0
    guidance: float = 1.0
    guard: float = 0.0


@dataclass
class Draft:
    """A melody being written.

    Attributes:
        frame: its bar lines.
        tonic: pitch class of the tonic.
        conditions: the prefix as numbers.
        generator: source of chance, this tune's own.
        taste: how to choose.
        events: what is written so far.
        plan: what is settled of it before it is written.
        likelihood: how likely the model finds what the plan has it judge, in nats.
        blend: where styles are blended, the prefix of each with its weight, which sum to 1; `conditions` is not used.
        closed: the last note is the tonic, unless the plan settles it.
    """

    frame: Frame
    tonic: int
    conditions: tuple[int, ...]
    generator: np.random.Generator
    taste: Taste = field(default_factory=Taste)
    events: list[Event] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)
    likelihood: float = 0.0
    blend: tuple[tuple[tuple[int, ...], float], ...] = ()
    closed: bool = False

    @property
    def parts(self) -> tuple[tuple[tuple[int, ...], float], ...]:
        """The prefixes under which the model is asked, each with its weight."""
        return self.blend or ((self.conditions, 1.0),)

    def judge(self, scores: NDArray[np.float64], symbol: int) -> None:
        """Add the likelihood of a symbol under scores [N]."""
        highest = scores.max()
        self.likelihood += float(scores[symbol] - highest - np.log(np.exp(scores - highest).sum()))


@dataclass(frozen=True)
class Tastes:
    """How several melodies are chosen, one row R each: [R, 1] arrays of what `Taste` has."""

    temperature: NDArray[np.float64]
    top_p: NDArray[np.float64]
    min_p: NDArray[np.float64]
    guidance: NDArray[np.float64]

    @classmethod
    def of(cls, tastes: Sequence[Taste]) -> Tastes:
        """Put tastes together."""
        names = cls.__dataclass_fields__
        return cls(*(np.array([[getattr(taste, name)] for taste in tastes], np.float64) for name in names))

    def of_rows(self, rows: NDArray[np.int64]) -> Tastes:
        """Return some of the rows, in this order."""
        return Tastes(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def choose(scores: NDArray[np.float64], allowed: NDArray[np.bool_], taste: Taste, chance: float) -> int:
    """Return the symbol that a number from 0 to 1 falls on.

    Args:
        scores: [N] logits.
        allowed: [N] what the grammar permits; at least one.
        taste: temperature and cuts.
        chance: uniform in [0, 1).
    """
    return int(choose_each(scores[None], allowed[None], Tastes.of([taste]), np.array([chance]))[0])


def choose_each(
    scores: NDArray[np.float64], allowed: NDArray[np.bool_], tastes: Tastes, chances: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the symbol of each row, [R], from scores and what is allowed [R, N], as `choose` does.

    Nothing is added up over rows, and along them always from left to right: a row does not depend on the others. What
    is forbidden in all rows is left out at once.
    """
    columns = np.flatnonzero(allowed.any(axis=0))
    logits = np.where(allowed.take(columns, axis=1), scores.take(columns, axis=1), -np.inf)
    logits /= np.maximum(tastes.temperature, 1e-6)
    logits -= logits.max(axis=1, keepdims=True)
    p = np.exp(logits, out=logits)
    if tastes.min_p.any():
        p *= p >= tastes.min_p  # the likeliest is 1
    if (tastes.top_p < 1).any():
        p *= p >= _least(p, tastes.top_p)
    total = p.cumsum(axis=1)
    chosen = (total <= chances[:, None] * total[:, -1:]).sum(axis=1)
    return columns[np.minimum(chosen, p.shape[1] - 1 - (p[:, ::-1] > 0).argmax(axis=1))]


def _least(p: NDArray[np.float64], top_p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how likely symbols must be, [R, 1], to be among the likeliest that make up shares [R, 1] of p [R, N]."""
    ordered = np.sort(p, axis=1)[:, ::-1]
    so_far = ordered.cumsum(axis=1)
    needed = (so_far - ordered < top_p * so_far[:, -1:]).sum(axis=1)
    return np.where(top_p < 1, ordered[np.arange(len(p)), needed - 1, None], 0.0)
