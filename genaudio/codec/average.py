"""A moving average of a network's weights, which is often better than the weights that training ends with."""

from __future__ import annotations

import copy
from typing import Any, Generic, TypeVar

import torch
from torch import nn

Model = TypeVar("Model", bound=nn.Module)


class Average(Generic[Model]):
    """The exponential moving average of a network under training (Polyak and Juditsky 1992).

    Args:
        model: the network; the average begins with its weights.
        decay: share of the average that a step keeps. Early on it keeps less, so that it forgets the random start.

    Attributes:
        model: a copy of the network with averaged parameters. Its buffers, the codes among them, are the network's own
            since the last `follow`: they are running means already.
    """

    def __init__(self, model: Model, decay: float) -> None:
        self.decay, self.updates = decay, 0
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    def update(self, model: Model) -> None:
        """Take a step towards the network's weights."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), 1 - decay)
        self.updates += 1

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs of the average."""
        return {"model": self.model.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.model.load_state_dict(state["model"])
        self.updates = state["updates"]

    def follow(self, model: Model) -> Model:
        """Take over the network's buffers, and return the averaged copy."""
        for mine, theirs in zip(self.model.buffers(), model.buffers(), strict=True):
            mine.copy_(theirs)
        return self.model
