"""Mixing: place, room, loudness, peak."""

import numpy as np
import pytest
import torch
from torchaudio.functional import fftconvolve

from genaudio.errors import GenaudioError
from genaudio.renderer.loudness import loudness, true_peak
from genaudio.renderer.mix import LOUDNESS, PEAK, add_room, check_loudness, master, place, room

RATE = 44_100


def sine(amplitude: float, seconds: float = 3.0, frequency: float = 997.0) -> np.ndarray:
    wave = amplitude * np.sin(2 * np.pi * frequency * np.arange(int(RATE * seconds)) / RATE)
    return np.stack([wave, wave]).astype(np.float32)


def test_a_stereo_sine_of_997_hz_measures_as_the_standard_says() -> None:
    # BS.1770: a 0 dBFS 997 Hz sine in one channel reads -3.01 LUFS, so in both channels 0; at -20 dBFS: -20.
    assert loudness(sine(0.1), RATE) == pytest.approx(-20.0, abs=0.15)


def test_true_peak_sees_between_the_samples() -> None:
    wave = np.sin(2 * np.pi * (RATE / 4) * np.arange(RATE) / RATE + np.pi / 4)  # samples at 0.707, peaks at 1
    wave *= np.hanning(RATE) ** 0.1  # no jump at the ends
    assert true_peak(np.stack([wave, wave]).astype(np.float32), RATE) == pytest.approx(0.0, abs=0.1)


def test_a_master_has_the_loudness_asked_for() -> None:
    for target in (LOUDNESS, -23.0):
        made = master(sine(0.01), RATE, target)
        assert loudness(made.audio, RATE) == pytest.approx(target, abs=0.1)
        assert made.loudness == pytest.approx(target, abs=0.01)
        assert made.gain == pytest.approx(target + 40.0, abs=0.3)
        assert made.true_peak == pytest.approx(true_peak(made.audio, RATE), abs=0.01)


def test_a_peaky_master_stays_below_the_ceiling() -> None:
    clicks = np.zeros((2, 3 * RATE), np.float32)
    clicks[:, ::9000] = 0.5
    made = master(clicks, RATE)
    assert true_peak(made.audio, RATE) <= PEAK
    assert made.loudness < LOUDNESS


def test_silence_stays_silence() -> None:
    made = master(np.zeros((2, RATE), np.float32), RATE)
    assert not made.audio.any()
    assert made.gain == 0.0


@pytest.mark.parametrize("target", [-40.5, -4.9, float("nan")])
def test_a_loudness_out_of_range_is_refused(target: float) -> None:
    with pytest.raises(GenaudioError, match="must be from -40 to -5 LUFS"):
        check_loudness(target)


def test_panning_keeps_the_power() -> None:
    mono = np.ones(10, np.float32)
    for pan in (-1.0, -0.3, 0.0, 0.8, 1.0):
        assert (place(mono, pan, 0.5) ** 2).sum() == pytest.approx(2 * 10 * 0.25, rel=1e-5)
    assert not place(mono, -1.0, 1.0)[1].round(6).any()


def test_the_room_decays_and_is_the_same_every_time() -> None:
    response = room(RATE)
    np.testing.assert_array_equal(response, room(RATE))
    energy = [float((response[:, start : start + 4410] ** 2).sum()) for start in range(2205, 40_000, 8820)]
    assert energy == sorted(energy, reverse=True)
    assert add_room(sine(0.1, 0.5), RATE, 0.1).shape[1] == RATE // 2 + response.shape[1] - 1


@pytest.mark.parametrize("samples", [1, 1000, 300_000, 500_001])
def test_the_room_is_a_convolution_however_many_blocks_it_takes(samples: int) -> None:
    rng = np.random.default_rng(samples)
    dry = (0.1 * rng.standard_normal((2, samples))).astype(np.float32)
    wet = fftconvolve(torch.from_numpy(dry).double(), torch.from_numpy(room(RATE)).double()).numpy()
    expected = 0.2 * wet + np.pad(dry, ((0, 0), (0, wet.shape[1] - samples)))
    np.testing.assert_allclose(add_room(dry, RATE, 0.2), expected, atol=1e-6)
    np.testing.assert_array_equal(add_room(dry, RATE, 0.0)[:, :samples], dry)
