"""Does a recording play the notes of a score, and when? By the cross-correlation of their onsets.

Onset strength is the half-wave rectified rise of the log energy in bands (spectral flux; Bello et al. 2005, "A tutorial
on onset detection in music signals"). Of the score it is taken from the excitation by the same steps, so that what the
steps themselves delay cancels. The bands are compared one by one: where all notes are equally long, pitch decides.

Shapes: F steps, B bands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEP = 220
"""Samples from one value of onset strength to the next: 5 ms at 44.1 kHz."""
FURTHEST = 2.0
"""Seconds of the largest offset that is looked for."""
LEAST_LIKENESS, LEAST_PROMINENCE = 0.1, 9.0
"""A recording is taken to play a score from either on. Of half-minutes of teacher audio of all families with their own
notes each had 0.12 or 8.6, most both; with other notes, 0.08 and 8.1 at most."""
FURTHEST_DRIFT = 0.06
"""Seconds by which the offset may differ between the beginning and the end."""

_WINDOW = 1024
_BANDS = 24
_BLOCK = 2048
_NEARLY = 0.95
_DRIFT_SEARCH = 0.4
_LONG_ENOUGH = 4.0
_LIKE_IN_PART = 0.07
_PEAK = 0.15
Reader = Callable[[int, int], np.ndarray]
"""Gives a stretch of (first sample, samples): float32 [samples], silence beyond the ends."""


@dataclass(frozen=True)
class Alignment:
    """How a recording lies on a score.

    Attributes:
        offset: seconds by which the recording is late.
        likeness: correlation of the onsets there, -1 to 1.
        prominence: by how many standard deviations of the correlation elsewhere it stands out.
        drift: seconds by which the offset grows from the first third to the last; 0 where that cannot be told.
    """

    offset: float
    likeness: float
    prominence: float
    drift: float

    @property
    def plays(self) -> bool:
        """Whether the recording plays the score at all."""
        return self.likeness >= LEAST_LIKENESS or self.prominence >= LEAST_PROMINENCE


def align(recording: Reader, score: Reader, samples: int, sample_rate: int) -> Alignment:
    """Find the constant offset, up to `FURTHEST`, at which a recording's onsets fit a score's best.

    Of offsets that fit nearly as well, as in music of even notes, the smallest is taken.

    Args:
        recording, score: the sound, and the excitation of the notes.
        samples: length of both.
        sample_rate: samples a second.
    """
    heard, played = (onset_strength(read, samples, sample_rate) for read in (recording, score))
    step = STEP / sample_rate
    offset, likeness, prominence = _best_lag(heard, played, 0.0, FURTHEST, step)
    sounding = np.flatnonzero(played.any(1))
    drift, third = 0.0, len(sounding) and int(sounding[-1] - sounding[0]) // 3
    if third * step >= _LONG_ENOUGH:
        cuts = (slice(sounding[0], sounding[0] + third), slice(sounding[-1] - third, sounding[-1]))
        ends = [_best_lag(heard[cut], played[cut], offset, _DRIFT_SEARCH, step) for cut in cuts]
        if all(fit >= _LIKE_IN_PART for _, fit, _ in ends):
            drift = ends[1][0] - ends[0][0]
    return Alignment(offset, likeness, prominence, drift)


def onset_strength(read: Reader, samples: int, sample_rate: int) -> np.ndarray:
    """Measure how much begins at each step in each band, its usual amount taken off: float64 [F, B]."""
    energies = [_band_energies(read, block, sample_rate) for block in range(0, samples // STEP, _BLOCK)]
    bands = np.concatenate(energies)[: samples // STEP]
    loud = max(float(np.percentile(bands, 99)), 1e-12)
    level = np.log1p(1e3 * bands / loud)
    rise = np.maximum(np.diff(level, axis=0, prepend=level[:1]), 0)
    width = min(len(rise), max(1, round(0.5 * sample_rate / STEP)))
    sums = np.concatenate([np.zeros((1, _BANDS)), np.cumsum(rise, 0)])
    first = np.clip(np.arange(len(rise)) - width // 2, 0, len(rise) - width)
    return np.asarray(np.maximum(rise - (sums[first + width] - sums[first]) / width, 0))


def _band_energies(read: Reader, first: int, sample_rate: int) -> np.ndarray:
    """Energy in bands of equal width in pitch at `_BLOCK` steps from `first` on: float64 [_BLOCK, B]."""
    start = first * STEP - _WINDOW // 2
    lead = max(0, -start)
    sound = np.pad(read(start + lead, (_BLOCK - 1) * STEP + _WINDOW - lead), (lead, 0))
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::STEP] * np.hanning(_WINDOW)
    power = np.abs(np.fft.rfft(frames)) ** 2
    edges = np.geomspace(60, min(12_000, sample_rate / 2), _BANDS + 1) * _WINDOW / sample_rate
    sums = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, 1)], axis=1)
    low = np.floor(edges[:-1]).astype(int)
    return np.asarray(sums[:, np.maximum(np.floor(edges[1:]).astype(int), low + 1)] - sums[:, low])


def _best_lag(
    heard: np.ndarray, played: np.ndarray, around: float, reach: float, step: float
) -> tuple[float, float, float]:
    """Return the lag in seconds at which two onset strengths [F, B] fit best, their correlation, its prominence."""
    centred = [curve - curve.mean(0) for curve in (heard, played)]
    scale = float(np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum()))
    if scale <= 0:
        return around, 0.0, 0.0
    size = 2 * len(heard)
    spectra = [np.fft.rfft(curve, size, axis=0) for curve in centred]
    products = np.fft.irfft((spectra[0] * np.conj(spectra[1])).sum(1), size) / scale
    lags = np.arange(round((around - reach) / step), round((around + reach) / step) + 1)
    lags = lags[np.abs(lags) < len(heard)]
    values = products[lags % size]
    if values.max() <= 0:
        return around, float(values.max()), 0.0
    good = np.flatnonzero(values >= _NEARLY * values.max())
    best = int(good[np.argmin(np.abs(lags[good] - around / step))])
    while 0 < best < len(lags) - 1 and max(values[best - 1], values[best + 1]) > values[best]:
        best += 1 if values[best + 1] > values[best - 1] else -1
    apart = (np.arange(size) - lags[best] + size // 2) % size - size // 2
    others = products[(np.abs(apart) * step > _PEAK) & (np.abs(apart) < len(heard) // 2)]
    prominence = float((values[best] - others.mean()) / max(others.std(), 1e-12)) if len(others) > 1 else 0.0
    return float(lags[best] + _vertex(values, best)) * step, float(values[best]), prominence


def _vertex(values: np.ndarray, peak: int) -> float:
    """Where between its neighbours a parabola through a peak has its vertex, -0.5 to 0.5."""
    if not 0 < peak < len(values) - 1:
        return 0.0
    before, there, after = values[peak - 1 : peak + 2]
    curve = before - 2 * there + after
    return 0.0 if curve >= 0 else float(np.clip((before - after) / (2 * curve), -0.5, 0.5))
