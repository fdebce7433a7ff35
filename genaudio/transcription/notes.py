"""From what the network says of each frame to notes, frame by frame, so that memory does not grow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from genaudio.transcription.network import FRAME, LOWEST, PITCHES, Activations, Floats

ONSET = 0.5
"""Activation from which a peak is an onset."""
SOUNDING = 0.3
"""Activation from which a pitch sounds."""
PATIENCE = 9
"""Frames that a note may fall below `SOUNDING` without ending."""
SHORTEST = 5
"""Frames of the shortest note: 58 ms."""
RESTRIKE = 7
"""Frames after which a note that sounds may begin again; onsets often have two peaks."""
SOFT = 8
"""Frames that a pitch must sound to begin without an onset."""


class HeardNote(NamedTuple):
    """A note as it was heard: start and end in seconds, MIDI number, and how sure the network was, 0 to 1."""

    start: float
    end: float
    pitch: int
    strength: float


def heard_notes(frames: Iterable[Activations]) -> list[HeardNote]:
    """Return the notes in the order of their starts.

    A note begins where its onset has a peak, or where its pitch sounds long enough without one, and ends where it no
    longer sounds or begins again.
    """
    ear = _Ear()
    found = [note for block in frames for note in ear.take(block)]
    return sorted([*found, *ear.finish()])


class _Ear:
    """What sounds at a frame, of each pitch."""

    def __init__(self) -> None:
        self._frame = 0
        self._onsets = np.zeros((2, PITCHES), np.float32)  # of the two frames before
        self._begun = np.full(PITCHES, -1)  # first frame of the note that sounds, or -1
        self._last = np.full(PITCHES, -1)  # its last frame that was loud enough
        self._sum = np.zeros(PITCHES)
        self._loud = np.zeros(PITCHES, np.int64)  # frames that were loud enough
        self._run = np.zeros(PITCHES, np.int64)  # loud frames in a row
        self._mass = np.zeros(PITCHES)  # and the sum of those

    def take(self, block: Activations) -> Iterator[HeardNote]:
        for note, onset in zip(block.note, block.onset, strict=True):
            yield from self._step(note, onset)

    def _step(self, note: Floats, onset: Floats) -> Iterator[HeardNote]:
        now, earlier = self._frame, self._onsets
        peak = (earlier[1] >= ONSET) & (earlier[1] >= earlier[0]) & (earlier[1] > onset)
        self._onsets = np.stack([earlier[1], onset])
        loud = note >= SOUNDING
        self._run = np.where(loud, self._run + 1, 0)
        self._mass = np.where(loud, self._mass + note, 0.0)
        sounds = self._begun >= 0
        struck = peak & (~sounds | (now - 1 - self._begun >= RESTRIKE))
        soft = ~sounds & ~struck & (self._run >= SOFT)
        fades = sounds & ~struck & (now - self._last > PATIENCE)
        for pitch in np.flatnonzero((struck & sounds) | fades):
            yield from self._ended(int(pitch), now - 1 if struck[pitch] else now)
        self._begun[fades] = -1
        self._begin(struck, now - 1)
        self._begin(soft, now - self._run + 1)
        self._sum[soft], self._loud[soft] = self._mass[soft], self._run[soft]
        self._last[soft] = now
        more = (self._begun >= 0) & loud & ~soft
        self._sum[more] += note[more]
        self._loud[more] += 1
        self._last[more] = now
        self._frame += 1

    def _begin(self, which: np.ndarray, frame: int | np.ndarray) -> None:
        self._begun = np.where(which, frame, self._begun)
        self._last = np.where(which, frame, self._last)
        self._sum[which], self._loud[which] = 0.0, 0

    def _ended(self, pitch: int, frame: int) -> Iterator[HeardNote]:
        """Yield the note of a pitch, if it was long enough."""
        begun, end = int(self._begun[pitch]), min(frame, int(self._last[pitch]) + 1)
        if end - begun >= SHORTEST and self._loud[pitch]:
            strength = float(self._sum[pitch] / self._loud[pitch])
            yield HeardNote(begun * FRAME, end * FRAME, LOWEST + pitch, strength)

    def finish(self) -> Iterator[HeardNote]:
        for pitch in np.flatnonzero(self._begun >= 0):
            yield from self._ended(int(pitch), self._frame)
