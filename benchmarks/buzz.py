"""Whether a codec of frames buzzes: lines at multiples of its frame rate that stand out of what should be noise."""

from __future__ import annotations

import numpy as np

FRAMES = 32
"""Frames of a window, so that the multiples fall on every 32nd bin."""
MULTIPLES = 100
"""Multiples that are looked at: up to 8.6 kHz."""


def buzz(sound: np.ndarray, hop: int) -> float:
    """Decibels by which the power at multiples of the frame rate exceeds that half-way between them; 0 in noise.

    Args:
        sound: [T], at least a second of it.
        hop: samples of a frame.
    """
    size = FRAMES * hop
    stretches = np.lib.stride_tricks.sliding_window_view(sound, size)[:: size // 2]
    power = (np.abs(np.fft.rfft(stretches * np.hanning(size))) ** 2).mean(axis=0)
    around = power[FRAMES // 2 : FRAMES // 2 + MULTIPLES * FRAMES].reshape(MULTIPLES, FRAMES)
    lines = around[:, FRAMES // 2 - 1 : FRAMES // 2 + 2].mean(axis=1)
    between = np.concatenate([around[:, : FRAMES // 4], around[:, -FRAMES // 4 :]], axis=1).mean(axis=1)
    return float(np.median(10 * np.log10((lines + 1e-20) / (between + 1e-20))))


def pink_noise(samples: int, level: float, rng: np.random.Generator) -> np.ndarray:
    """Noise whose power falls with the frequency, float32 [samples], of a root mean square."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, samples)
    return (noise * level / np.sqrt(np.mean(noise**2))).astype(np.float32)
