"""The partials of stiff strings and of bars, which are no multiples of the first.

Partial k of a string of stiffness B lies at k sqrt(1 + B k^2) times a fundamental that it would have if it were limp
(Fletcher 1964, "Normal vibration frequencies of a stiff piano string"); a bar has few, where its maker put them. No
closed form sums them up, so they are added one by one, but as a product of matrices: turns up to the beginning of each
of many blocks, and turns within one.

Shapes: K partials, T samples.
"""

from __future__ import annotations

import numpy as np

from genaudio.instruments import Bars, Overtones

BLOCK = 256
"""Samples of a block."""
LEAP = 16
"""Steps whose angles are not taken one by one."""
TOP = 0.45
"""Share of the sample rate up to which there are partials."""


def ratios(stiffness: float, frequency: float, sample_rate: int) -> np.ndarray:
    """How many times the first partial's frequency in Hz the partials below `TOP` have: float64 [K], at least one."""
    number = np.arange(1.0, multiples(frequency, sample_rate) + 1)
    found = number * np.sqrt((1 + stiffness * number**2) / (1 + stiffness))
    return _below_top(found, frequency, sample_rate)


def tuned(pitch: int, overtones: Overtones, frequency: float, sample_rate: int) -> np.ndarray | None:
    """How many times the first partial's frequency in Hz those below `TOP` have: float64 [K]; None for multiples."""
    if overtones is None:
        return None
    if isinstance(overtones, Bars):
        return _below_top(np.array(overtones.of(pitch)), frequency, sample_rate)
    return ratios(overtones.of(pitch), frequency, sample_rate)


def multiples(frequency: float, sample_rate: int) -> int:
    """How many multiples of a frequency in Hz lie below `TOP`, at least one."""
    return max(1, int(TOP * sample_rate / frequency))


def _below_top(found: np.ndarray, frequency: float, sample_rate: int) -> np.ndarray:
    """The ratios, which rise, of partials below `TOP`, the first always among them."""
    kept: np.ndarray = found[: max(1, int(np.searchsorted(found * frequency, TOP * sample_rate)))]
    return kept


def _rotations(steps: np.ndarray, first: int, count: int) -> np.ndarray:
    """Where partials stand after `first` steps and each further one: exp(2 pi i n steps), complex64 [count, K].

    Their angles are taken for every `LEAP`-th step and for those within a leap; the others are products of the two.
    """
    leaps, within = np.arange(0, count, LEAP)[:, None] + first, np.arange(LEAP)[:, None]
    far, near = (np.exp(2j * np.pi * np.mod(n * steps, 1.0)).astype(np.complex64) for n in (leaps, within))
    rotations: np.ndarray = (far[:, None] * near).reshape(-1, len(steps))[:count]
    return rotations


def partials(begin: int, samples: int, steps: np.ndarray, late: float) -> np.ndarray:
    """Sum up the partials of a note, all equally loud, like `excitation.pulses`.

    Args:
        begin: first sample since the note's onset. samples: T.
        steps: turns that each partial makes in a sample, float64 [K].
        late: samples after the onset at which all partials stand at their highest.

    Returns:
        float32 [T], which does not depend on where a note is cut but for rounding.
    """
    first, last = begin // BLOCK, (begin + samples - 1) // BLOCK
    starts = _rotations(steps * BLOCK, first, last + 1 - first)
    inner = np.conj(_rotations(steps, 0, BLOCK) * np.exp(-2j * np.pi * np.mod(late * steps, 1.0)).astype(np.complex64))
    summed = starts.view(np.float32) @ inner.view(np.float32).T
    skip = begin - first * BLOCK
    found: np.ndarray = summed.reshape(-1)[skip : skip + samples]
    return found
