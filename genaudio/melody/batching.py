"""How many lines may go through the network together so that each comes out as it would by itself, bit for bit.

A matrix product adds up each row in an order of its own choice, which may depend on the number of rows and on nothing
else. So whether sizes agree is tried once in a process, and where they do not, all batches are of one size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from genaudio.melody.features import COLUMNS, PLACE_COLUMNS
from genaudio.melody.memory import Memory

GRAIN = 8
"""On a CPU, lines come in multiples of this: products of fewer rows often add up in another order."""
SIZES = (64, 32, 16)
"""Most lines at once on a CPU: the largest of these up to which all multiples of `GRAIN` agree."""
EVENTS = 3
"""So many events are passed through to try it, so that what is remembered takes part."""


Numbers = NDArray[np.int64]


class Steps(Protocol):
    """What a decoder does, one event after the other (see `genaudio.melody.decoder.Decoder`)."""

    device: torch.device
    wishes: int

    def start(self, conditions: Numbers, used: int) -> Memory:
        """Return what lines under conditions [B, C] begin with, of which so many are used."""
        ...

    def advance(self, memory: Memory, features: Numbers) -> torch.Tensor:
        """Pass the next events [B, T, F] through and return the state before each, [B x T, D]."""
        ...

    def rhythm_scores(self, hidden: torch.Tensor, features: Numbers) -> torch.Tensor:
        """Return scores of the next rhythm symbols [B, S]."""
        ...

    def pitch_scores(self, hidden: torch.Tensor, features: Numbers, rhythm: Numbers, arrival: Numbers) -> torch.Tensor:
        """Return scores of the next pitches [B, P]."""
        ...


@dataclass(frozen=True)
class Batching:
    """How lines are put together.

    Attributes:
        grain: batches are filled up to a multiple of this.
        most: lines of the largest batch; where it is the grain, all batches are of this size.
    """

    grain: int
    most: int

    def lines(self, used: int) -> int:
        """Return how many lines a batch has in which so many are used."""
        return -(-used // self.grain) * self.grain


def find_batching(decoder: Steps) -> Batching:
    """Try how many lines agree; where no numbers do, and on other devices than a CPU, all batches are of one size."""
    if decoder.device.type != "cpu":
        return Batching(SIZES[0], SIZES[0])
    most = next((size for size in SIZES if agree(decoder, size)), None)
    return Batching(SIZES[-1], SIZES[-1]) if most is None else Batching(GRAIN, most)


@torch.inference_mode()
def agree(decoder: Steps, most: int) -> bool:
    """Return whether lines come out the same in every size up to the most, and in every place of a batch.

    Random numbers show it, since the order in which a product adds up does not depend on them.
    """
    chance = np.random.default_rng(0)
    features = chance.integers(0, 2, (GRAIN, len(COLUMNS)))
    conditions = chance.integers(0, 2, (GRAIN, decoder.wishes))
    alone = _scores(decoder, features, conditions)
    for blocks in range(1, most // GRAIN + 1):
        order = np.concatenate([(np.arange(GRAIN) + 3 * block + 1) % GRAIN for block in range(blocks)])
        if not torch.equal(_scores(decoder, features[order], conditions[order]), alone[torch.from_numpy(order)]):
            return False
    return True


def _scores(decoder: Steps, features: Numbers, conditions: Numbers) -> torch.Tensor:
    """Return all scores [B, S + P] after the same event [B, F] several times, of lines under conditions [B, C]."""
    memory = decoder.start(conditions, len(conditions))
    for _ in range(EVENTS):
        hidden = decoder.advance(memory, features[:, None])
    pitch_scores = decoder.pitch_scores(hidden, features, features[:, 0], features[:, : len(PLACE_COLUMNS)])
    return torch.cat([decoder.rhythm_scores(hidden, features), pitch_scores], dim=1)
