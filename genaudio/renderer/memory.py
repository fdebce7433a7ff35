"""What each key of each family sounds like while it is held, learnt by heart.

A teacher that plays recorded notes plays the same recording whenever a key is struck: its beats, its sway and the
breath in it come at the same age of the note. A third of what a network of moderate size misses there is told by key
and age alone. So a table holds it, finely where notes begin, coarsely later.

Shapes: B items, F frames, V notes at once, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from genaudio.instruments import BY_NAME
from genaudio.renderer.features import PLANES, ages

AT_ONCE = 6
"""V: notes of a frame, the loudest, that are looked up."""
STEPS = ((0.0, 1.0), (24.0, 2.0), (120.0, 4.0), (264.0, 0.0))
"""Ages in frames from which on the table's rows lie so many frames apart; at the last of them it ends."""
FADES = 12
"""Rows before the end over which it fades away: what is held for longer, nobody has practised."""
ROWS = 1 + int(sum((after[0] - age) / step for (age, step), after in pairwise(STEPS)))
"""Rows of a key."""


def places(age: Tensor) -> Tensor:
    """Return where ages in frames lie in the rows of a key: from 0 to ROWS - 1, between two of them as a rule."""
    place = torch.zeros_like(age)
    for (low, step), (high, _) in pairwise(STEPS):
        place = place + (age.clamp(low, high) - low) / step
    return place


class KeyMemory(nn.Module):
    """A table of C channels over families, keys and ages; silent until it has learnt something.

    Args:
        families: names, in the order of their numbers; a key beyond a family's range is taken for its last one.
        channels: C.
    """

    def __init__(self, families: Sequence[str], channels: int) -> None:
        super().__init__()
        ranges = torch.tensor([(BY_NAME[name].low, BY_NAME[name].high) for name in families])
        keys = ranges[:, 1] - ranges[:, 0] + 1
        self.table = nn.Parameter(torch.zeros(int(keys.sum()) * ROWS, channels))
        self.register_buffer("lowest", ranges[:, 0], persistent=False)
        self.register_buffer("highest", ranges[:, 1], persistent=False)
        self.register_buffer("begins", torch.cumsum(keys, 0) - keys, persistent=False)

    lowest: Tensor
    highest: Tensor
    begins: Tensor

    def forward(self, features: Tensor, family: Tensor) -> Tensor:
        """Recall what is held: features [B, F, 512] and family numbers [B] -> [B, F, C].

        Of several notes it is the mean, each weighing as much as its velocity.
        """
        planes = features.reshape(*features.shape[:2], PLANES, -1)
        levels, keys = planes[:, :, 0].topk(AT_ONCE, dim=-1)
        place = places(ages(planes[:, :, 2].gather(-1, keys)))
        row = place.long().clamp_max(ROWS - 2)
        between = (place - row)[..., None]
        lowest, highest, begins = (each[family][:, None, None] for each in (self.lowest, self.highest, self.begins))
        row = row + (begins + keys.clamp(lowest, highest) - lowest) * ROWS
        recalled = torch.lerp(self.table[row], self.table[row + 1], between)
        weights = levels / levels.sum(-1, keepdim=True).clamp_min(1e-6) * ((ROWS - 1 - place) / FADES).clamp_max(1)
        return (weights[..., None] * recalled).sum(2)

    def rows_of(self, number: int) -> slice:
        """Where a family's rows lie in the table."""
        first = int(self.begins[number]) * ROWS
        return slice(first, first + int(self.highest[number] - self.lowest[number] + 1) * ROWS)
