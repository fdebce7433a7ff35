"""A melody being written, and the choice of each of its symbols. Needs no torch."""

from __future__ import annotations

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
    """

    temperature: float = 1.0
    top_p: float = 1.0
    min_p: float = 0.0
    guidance: float = 1.0


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


def choose(scores: NDArray[np.float64], allowed: NDArray[np.bool_], taste: Taste, chance: float) -> int:
    """Return the symbol that a number from 0 to 1 falls on.

    Args:
        scores: [N] logits.
        allowed: [N] what the grammar permits; at least one.
        taste: temperature and cuts.
        chance: uniform in [0, 1).
    """
    logits = np.where(allowed, scores, -np.inf) / max(taste.temperature, 1e-6)
    p = np.exp(logits - logits.max())
    p /= p.sum()
    if taste.min_p > 0:
        p = np.where(p >= taste.min_p * p.max(), p, 0.0)
    if taste.top_p < 1:
        order = np.argsort(-p, kind="stable")
        before = np.cumsum(p[order]) - p[order]
        p[order[before >= taste.top_p * p.sum()]] = 0.0
    total = np.cumsum(p)
    chosen = int(np.searchsorted(total, chance * total[-1], side="right"))
    return min(chosen, int(np.flatnonzero(p)[-1]))
