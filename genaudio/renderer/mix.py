"""From stems to a master: place, space, loudness.

Audio is float32 [2, T] in -1..1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from genaudio.errors import GenaudioError

PEAK = -1.0
"""Highest true peak of a master in dBTP (ITU-R BS.1770-4, four times oversampled)."""
LOUDNESS = -16.0
"""Integrated loudness to which a master is brought as a rule, in LUFS, where the peak allows it."""
QUIETEST, LOUDEST = -40.0, -5.0
"""Limits of the loudness that can be asked for."""


def place(mono: np.ndarray, pan: float, volume: float) -> np.ndarray:
    """Put a mono stem [T] into the stereo picture at equal power: [2, T]."""
    angle = (np.clip(pan, -1, 1) + 1) * np.pi / 4
    gains = np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.float32(volume * np.sqrt(2))
    return (gains * mono[None]).astype(np.float32)


def room(sample_rate: int, seconds: float = 1.1, seed: int = 7) -> np.ndarray:
    """Make the impulse response of a small hall: seeded noise that decays faster the higher it is, [2, T]."""
    rng = np.random.default_rng(seed)
    length = int(seconds * sample_rate)
    spectrum_size = 1024
    hop = spectrum_size // 2
    out = np.zeros((2, length + spectrum_size), np.float32)
    frequencies = np.fft.rfftfreq(spectrum_size, 1 / sample_rate)
    decay = 6.9 / (seconds * np.clip(1.1 - frequencies / 16_000, 0.15, 1.0))
    window = np.hanning(spectrum_size)
    for channel in range(2):
        for start in range(0, length, hop):
            noise = np.fft.rfft(rng.standard_normal(spectrum_size) * window)
            noise *= np.exp(-decay * start / sample_rate) * (frequencies > 120)
            out[channel, start : start + spectrum_size] += np.fft.irfft(noise, spectrum_size)
    predelay = int(0.018 * sample_rate)
    out = np.pad(out, ((0, 0), (predelay, 0)))[:, :length]
    return (out / np.sqrt((out**2).sum(axis=1, keepdims=True))).astype(np.float32)


def add_room(stereo: np.ndarray, sample_rate: int, amount: float) -> np.ndarray:
    """Add reverberation, `amount` as a linear gain; the result is longer by the room's length."""
    import torch
    from torchaudio.functional import fftconvolve

    response = room(sample_rate)
    dry = np.pad(stereo, ((0, 0), (0, response.shape[1] - 1)))
    if amount <= 0 or stereo.shape[1] == 0:
        return dry
    wet = fftconvolve(torch.from_numpy(stereo), torch.from_numpy(response)).numpy()
    mixed: np.ndarray = (dry + amount * wet).astype(np.float32)
    return mixed


def loudness(stereo: np.ndarray, sample_rate: int) -> float:
    """Measure integrated loudness in LUFS (ITU-R BS.1770-4); minus infinity for silence or less than 0.4 s."""
    import torch
    from torchaudio.functional import loudness as measure

    if stereo.shape[1] < int(0.4 * sample_rate) or not np.any(stereo):
        return float("-inf")
    value = float(measure(torch.from_numpy(np.ascontiguousarray(stereo)), sample_rate))
    return value if np.isfinite(value) else float("-inf")


def true_peak(stereo: np.ndarray, sample_rate: int) -> float:
    """Measure the true peak in dBTP by four times oversampling; minus infinity for silence."""
    from genaudio.audio import resample

    block, overlap, peak = sample_rate * 10, 256, 0.0
    for start in range(0, stereo.shape[1], block):
        part = stereo[:, max(0, start - overlap) : start + block + overlap]
        peak = max(peak, float(np.abs(resample(part, sample_rate, 4 * sample_rate)).max()))
    return 20 * float(np.log10(peak)) if peak > 0 else float("-inf")


def check_loudness(target: float) -> float:
    """Return a loudness that a master may be brought to, in LUFS.

    Raises:
        GenaudioError: it is out of range.
    """
    if not QUIETEST <= target <= LOUDEST:
        raise GenaudioError(f"a loudness must be from {QUIETEST:g} to {LOUDEST:g} LUFS, not {target:g}")
    return float(target)


class Master(NamedTuple):
    """A mix that was brought to a loudness.

    Attributes:
        audio: float32 [2, T].
        gain: in dB, that it took.
        loudness, true_peak: of the audio in LUFS and dBTP; minus infinity for silence.
    """

    audio: np.ndarray
    gain: float
    loudness: float
    true_peak: float


def master(stereo: np.ndarray, sample_rate: int, target: float = LOUDNESS) -> Master:
    """Bring a mix to a loudness in LUFS, or as near as the true peak allows."""
    measured, peak = loudness(stereo, sample_rate), true_peak(stereo, sample_rate)
    if peak == float("-inf"):
        return Master(stereo, 0.0, measured, peak)
    gain = PEAK - 0.05 - peak
    if measured > float("-inf"):
        gain = min(gain, target - measured)
    audio = (stereo * np.float32(10 ** (gain / 20))).astype(np.float32)
    return Master(audio, gain, measured + gain, peak + gain)
