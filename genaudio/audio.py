"""Audio files in and out through libsndfile: wav, flac, ogg (Vorbis) and mp3.

Audio is float32 [C, T] in -1..1. torchaudio no longer reads or writes files by itself, so soundfile does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from math import gcd
from pathlib import Path
from types import TracebackType

import numpy as np

from genaudio.errors import GenaudioError
from genaudio.tags import complete, found

FORMATS: dict[str, tuple[str, str]] = {
    "flac": ("FLAC", "PCM_24"),
    "wav": ("WAV", "PCM_24"),
    "ogg": ("OGG", "VORBIS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}
"""Container and encoding of each file extension."""
TAGS = ("title", "copyright", "software", "artist", "comment", "date", "album", "license", "tracknumber", "genre")
"""Tags that libsndfile knows; ``genaudio.tags`` adds ``isrc``, and ``license`` where libsndfile drops it."""
_BLOCK = 1 << 20


def format_of(path: Path) -> str:
    """Return the format that a file name's extension asks for.

    Raises:
        GenaudioError: it is none that can be written.
    """
    extension = path.suffix.lower().lstrip(".")
    if extension not in FORMATS:
        raise GenaudioError(f"{path.name}: audio is written as {', '.join(FORMATS)}, not {extension or 'nothing'!r}")
    return extension


def check_audio_file(path: Path) -> None:
    """Make sure that a path names a file.

    Raises:
        GenaudioError: it is a directory, or there is nothing.
    """
    if path.is_dir():
        raise GenaudioError(f"{path} is a directory; name an audio file")
    if not path.is_file():
        raise GenaudioError(f"there is no file {path}")


def unreadable(path: Path, error: Exception) -> GenaudioError:
    """Say why a file is no audio that can be read."""
    return GenaudioError(f"{path} cannot be read as audio: {getattr(error, 'error_string', str(error))}")


def says_its_length(declared: int) -> bool:
    """Return whether the number of samples that libsndfile gives for a file is one; some files do not say theirs."""
    return 0 < declared < (1 << 62)


def cut_short(path: Path, samples: int, declared: int) -> GenaudioError:
    """Say that a file ends before the length that it declares."""
    return GenaudioError(f"{path} is cut short: {samples} of {declared} samples can be read")


def read_audio(path: Path) -> tuple[np.ndarray, int]:
    """Read a whole audio file.

    Returns:
        audio float32 [C, T] and its sample rate. Samples that are not finite are set to 0.

    Raises:
        GenaudioError: the file is missing, a directory, empty, damaged or of an unknown kind.
    """
    import soundfile

    check_audio_file(path)
    try:
        with soundfile.SoundFile(path) as file:
            rate, declared = int(file.samplerate), int(file.frames)
            audio = file.read(dtype="float32", always_2d=True).T
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise unreadable(path, error) from error
    if audio.shape[1] == 0:
        raise GenaudioError(f"{path} holds no audio")
    if says_its_length(declared) and audio.shape[1] < declared:
        raise cut_short(path, audio.shape[1], declared)
    return np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0), rate


class AudioSink:
    """An audio file being written; the extension says the format. Use it as a context: whole at its end, or not at all.

    Args:
        path: where to; an existing file is replaced.
        sample_rate: samples a second. channels: C.
        tags: any of `TAGS`, and ``isrc``.

    Raises:
        GenaudioError: the format is unknown, or the file cannot be written.
    """

    def __init__(self, path: Path, sample_rate: int, channels: int, tags: Mapping[str, str] | None = None) -> None:
        import soundfile

        self._format, self._tags = format_of(path), dict(tags or {})
        container, encoding = FORMATS[self._format]
        self.path, self._temporary = path, path.with_name(f".{path.stem}.part{path.suffix}")
        self._failures = (soundfile.SoundFileError, OSError, RuntimeError)
        try:
            self._file = soundfile.SoundFile(self._temporary, "w", sample_rate, channels, encoding, format=container)
            for name in [] if self._format == "mp3" else [name for name in TAGS if self._tags.get(name)]:
                setattr(self._file, name, self._tags[name])
        except self._failures as error:
            self._temporary.unlink(missing_ok=True)
            raise self._failed(error) from error

    def __enter__(self) -> AudioSink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self._finish()
        else:
            self._abandon()

    def _failed(self, error: Exception) -> GenaudioError:
        return GenaudioError(f"{self.path} cannot be written: {error}")

    def write(self, audio: np.ndarray) -> None:
        """Append float32 [C, T] or [T]; values outside -1..1 are limited, what is no number is silence."""
        samples = np.clip(np.nan_to_num(np.atleast_2d(audio)), -1.0, 1.0).T.astype(np.float32)
        try:
            for start in range(0, len(samples), _BLOCK):  # libsndfile's Vorbis overflows its stack on long blocks
                self._file.write(samples[start : start + _BLOCK])
        except self._failures as error:
            raise self._failed(error) from error

    def _finish(self) -> None:
        """Close the file and put it in its place."""
        try:
            self._file.close()
            complete(self._temporary, self._format, self._tags)
            os.replace(self._temporary, self.path)
        except self._failures as error:
            self._abandon()
            raise self._failed(error) from error

    def _abandon(self) -> None:
        """Leave nothing behind."""
        with suppress(*self._failures):
            self._file.close()
        self._temporary.unlink(missing_ok=True)


def write_audio(path: Path, audio: np.ndarray, sample_rate: int, tags: Mapping[str, str] | None = None) -> None:
    """Write audio whole or not at all; the extension says the format.

    Args:
        path: where to; an existing file is replaced.
        audio: float32 [C, T] or [T]; values outside -1..1 are limited.
        sample_rate: samples a second.
        tags: any of `TAGS`, and ``isrc``.

    Raises:
        GenaudioError: the format is unknown, or the file cannot be written.
    """
    audio = np.atleast_2d(audio)
    with AudioSink(path, sample_rate, audio.shape[0], tags) as sink:
        for start in range(0, max(1, audio.shape[1]), _BLOCK):
            sink.write(audio[:, start : start + _BLOCK])


def read_tags(path: Path) -> dict[str, str]:
    """Return the tags of an audio file.

    Raises:
        GenaudioError: the file cannot be read.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            return {**file.copy_metadata(), **found(path)}
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise GenaudioError(f"{path} cannot be read as audio: {error}") from error


def resample(audio: np.ndarray, rate: int, to: int) -> np.ndarray:
    """Resample [C, T] with torchaudio's windowed sinc; the same array where the rates agree.

    Raises:
        GenaudioError: a rate is outside 1 kHz to 768 kHz.
    """
    if rate == to:
        return audio
    if not (1_000 <= rate <= 768_000 and 1_000 <= to <= 768_000):
        raise GenaudioError(f"a sample rate must be from 1,000 to 768,000 Hz, not {rate} and {to}")
    import torch
    from torchaudio.functional import resample as sinc

    common = gcd(rate, to)
    out: np.ndarray = sinc(torch.from_numpy(np.ascontiguousarray(audio)), rate // common, to // common).numpy()
    return out
