"""In which tuning a recording plays: how far its notes lie from those of A = 440 Hz.

Partials that stand out are measured in many short windows, and the mean of their departures from equal temperament is
taken on the circle of a semitone (cf. Lerch 2006, "On the requirement of automatic tuning frequency estimation").
"""

from __future__ import annotations

import numpy as np

from genaudio.streams import Sound

LEAST = 4.0
"""Departures of fewer cents are nothing that a listener or the codec minds."""
AGREED = 0.35
"""Where partials agree less than this (0 not at all, 1 wholly), a sound has no tuning to speak of."""
_SIZE = 16_384
_WINDOWS = 120
_LOW, _HIGH = 100.0, 1800.0
_FAINT = 0.03  # of a window's strongest partial
_STRONGEST = 8


def _partials(window: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in Hz and magnitudes of what stands out in a window [size], the strongest first."""
    spectrum = np.abs(np.fft.rfft(window * np.hanning(len(window))))
    low, high = int(_LOW * len(window) / rate), int(_HIGH * len(window) / rate)
    here = np.arange(max(low, 1), min(high, len(spectrum) - 1))
    peak = (spectrum[here] > spectrum[here - 1]) & (spectrum[here] >= spectrum[here + 1])
    found = here[peak & (spectrum[here] > _FAINT * spectrum[here].max(initial=0))]
    found = found[np.argsort(-spectrum[found])][:_STRONGEST]
    before, at, after = (np.log(spectrum[found + step] + 1e-12) for step in (-1, 0, 1))
    offset = 0.5 * (before - after) / np.minimum(before - 2 * at + after, -1e-9)
    return (found + np.clip(offset, -0.5, 0.5)) * rate / len(window), spectrum[found]


def _in_tune(frequencies: np.ndarray) -> np.ndarray:
    """Which partials tell a tuning: not the fifth, seventh... above another one, which no temperament has: [n]."""
    ratio = frequencies[:, None] / np.maximum(frequencies[None], 1e-9)
    nearest = np.round(ratio)
    false = (nearest >= 5) & (np.abs(ratio / np.maximum(nearest, 1) - 1) < 0.01) & (nearest != 6) & (nearest != 8)
    kept: np.ndarray = ~false.any(1)
    return kept


def tuning(sound: Sound, rate: int) -> float:
    """Return how many cents (-50 to 50) a sound lies above A = 440 Hz; 0 where that is next to nothing or unclear.

    Args:
        sound: of any length; windows from all over it are read.
        rate: samples a second.
    """
    spare = max(0, sound.samples - _SIZE)
    total, weight = 0j, 0.0
    for start in np.unique(np.linspace(0, spare, min(_WINDOWS, spare // (_SIZE // 2) + 1)).astype(int)):
        window = sound.read(int(start), _SIZE).mean(0)
        level = float(np.sqrt(np.mean(window**2)))
        if level < 1e-4:
            continue
        frequencies, magnitudes = _partials(window, rate)
        kept = _in_tune(frequencies)
        if not kept.any():
            continue
        cents = 1200 * np.log2(frequencies[kept] / 440.0)
        loud = np.sqrt(magnitudes[kept])
        total += complex((loud * np.exp(2j * np.pi * cents / 100)).sum() / loud.sum())
        weight += 1
    if weight == 0 or abs(total) / weight < AGREED:
        return 0.0
    departure = float(np.round(np.angle(total) / (2 * np.pi) * 100))
    return departure if abs(departure) >= LEAST else 0.0
