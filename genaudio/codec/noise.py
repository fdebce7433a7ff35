"""Seeded noise without end: any stretch of it, the same however it is cut."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

LEVEL = 0.1
"""Standard deviation of the noise."""
_BLOCK = 1 << 16


@lru_cache(maxsize=64)
def _block(seed: int, number: int) -> np.ndarray:
    """One block of the noise at standard deviation 1: float32 [65536], not to be written to."""
    return np.random.default_rng([seed, number]).standard_normal(_BLOCK, np.float32)


def white_noise(start: int, samples: int, seed: int) -> np.ndarray:
    """Return a stretch of one endless seeded noise, float32 [samples]; the same however it is cut."""
    blocks = range(start // _BLOCK, (start + samples - 1) // _BLOCK + 1)
    noise = np.concatenate([_block(seed, number) for number in blocks])
    skip = start - blocks[0] * _BLOCK
    stretch: np.ndarray = noise[skip : skip + samples] * np.float32(LEVEL)
    return stretch
