"""Sound in stretches: files of any length read at any rate, with memory that does not grow.

Shapes: C channels, T samples.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, gcd
from pathlib import Path
from types import TracebackType
from typing import Protocol

import numpy as np

from genaudio.audio import check_audio_file, cut_short, resample, says_its_length, unreadable
from genaudio.errors import GenaudioError

_BLOCK = 1 << 18
_WIDTH = 6  # zero crossings to either side in torchaudio's resampler, its default, and in our own


class Sound(Protocol):
    """Something that can be read in stretches."""

    @property
    def channels(self) -> int:
        """C."""
        ...

    @property
    def samples(self) -> int:
        """T."""
        ...

    def read(self, start: int, samples: int) -> np.ndarray:
        """Return a stretch, float32 [C, t]; silence beyond the end."""
        ...


class Clip:
    """A sound in memory, float32 [C, T], or what has several waves a channel, [C, W, T]."""

    def __init__(self, audio: np.ndarray) -> None:
        self.audio = audio
        self.channels, self.samples = len(audio), audio.shape[-1]

    def read(self, start: int, samples: int) -> np.ndarray:
        """See `Sound.read`."""
        out = np.zeros((*self.audio.shape[:-1], samples), np.float32)
        part = self.audio[..., start : start + samples]
        out[..., : part.shape[-1]] = part
        return out


class AudioFile:
    """An audio file read at a sample rate of one's choice. Use it as a context.

    Args:
        path: wav, flac, ogg or mp3.
        rate: samples a second to read it at; the file's own unless given.
        resampler: what resamples [C, T] from one rate to another, with a reach of `_WIDTH` zero crossings.

    Attributes:
        not_finite: how many of the samples read so far were no finite numbers, and are silence.

    Raises:
        GenaudioError: as `read_audio`; a file that ends early says so when the end is read.
    """

    def __init__(
        self, path: Path, rate: int | None = None, resampler: Callable[[np.ndarray, int, int], np.ndarray] = resample
    ) -> None:
        import soundfile

        class Forward(soundfile.SoundFile):  # type: ignore[misc]
            """A file that soundfile does not seek in after each read, which spoils what follows in an MP3."""

            def seekable(self) -> bool:
                return False

        check_audio_file(path)
        try:
            self._file = Forward(path)
            self.own_rate, declared = int(self._file.samplerate), int(self._file.frames)
            self.own_samples = declared if says_its_length(declared) else self._count()
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise unreadable(path, error) from error
        if self.own_samples == 0:
            self._file.close()
            raise GenaudioError(f"{path} holds no audio")
        self.path, self.rate, self.channels = path, rate or self.own_rate, int(self._file.channels)
        self._resample = resampler
        common = gcd(self.rate, self.own_rate)
        self._up, self._down = self.rate // common, self.own_rate // common
        self.samples = ceil(self.own_samples * self._up / self._down)
        self._buffer, self._at = np.zeros((self.channels, 0), np.float32), 0
        self.not_finite = 0

    def __enter__(self) -> AudioFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def _count(self) -> int:
        """Measure a file that does not say how long it is."""
        total = 0
        while block := len(self._file.read(_BLOCK, dtype="float32", always_2d=True)):
            total += block
        self._file.seek(0)
        return total

    def _own(self, start: int, stop: int) -> np.ndarray:
        """Read the file's own samples start..stop, silence outside it: [C, t]."""
        import soundfile

        low, high = max(0, start), min(stop, self.own_samples)
        if low < self._at:
            self._file.seek(low)
            self._buffer, self._at = self._buffer[:, :0], low
        parts = [self._buffer[:, low - self._at :]] if low - self._at < self._buffer.shape[1] else []
        end = self._at + self._buffer.shape[1]
        try:
            if low > end:
                self._file.seek(low)
                end = low
            while end < high:
                block = self._file.read(min(_BLOCK, high - end), dtype="float32", always_2d=True).T
                if block.shape[1] == 0:
                    raise cut_short(self.path, end, self.own_samples)
                self.not_finite += block.size - int(np.count_nonzero(np.isfinite(block)))
                parts.append(np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0))
                end += block.shape[1]
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise unreadable(self.path, error) from error
        self._buffer = np.concatenate(parts, axis=1) if parts else np.zeros((self.channels, 0), np.float32)
        self._at = low
        out = np.zeros((self.channels, stop - start), np.float32)
        wanted = self._buffer[:, : max(0, high - low)]
        out[:, low - start : low - start + wanted.shape[1]] = wanted
        return out

    def read(self, start: int, samples: int) -> np.ndarray:
        """See `Sound.read`; however a file is cut, the samples are the same."""
        if self._up == self._down:
            return self._own(start, start + samples)
        margin = ceil((_WIDTH * max(1.0, self._down / self._up) + 2) / self._down)
        first, last = start // self._up - margin, -(-(start + samples) // self._up) + margin
        sound = self._resample(self._own(first * self._down, last * self._down), self.own_rate, self.rate)
        skip = start - first * self._up
        sound = sound[:, skip : skip + samples]
        sound[:, max(0, self.samples - start) :] = 0
        return sound
