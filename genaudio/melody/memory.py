"""Keys and values of the events that a batch of lines has passed through the network, in a cache of fixed room.

Letters as in `genaudio.melody.decoder`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

ROOM = 128
"""Events for which a cache has room at first; where it is not enough it doubles."""


@dataclass
class Memory:
    """What a batch of lines has passed through so far.

    Attributes:
        keys, values: [layers, used, H, room, D/H]; the lines of a batch that only fill it up remember nothing.
        base: [B, D] what the wishes add to every event's input.
        length: events so far.
        bench: where a step on a CPU puts what it computes on the way, whatever the decoder needs.
    """

    keys: torch.Tensor
    values: torch.Tensor
    base: torch.Tensor
    length: int = 0
    bench: object = None

    @property
    def used(self) -> int:
        """How many lines remember."""
        return self.keys.shape[1]

    @property
    def room(self) -> int:
        """How many events fit."""
        return self.keys.shape[3]

    def move(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Go on in larger room."""
        for new, old in ((keys, self.keys), (values, self.values)):
            new[:, :, :, : self.length] = old[:, :, :, : self.length]
        self.keys, self.values = keys, values

    def keep(self, order: NDArray[np.int64], lines: int) -> None:
        """Go on with some of the used lines in this order, in a batch of so many lines."""
        targets = np.flatnonzero(order != np.arange(len(order)))
        if len(targets):
            place, source = torch.from_numpy(targets), torch.from_numpy(order[targets])
            for store in (self.keys, self.values):
                store[:, place, :, : self.length] = store[:, source, :, : self.length]
            self.base[place] = self.base[source]
        used = len(order)
        self.keys, self.values, self.base = self.keys[:, :used], self.values[:, :used], self.base[:lines]
