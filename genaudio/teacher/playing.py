"""Playing the clips of a set of teacher audio on all cores, into files that the processes share.

A clip depends on its performance alone, so that the audio is the same however many processes play it. They are started
afresh (spawned): a copy of a process in which torch already runs could hang. No process holds more than one clip.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from genaudio.cores import usable_cores
from genaudio.instruments import BY_NAME
from genaudio.teacher.performance import Performance
from genaudio.teacher.soundfont import SoundFontPlayer


def processes(clips: int) -> Executor:
    """Return processes that play clips: one for each core, no more than there are clips."""
    return ProcessPoolExecutor(min(usable_cores(), clips), multiprocessing.get_context("spawn"))


@dataclass(frozen=True)
class Loudness:
    """Root mean square and peak of a clip, both in 0..1."""

    level: float
    peak: float


@cache
def _player(soundfont: Path, sample_rate: int) -> SoundFontPlayer:
    """Return this process's player, which holds the SoundFont until the process ends."""
    return SoundFontPlayer(soundfont, sample_rate)


@dataclass(frozen=True)
class Playing:
    """How the clips of a set are played, and the file that takes them.

    Attributes:
        soundfont: what plays.
        sample_rate: samples a second.
        seconds: length of a clip.
        file: a NumPy array file, float32 [clips, samples].
    """

    soundfont: Path
    sample_rate: int
    seconds: float
    file: Path

    def play(self, index: int, performance: Performance) -> Loudness:
        """Play a clip into its row of the file and return how loud it is."""
        family = BY_NAME[performance.family]
        player = _player(self.soundfont, self.sample_rate)
        program = family.program if performance.program is None else performance.program
        clip = player.play(performance.notes, program, self.seconds, family.drums)
        np.load(self.file, mmap_mode="r+")[index] = clip
        return Loudness(float(np.sqrt(np.mean(clip**2))), float(np.abs(clip).max()))

    def round_off(self, index: int, gain: float, file: Path) -> None:
        """Write a clip, brought to its loudness and limited, to its row of another file: int16 [clips, samples]."""
        clip = np.clip(np.load(self.file, mmap_mode="r")[index] * np.float32(gain), -1, 1)
        np.load(file, mmap_mode="r+")[index] = np.round(clip * 32767).astype(np.int16)


def play_all(
    playing: Playing,
    performances: Sequence[Performance],
    gains: Callable[[list[Loudness]], Sequence[float]],
    file: Path,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Play performances, bring each to its loudness and store them all.

    Args:
        playing: how; its file takes the clips for the time being and is removed.
        performances: what to play, one for each clip.
        gains: returns the gain of each clip, given how loud all are.
        file: NumPy array file for the audio, int16 [clips, samples].
        progress: called with (clips done, clips in all).
    """
    clips, shape = len(performances), (len(performances), round(playing.seconds * playing.sample_rate))
    np.lib.format.open_memmap(playing.file, "w+", np.float32, shape)
    np.lib.format.open_memmap(file, "w+", np.int16, shape)
    try:
        with processes(clips) as pool:
            loudness = []
            for played in pool.map(playing.play, range(clips), performances):
                loudness.append(played)
                if progress:
                    progress(len(loudness), clips)
            for _ in pool.map(playing.round_off, range(clips), gains(loudness), [file] * clips, chunksize=8):
                pass
    finally:
        playing.file.unlink()
