"""From stems to a master: place, space, loudness.

Audio is float32 [2, T] in -1..1.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from genaudio.errors import GenaudioError
from genaudio.renderer.loudness import Meter, metered

if TYPE_CHECKING:
    import torch

_TRANSFORM = 1 << 18
"""Samples of the blocks in which the room is added."""
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


class Reverb:
    """Adds reverberation to sound that goes by; what comes out is later, and longer by the room's response.

    Args:
        sample_rate: samples a second.
        amount: linear gain, 0 for none.
    """

    def __init__(self, sample_rate: int, amount: float) -> None:
        length, self._echo = _echo(sample_rate)
        self._amount, self._size, self.tail = np.float32(amount), 2 * (self._echo.shape[1] - 1), length - 1
        self.block = self._size - self.tail
        self._dry = np.zeros((2, 0), np.float32)
        self._ringing = np.zeros((2, self.tail), np.float32)

    def add(self, dry: np.ndarray) -> Iterator[np.ndarray]:
        """Let sound go by, float32 [2, t]; yield what is finished, float32 [2, `block`] each."""
        self._dry = np.concatenate([self._dry, dry], axis=1)
        while self._dry.shape[1] >= self.block:
            sound = self._wet(self._dry[:, : self.block])
            self._dry, self._ringing = self._dry[:, self.block :], sound[:, self.block :]
            yield sound[:, : self.block]

    def finish(self) -> np.ndarray:
        """Return all the rest, float32 [2, t], at least what rings on."""
        return self._wet(self._dry)

    def _wet(self, dry: np.ndarray) -> np.ndarray:
        """A block with its reverberation and that of the block before: float32 [2, t + `tail`]."""
        import torch

        out = np.pad(dry, ((0, 0), (0, self.tail)))
        if self._amount > 0 and dry.shape[1]:
            wet = torch.fft.irfft(torch.fft.rfft(torch.from_numpy(dry), self._size) * self._echo, self._size)
            out += self._amount * wet[:, : out.shape[1]].numpy()
        out[:, : self.tail] += self._ringing
        return out


def blank(samples: int, sample_rate: int) -> np.ndarray:
    """Return an empty mix for so many samples and what the room adds to them: float32 [2, T]."""
    return np.zeros((2, samples + _echo(sample_rate)[0] - 1), np.float32)


def add_room(stereo: np.ndarray, sample_rate: int, amount: float) -> np.ndarray:
    """Add reverberation, `amount` as a linear gain; the result is longer by the room's length."""
    out = blank(stereo.shape[1], sample_rate)
    out[:, : stereo.shape[1]] = stereo
    reverberate(out, stereo.shape[1], sample_rate, amount)
    return out


def reverberate(out: np.ndarray, samples: int, sample_rate: int, amount: float) -> None:
    """Add reverberation in place to a mix that `blank` made.

    Args:
        out: float32 [2, T], of which the first `samples` hold sound.
        samples: how many those are.
        amount: linear gain, 0 for none.
    """
    if amount <= 0:
        return
    reverb, done = Reverb(sample_rate, amount), 0
    for start in range(0, samples, reverb.block):
        for sound in reverb.add(out[:, start : min(start + reverb.block, samples)]):
            out[:, done : done + sound.shape[1]] = sound
            done += sound.shape[1]
    out[:, done:] = reverb.finish()


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


def mastering_gain(meter: Meter, target: float) -> float:
    """Return the gain in dB that brings what a meter measured to a loudness in LUFS, or as near as the peak allows."""
    measured, peak = meter.loudness(), meter.true_peak()
    if peak == float("-inf"):
        return 0.0
    gain = PEAK - 0.05 - peak
    return min(gain, target - measured) if measured > float("-inf") else gain


def master(stereo: np.ndarray, sample_rate: int, target: float = LOUDNESS) -> Master:
    """Bring a mix, in place, to a loudness in LUFS, or as near as the true peak allows."""
    meter = metered(stereo, sample_rate)
    gain = mastering_gain(meter, target)
    stereo *= factor_of(gain)
    return Master(stereo, gain, meter.loudness() + gain, meter.true_peak() + gain)


def factor_of(gain: float) -> np.float32:
    """Turn a gain in dB into a factor."""
    return np.float32(10 ** (gain / 20))
