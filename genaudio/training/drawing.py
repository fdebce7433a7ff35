"""Which of a training's clips are drawn how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from genaudio.errors import GenaudioError
from genaudio.instruments import BY_NAME, Family


def running_shares(
    lengths: Sequence[float], families: Sequence[Family | None], often: Mapping[str, float]
) -> np.ndarray:
    """Sum up the clips' shares in what is drawn: float64 [clips], ending with 1.

    A number drawn evenly from 0..1 falls to the first clip whose sum is greater (see `draw`).

    Args:
        lengths: of the clips, which are drawn in proportion. families: who plays each; None where nobody knows.
        often: families by name that are drawn so many times as often as others.

    Raises:
        GenaudioError: there is no such family, or clips are never drawn because nothing is left to draw.
    """
    if unknown := [name for name in often if name not in BY_NAME]:
        raise GenaudioError(
            f"there is no family {', '.join(unknown)} to draw more often; there are {', '.join(BY_NAME)}"
        )
    weights = np.array([often.get(family.name, 1.0) if family else 1.0 for family in families], np.float64)
    sums = np.cumsum(weights * np.asarray(lengths, np.float64))
    if not len(sums) or (weights < 0).any() or not np.isfinite(sums[-1]) or sums[-1] <= 0:
        raise GenaudioError("clips must be drawn a positive number of times as often as others, some of them at least")
    sums /= sums[-1]
    return sums


def draw(shares: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw so many clips by their running shares: int64 [count]."""
    return np.minimum(np.searchsorted(shares, rng.random(count), side="right"), len(shares) - 1)


def draw_there(shares: Tensor, generator: torch.Generator, count: int) -> Tensor:
    """As `draw`, where the shares are, float64 [clips]: int64 [count]."""
    drawn = torch.rand(count, generator=generator, device=shares.device, dtype=torch.float64)
    return torch.searchsorted(shares, drawn, right=True).clamp_max(len(shares) - 1)
