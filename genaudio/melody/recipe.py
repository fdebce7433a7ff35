"""Training recipes of the melody model."""

from __future__ import annotations

from dataclasses import dataclass, field

from genaudio.errors import GenaudioError
from genaudio.melody.transformer import Shape


@dataclass(frozen=True)
class MelodyRecipe:
    """How the melody model is trained; configs/melody.yaml is one.

    Attributes:
        time_budget: training time such as ``45m``; empty for none.
        steps: optimiser steps; 0 for no limit.
        seed: everything random follows from it.
        batch_tokens: events in a batch.
        length: longest row of events; longer tunes are cut at random places.
        learning_rate: highest rate of AdamW, after `warmup` steps.
        weight_decay: of AdamW (Loshchilov and Hutter 2019).
        label_smoothing: share of probability spread over what the grammar allows.
        average: decay of the moving average of the weights, which is what is evaluated and kept; 0 for none.
        condition_drop: probability with which each wish is hidden, so that it may be left out or guided.
        transpose: probability with which a tune moves to a random key.
        evaluate_every: steps between evaluations on the validation works.
        patience: evaluations without a better one until the training stops.
        precision: ``bfloat16`` for matrix products in half precision, or ``float32``.
        shape: size of the network.
        distillation: share of the loss that is the cross entropy with what teachers predict, where there are any
            (Hinton et al. 2015, *Distilling the knowledge in a neural network*).
        stretch: probability with which an epoch shows a tune in 2/4, 4/4, 2/2 or 3/8 once more, in the note values in
            which another collection may have it (2/4 in semiquavers as 4/4 in quavers).

    Raises:
        GenaudioError: values that cannot work, all named.
    """

    time_budget: str
    steps: int
    seed: int
    batch_tokens: int
    length: int
    learning_rate: float
    warmup: int
    weight_decay: float
    label_smoothing: float
    average: float
    condition_drop: float
    transpose: float
    evaluate_every: int
    patience: int
    precision: str
    shape: Shape = field(default_factory=Shape)
    distillation: float = 0.0
    stretch: float = 0.0

    def __post_init__(self) -> None:
        mistakes = [
            f"{name} must be at least {least}, not {getattr(self, name)}"
            for name, least in (("steps", 0), ("batch_tokens", 1), ("length", 8), ("warmup", 1),
                                ("evaluate_every", 1), ("patience", 1))
            if getattr(self, name) < least
        ]  # fmt: skip
        mistakes += [
            f"{name} must be from 0 to less than 1, not {getattr(self, name)}"
            for name in ("label_smoothing", "average", "condition_drop")
            if not 0 <= getattr(self, name) < 1
        ]
        mistakes += [
            f"{name} must be from 0 to 1, not {getattr(self, name)}"
            for name in ("transpose", "distillation", "stretch")
            if not 0 <= getattr(self, name) <= 1
        ]
        if self.learning_rate <= 0:
            mistakes.append(f"learning_rate must be more than 0, not {self.learning_rate}")
        if self.precision not in ("bfloat16", "float32"):
            mistakes.append(f"precision must be bfloat16 or float32, not {self.precision!r}")
        if self.shape.width % (2 * self.shape.heads):
            mistakes.append(f"shape.width {self.shape.width} must be a multiple of 2 x heads ({2 * self.shape.heads})")
        if not self.time_budget and not self.steps:
            mistakes.append("give time_budget or steps")
        if mistakes:
            raise GenaudioError("the melody recipe cannot work: " + "; ".join(mistakes))
