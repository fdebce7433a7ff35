"""Resampling without torch: a windowed sinc, the values of torchaudio's at its usual settings.

The new rate is to the old as `to` : `rate` in lowest terms. Each of the `to` phases of an output period has a kernel of
its own, so that resampling is one product of matrices: old samples by periods [n, K] with kernels [K, to].
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd

import numpy as np

WIDTH = 6
"""Zero crossings to either side."""
_ROLLOFF = 0.99
"""Share of the lower Nyquist frequency that passes."""
_PERIODS = 1 << 13
"""Periods computed at once, which bounds the memory."""


def sinc_resample(audio: np.ndarray, rate: int, to: int) -> np.ndarray:
    """Resample [C, T] float32; the same array where the rates agree."""
    common = gcd(rate, to)
    old, new = rate // common, to // common
    if old == new:
        return audio
    kernels, margin = _kernels(old, new)
    length = ceil(audio.shape[1] * new / old)
    padded = np.pad(audio, ((0, 0), (margin, margin + old)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, len(kernels), axis=1)[:, ::old]
    parts = [frames[:, at : at + _PERIODS] @ kernels for at in range(0, frames.shape[1], _PERIODS)]
    return np.concatenate(parts, axis=1).reshape(len(audio), -1)[:, :length]


@lru_cache(maxsize=8)
def _kernels(old: int, new: int) -> tuple[np.ndarray, int]:
    """Return the kernels, float32 [K, new], and how many old samples they reach before an output period."""
    cutoff = min(old, new) * _ROLLOFF
    margin = ceil(WIDTH * old / cutoff)
    times = np.arange(-margin, margin + old)[:, None] / old - np.arange(new)[None] / new
    times = np.clip(times * cutoff, -WIDTH, WIDTH)
    window = np.cos(times * np.pi / WIDTH / 2) ** 2
    return (np.sinc(times) * window * (cutoff / old)).astype(np.float32), margin
