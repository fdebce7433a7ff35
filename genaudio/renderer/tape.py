"""Sound that waits on disk, because its gain is known only when all of it has been heard."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import numpy as np

from genaudio.errors import GenaudioError

_BLOCK = 1 << 18
"""Samples that are read at once."""


class Tape:
    """Sound written from its beginning to its end, then read so. Use it as a context, at whose end it is gone.

    It is a file without a name wherever the system knows such: not even a killed process leaves it behind.

    Args:
        folder: on whose disk it lies; the system's folder for temporary files unless given.
        channels: C.

    Attributes:
        samples: T, written so far.

    Raises:
        GenaudioError: there is no room for it.
    """

    def __init__(self, folder: Path | None, channels: int) -> None:
        self.channels, self.samples = channels, 0
        self._folder = folder or Path(tempfile.gettempdir())
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (it is open as long as the tape is)
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> Tape:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):  # of what no room was found for
            self._file.close()

    def _failed(self, error: OSError) -> GenaudioError:
        return GenaudioError(f"sound cannot be kept in {self._folder} until it is mastered: {error.strerror}")

    def write(self, sound: np.ndarray) -> None:
        """Append float32 [C, t]."""
        try:
            self._file.write(np.ascontiguousarray(sound.T, np.float32).data)
        except OSError as error:
            raise self._failed(error) from error
        self.samples += sound.shape[1]

    def read(self) -> Iterator[np.ndarray]:
        """Yield all that was written, block by block: float32 [C, t], to do with as one likes."""
        try:
            self._file.seek(0)
            while block := self._file.read(_BLOCK * self.channels * 4):
                yield np.frombuffer(block, np.float32).reshape(-1, self.channels).T.copy()
        except OSError as error:
            raise self._failed(error) from error
