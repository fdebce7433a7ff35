"""Loudness and true peak of sound that goes by: those of the whole, however it is cut."""

import numpy as np
import pytest
import torch
import torchaudio

from genaudio.audio import resample
from genaudio.renderer.loudness import Meter, loudness, true_peak

RATE = 44_100


def noise(seconds: float, level: float = 0.05, seed: int = 0) -> np.ndarray:
    """White noise that is now loud, now quiet, float32 [2, T]."""
    rng = np.random.default_rng(seed)
    samples = round(seconds * RATE)
    swell = np.interp(np.arange(samples), np.arange(0, samples, RATE), rng.uniform(0.001, 1, -(-samples // RATE)))
    return (level * swell * rng.standard_normal((2, samples))).astype(np.float32)


def by_torchaudio(sound: np.ndarray) -> float:
    """Loudness of the whole; the sound must be soft, for torchaudio's filters cut off what leaves -1..1."""
    return float(torchaudio.functional.loudness(torch.from_numpy(sound).double(), RATE))


@pytest.mark.parametrize("seconds", [0.41, 3.03, 9.99, 10.004, 10.006, 47.3])
def test_the_numbers_are_those_of_the_whole(seconds: float) -> None:
    sound = noise(seconds)
    assert loudness(sound, RATE) == pytest.approx(by_torchaudio(sound), abs=1e-4)
    peak = np.abs(resample(np.pad(sound, ((0, 0), (300, 300))), RATE, 4 * RATE)).max()
    assert true_peak(sound, RATE) == pytest.approx(20 * np.log10(peak), abs=0.02)


@pytest.mark.parametrize("most", [300, 30_000, 900_000])
def test_however_it_is_cut_not_a_bit_changes(most: int) -> None:
    sound, rng, meter, start = noise(25.0), np.random.default_rng(most), Meter(RATE), 0
    while start < sound.shape[1]:
        length = int(rng.integers(0, most))
        meter.add(sound[:, start : start + length])
        start += length
    assert (meter.loudness(), meter.true_peak()) == (loudness(sound, RATE), true_peak(sound, RATE))


def test_quiet_stretches_and_silence_are_gated_out() -> None:
    levels = np.repeat([0.05, 0.0, 0.001, 0.03, 0.1, 0.0001, 0.05], 10 * RATE + 777)
    sound = (levels * np.random.default_rng(0).standard_normal((2, len(levels)))).astype(np.float32)
    assert loudness(sound, RATE) == pytest.approx(by_torchaudio(sound), abs=1e-4)
    assert loudness(np.full((2, 61 * RATE), 1e-9, np.float32), RATE) == float("-inf")


def test_a_mix_beyond_full_scale_is_as_loud_as_it_is() -> None:
    """Sums of many stems leave -1..1 before they are mastered; ten times the sound is 20 dB more."""
    sound = noise(5.0, level=0.3)
    assert np.abs(sound).max() > 1
    assert loudness(10 * sound, RATE) == pytest.approx(loudness(sound / 10, RATE) + 40, abs=1e-4)
    assert true_peak(10 * sound, RATE) == pytest.approx(true_peak(sound / 10, RATE) + 40, abs=1e-4)


def test_what_is_too_short_or_silent_has_no_loudness() -> None:
    assert loudness(noise(0.39), RATE) == float("-inf")
    nothing = np.zeros((2, 0), np.float32)
    assert loudness(nothing, RATE) == true_peak(nothing, RATE) == float("-inf")
    assert true_peak(np.zeros((2, RATE), np.float32), RATE) == float("-inf")
