"""Sound played a little faster or slower, and so higher or lower, in stretches of any size.

Windowed-sinc interpolation at any ratio (Smith and Gossett 1984): what a tape machine with its speed a few per cent off
does, and undoes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import ceil

import numpy as np

from genaudio.streams import Sound

TAPS = 16
"""Samples to either side that one sample of the result depends on."""
_PHASES = 512
_KAISER = 8.0
_BLOCK = 1 << 15


@cache
def _kernels(cutoff: float) -> np.ndarray:
    """Interpolation kernels for every phase between two samples: float32 [phases + 1, 2 x TAPS]."""
    phases = np.arange(_PHASES + 1)[:, None] / _PHASES
    distance = np.arange(1 - TAPS, TAPS + 1)[None] - phases
    window = np.i0(_KAISER * np.sqrt(np.clip(1 - (distance / TAPS) ** 2, 0, 1))) / np.i0(_KAISER)
    kernels = cutoff * np.sinc(cutoff * distance) * window
    return (kernels / kernels.sum(1, keepdims=True)).astype(np.float32)


class Retimed:
    """A sound played so many times as fast.

    Args:
        sound: what is played.
        speed: above 1 faster and higher; pitch rises by 12 log2(speed) semitones.
        samples: length of the result; that of the sound over the speed unless given.
    """

    def __init__(self, sound: Sound, speed: float, samples: int | None = None) -> None:
        self.sound, self.speed, self.channels = sound, speed, sound.channels
        self.samples = ceil(sound.samples / speed) if samples is None else samples
        self._kernels = _kernels(min(1.0, 1 / speed))

    def read(self, start: int, samples: int) -> np.ndarray:
        """See `Sound.read`; however the sound is cut, the samples are the same."""
        out = np.zeros((self.channels, samples), np.float32)
        for first in range(max(0, start), min(start + samples, self.samples), _BLOCK):
            last = min(first + _BLOCK, start + samples, self.samples)
            out[:, first - start : last - start] = self._block(first, last)
        return out

    def _block(self, first: int, last: int) -> np.ndarray:
        """Interpolate samples first..last: float32 [C, t]."""
        places = np.arange(first, last) * self.speed
        below = np.floor(places).astype(np.int64)
        low = int(below[0]) + 1 - TAPS
        count = int(below[-1]) + TAPS + 1 - low
        skipped = max(0, -low)  # before the beginning there is silence
        sound = np.pad(self.sound.read(low + skipped, count - skipped), ((0, 0), (skipped, 0)))
        phase = (places - below) * _PHASES
        lower = phase.astype(np.int64)
        share = (phase - lower).astype(np.float32)[:, None]
        kernels = self._kernels[lower] * (1 - share) + self._kernels[lower + 1] * share
        windows = np.lib.stride_tricks.sliding_window_view(sound, 2 * TAPS, axis=1)[:, below - below[0]]
        block: np.ndarray = np.einsum("ctk,tk->ct", windows, kernels)
        return block


class Poured:
    """A sound that comes in pieces one after the other, read from its beginning to its end.

    Args:
        pieces: float32 [C, t] each.
        channels, samples: of the whole.
        kept: samples that can be read again.
    """

    def __init__(self, pieces: Iterator[np.ndarray], channels: int, samples: int, kept: int = 4 * TAPS) -> None:
        self.channels, self.samples = channels, samples
        self._pieces, self._kept = pieces, kept
        self._buffer, self._at = np.zeros((channels, 0), np.float32), 0

    def read(self, start: int, samples: int) -> np.ndarray:
        """See `Sound.read`.

        Raises:
            ValueError: the stretch has gone by.
        """
        if start < self._at:
            raise ValueError(f"sample {start} has gone by; what is left begins with {self._at}")
        stop, parts = min(start + samples, self.samples), [self._buffer]
        end = self._at + self._buffer.shape[1]
        while end < stop and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            end += piece.shape[1]
        whole = np.concatenate(parts, axis=1)
        out = np.zeros((self.channels, samples), np.float32)
        part = whole[:, start - self._at : stop - self._at]
        out[:, : part.shape[1]] = part
        gone = max(0, min(stop, end) - self._kept - self._at)
        self._buffer, self._at = whole[:, gone:], self._at + gone
        return out


def played_back(pieces: Iterator[np.ndarray], channels: int, length: int, speed: float, samples: int,
                stretch: int = 1 << 18) -> Iterator[np.ndarray]:  # fmt: skip
    """Play pieces of a sound at another speed as they come.

    Args:
        pieces: float32 [C, t] each. channels: C. length: samples of all pieces together.
        speed: as of `Retimed`. samples: length of the result.
        stretch: samples of each piece of the result.
    """
    retimed = Retimed(Poured(pieces, channels, length), speed, samples)
    for start in range(0, samples, stretch):
        yield retimed.read(start, min(stretch, samples - start))


def speed_of(cents: float) -> float:
    """Return the speed that raises the pitch by so many hundredths of a semitone."""
    return float(2 ** (cents / 1200))
