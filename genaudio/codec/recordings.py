"""A musician's own recordings as training material: audio files of any rate, cut into clips on disk, without notes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genaudio.audio import FORMATS
from genaudio.errors import GenaudioError
from genaudio.streams import AudioFile
from genaudio.training.gathered import digest_of, is_gathered

CLIP_SECONDS = 12.0
"""Length of the clips that recordings are cut into; the last of a file is filled up with silence."""
SILENCE = 1e-4
"""Root mean square below which a clip is left out, its mean taken off: what never moves is silent, too."""
SHORTEST = 0.1
"""Seconds of the shortest file that is learnt from."""
HELD_OUT = 10
"""Every so many clips one is kept from the training to measure on."""


@dataclass(frozen=True)
class Recordings:
    """Clips of recordings.

    Attributes:
        audio: int16 [all clips, samples] (a memory map); divide by 32767.
        rows: which of them are meant.
    """

    audio: np.ndarray
    rows: tuple[int, ...]

    @property
    def samples(self) -> int:
        """Samples of a clip."""
        return int(self.audio.shape[1])

    def stretch(self, index: int, start: int, samples: int) -> np.ndarray:
        """Return a part of a clip, float32 [samples] in -1..1."""
        return np.asarray(self.audio[self.rows[index], start : start + samples], np.float32) / 32767

    def played(self, index: int) -> None:
        """Return None: what a recording plays is not known."""

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Account:
    """What became of a folder of recordings.

    Attributes:
        files: files that were read. clips: clips for training and measuring. silent: clips left out as silent.
        rejected: (file, reason) of what could not be read.
    """

    files: int
    clips: int
    silent: int
    rejected: tuple[tuple[str, str], ...]


def gather_recordings(
    source: Path, folder: Path, sample_rate: int, progress: Callable[[int, int], None] | None = None
) -> tuple[Recordings, Recordings, Account]:
    """Cut all audio files under a folder into clips, mixed down to mono, or open what was cut before.

    Args:
        source: where the recordings are; folders within are searched too.
        folder: where the clips go; about 5 MB a minute.
        sample_rate: samples a second of the clips.
        progress: called with (files done, files in all).

    Returns:
        clips for training, clips for measuring (one in `HELD_OUT`, at least one), and the account.

    Raises:
        GenaudioError: there are no audio files, none can be read, or there is too little sound.
    """
    if not source.is_dir():
        raise GenaudioError(f"there is no folder {source}; name one that holds recordings")
    files = sorted(path for path in source.rglob("*") if path.suffix.lower().lstrip(".") in FORMATS and path.is_file())
    if not files:
        raise GenaudioError(f"{source} holds no recordings ({', '.join(FORMATS)})")
    digest = digest_of(source, files, f"{sample_rate} {CLIP_SECONDS}")
    done = folder / "done"
    if not is_gathered(folder, digest):
        done.unlink(missing_ok=True)
        _cut(source, files, folder, sample_rate, digest, progress)
    content = json.loads(done.read_text())
    account = Account(content["files"], content["clips"], content["silent"], tuple(map(tuple, content["rejected"])))
    audio = np.memmap(folder / "audio.s16", np.int16, "r", shape=(account.clips, round(CLIP_SECONDS * sample_rate)))
    measured = sorted({*range(HELD_OUT - 1, account.clips, HELD_OUT), account.clips - 1})
    trained = [row for row in range(account.clips) if row not in set(measured)]
    return Recordings(audio, tuple(trained)), Recordings(audio, tuple(measured)), account


def _cut(
    source: Path,
    files: list[Path],
    folder: Path,
    sample_rate: int,
    digest: str,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write the clips of all files, and `done` last.

    Raises:
        GenaudioError: no file can be read, or there are not two clips with sound.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clips = silent = 0
    rejected: list[tuple[str, str]] = []
    with (folder / "audio.s16").open("wb") as out:
        for index, path in enumerate(files):
            begin, here, left_out = out.tell(), 0, 0
            try:
                for clip in _clips(path, sample_rate):
                    if np.std(clip) < SILENCE:
                        left_out += 1
                        continue
                    out.write(np.round(np.clip(clip, -1, 1) * 32767).astype(np.int16).tobytes())
                    here += 1
            except GenaudioError as error:
                rejected.append((str(path.relative_to(source)), str(error)))
                out.seek(begin)
                out.truncate()
            else:
                clips, silent = clips + here, silent + left_out
            if progress:
                progress(index + 1, len(files))
    if len(rejected) == len(files):
        raise GenaudioError(f"none of the {len(files)} recordings in {source} can be read; the first: {rejected[0][1]}")
    if clips < 2:
        raise GenaudioError(
            f"{source} holds {clips} clips of {CLIP_SECONDS:g} s with sound; training and measuring need at least 2"
        )
    account = {"files": len(files) - len(rejected), "clips": clips, "silent": silent, "rejected": rejected}
    (folder / "done").write_text(json.dumps({"digest": digest, **account}))


def _clips(path: Path, sample_rate: int) -> Iterator[np.ndarray]:
    """Read a file, mix it down and cut it: float32 [samples] each, the last one filled up with silence.

    Raises:
        GenaudioError: the file cannot be read to its end, is too short, or holds samples that are no finite numbers.
    """
    samples = round(CLIP_SECONDS * sample_rate)
    with AudioFile(path, sample_rate) as file:
        if file.samples < SHORTEST * sample_rate:
            raise GenaudioError(f"{path} lasts {file.samples / sample_rate:.2f} s; at least {SHORTEST:g} s are needed")
        for start in range(0, file.samples, samples):
            yield file.read(start, samples).mean(0)
            if file.not_finite:
                raise GenaudioError(f"{path} holds samples that are no finite numbers; export it again")
