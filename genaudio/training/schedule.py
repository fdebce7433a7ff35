"""Learning-rate curves."""

from __future__ import annotations

import math


def cosine(fraction: float, step: int, peak: float, warmup: int, floor: float = 0.02) -> float:
    """Return a learning rate that rises linearly for `warmup` steps, then falls as a half cosine to `floor` x `peak`.

    Args:
        fraction: share of the budget that is used, 0 to 1 (the cosine follows it, so it also fits budgets of time).
        step: steps taken so far.
        peak: highest rate.
        warmup: steps of the rise.
        floor: last rate as a share of the peak (Loshchilov and Hutter 2017, without restarts).
    """
    rise = min(1.0, (step + 1) / max(1, warmup))
    return peak * rise * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * fraction)))
