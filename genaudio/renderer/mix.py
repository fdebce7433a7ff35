"""From stems to a master: place, space, loudness.

Audio is float32 [2, T] in -1..1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from genaudio.errors import GenaudioError

if TYPE_CHECKING:
    import torch

_TRANSFORM = 1 << 18
"""Samples of the blocks in which the room is added."""
_STRETCH = 60
"""Seconds of audio in which the loudness of longer pieces is measured."""
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


@lru_cache(maxsize=2)
def _echo(sample_rate: int) -> tuple[int, torch.Tensor]:
    """The length of the room's response, and its spectrum for blocks of `_TRANSFORM` samples or more: [2, n]."""
    import torch

    response = torch.from_numpy(room(sample_rate))
    size = max(_TRANSFORM, 1 << (2 * response.shape[1]).bit_length())
    return response.shape[1], torch.fft.rfft(response, size)


def blank(samples: int, sample_rate: int) -> np.ndarray:
    """Return an empty mix for so many samples and what the room adds to them: float32 [2, T]."""
    return np.zeros((2, samples + _echo(sample_rate)[0] - 1), np.float32)


def add_room(stereo: np.ndarray, sample_rate: int, amount: float) -> np.ndarray:
    """Add reverberation, `amount` as a linear gain; the result is longer by the room's length."""
    out = blank(stereo.shape[1], sample_rate)
    out[:, : stereo.shape[1]] = stereo
    if amount > 0:
        reverberate(out, stereo.shape[1], sample_rate, amount)
    return out


def reverberate(out: np.ndarray, samples: int, sample_rate: int, amount: float) -> None:
    """Add reverberation in place to a mix that `blank` made, block by block.

    The blocks are taken from the last to the first, so that each is still dry when it is its turn.

    Args:
        out: float32 [2, T], of which the first `samples` hold sound.
        samples: how many those are.
        amount: linear gain.
    """
    import torch

    length, echo = _echo(sample_rate)
    size = 2 * (echo.shape[1] - 1)
    step = size - length + 1
    for start in reversed(range(0, samples, step)):
        dry = torch.from_numpy(out[:, start : min(start + step, samples)])
        count = dry.shape[1] + length - 1
        wet = torch.fft.irfft(torch.fft.rfft(dry, size) * echo, size)[:, :count]
        out[:, start : start + count] += np.float32(amount) * wet.numpy()


def loudness(stereo: np.ndarray, sample_rate: int) -> float:
    """Measure integrated loudness in LUFS (ITU-R BS.1770-4); minus infinity for silence or less than 0.4 s."""
    import torch
    from torchaudio.functional import loudness as measure

    if stereo.shape[1] < int(0.4 * sample_rate) or not np.any(stereo):
        return float("-inf")
    if stereo.shape[1] > _STRETCH * sample_rate and sample_rate % 10 == 0:
        return _gated(_energies(stereo, sample_rate))
    value = float(measure(torch.from_numpy(np.ascontiguousarray(stereo)), sample_rate))
    return value if np.isfinite(value) else float("-inf")


def _energies(stereo: np.ndarray, sample_rate: int) -> np.ndarray:
    """Mean squares of every tenth of a second after K-weighting, channels summed: float64 [n].

    The filters forget what was a second ago, so long audio goes through in stretches.
    """
    import torch
    from torchaudio.functional import highpass_biquad, treble_biquad

    step, found = sample_rate // 10, []
    for start in range(0, stereo.shape[1] - step + 1, _STRETCH * sample_rate):
        before = min(start, sample_rate)
        sound = torch.from_numpy(np.ascontiguousarray(stereo[:, start - before : start + _STRETCH * sample_rate]))
        weighted = highpass_biquad(treble_biquad(sound, sample_rate, 4.0, 1500.0, 0.5**0.5), sample_rate, 38.0, 0.5)
        whole = (weighted.shape[1] - before) // step * step
        squares = weighted[:, before : before + whole].double().square().view(len(stereo), -1, step)
        found.append(squares.mean(2).sum(0).numpy())
    return np.concatenate(found)


def _gated(energies: np.ndarray) -> float:
    """Integrated loudness from the energies of tenths of a second: blocks of 0.4 s, gated twice (ITU-R BS.1770-4)."""
    blocks = np.convolve(energies, np.full(4, 0.25), "valid")
    levels = -0.691 + 10 * np.log10(np.maximum(blocks, 1e-30))
    loud = levels > -70
    if not loud.any():
        return float("-inf")
    loud &= levels > -0.691 + 10 * np.log10(blocks[loud].mean()) - 10
    return float(-0.691 + 10 * np.log10(blocks[loud].mean()))


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
    """Bring a mix, in place, to a loudness in LUFS, or as near as the true peak allows."""
    measured, peak = loudness(stereo, sample_rate), true_peak(stereo, sample_rate)
    if peak == float("-inf"):
        return Master(stereo, 0.0, measured, peak)
    gain = PEAK - 0.05 - peak
    if measured > float("-inf"):
        gain = min(gain, target - measured)
    stereo *= np.float32(10 ** (gain / 20))
    return Master(stereo, gain, measured + gain, peak + gain)
