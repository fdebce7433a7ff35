"""What keeps new melodies from copying: a guard says which next pitches to hold back. Needs no torch.

A guard knows works that must not be copied, which the melody model does not; so it is handed to the `Composer`. The
sampler asks it before every note for all melodies at once and takes what it says, times the strength that is wished,
from the scores of the pitches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from genaudio.melody.draft import Draft
from genaudio.melody.vocabulary import Vocabulary

Whole = NDArray[np.int64]
Nats = NDArray[np.float64]
PITCHES = 128
"""MIDI pitches."""
NONE = -1
"""Pitch that stands where a melody has not so many notes yet."""


class Guard(Protocol):
    """Holds back notes that would copy."""

    @property
    def reach(self) -> int:
        """How many notes it looks back on."""
        ...

    def penalties(self, pitches: Whole, onsets: Whole, ticks: Whole) -> Nats:
        """Return what to take from the scores of the MIDI pitches of each melody's next note, [R, 128], 0 or more.

        Args:
            pitches: [R, reach] each melody's last notes, the last one last; `NONE` where there are not so many.
            onsets: [R, reach] their onsets in ticks.
            ticks: [R] where the next note begins.
        """
        ...


class Steering:
    """Follows drafts for a guard: what each has to hold back before its next note.

    Args:
        guard: knows what not to copy; None for nothing.
        drafts: melodies side by side, one row R each; the strength is in their tastes.
        vocabulary: numbers the relative pitches.
    """

    def __init__(self, guard: Guard | None, drafts: Sequence[Draft], vocabulary: Vocabulary) -> None:
        self._guard = guard
        self._strengths = np.array([draft.taste.guard for draft in drafts])
        reach = 0 if guard is None else guard.reach
        self._pitches = np.full((len(drafts), reach), NONE, np.int64)
        self._onsets = np.zeros((len(drafts), reach), np.int64)
        self._columns = np.stack([midi_pitches(vocabulary, draft.tonic) for draft in drafts])

    def hear(self, rows: Whole, numbers: Whole, ticks: Whole) -> None:
        """Take in notes that some rows have written: their relative pitches and onsets [rows]."""
        if self._guard is None:
            return
        for past, new in ((self._pitches, self._columns[rows, numbers]), (self._onsets, ticks)):
            past[rows, :-1] = past[rows, 1:]
            past[rows, -1] = new

    def penalties(self, ticks: Whole) -> Nats | None:
        """Return what to take from the scores of the relative pitches at ticks [R], [R, P] nats, or None."""
        if self._guard is None or not self._strengths.any():
            return None
        found = self._guard.penalties(self._pitches, self._onsets, ticks) * self._strengths[:, None]
        return np.take_along_axis(found, self._columns, axis=1)

    def keep(self, rows: Whole) -> None:
        """Go on with some of the drafts, in this order."""
        for name in ("_strengths", "_pitches", "_onsets", "_columns"):
            setattr(self, name, getattr(self, name)[rows])


def midi_pitches(vocabulary: Vocabulary, tonic: int) -> Whole:
    """Return the MIDI pitch of each relative pitch in a key, [P]; those beyond the MIDI range, at its border."""
    return np.clip(vocabulary.midi_pitch(0, tonic) + np.arange(vocabulary.pitch_count), 0, PITCHES - 1)


def held_back(guard: Guard, pitches: Whole, onsets: Whole) -> Nats:
    """Return what a guard holds back before each note of a finished melody, [N, 128] nats.

    Args:
        guard: knows what not to copy.
        pitches, onsets: [N] the notes, MIDI numbers and ticks.
    """
    padded = np.concatenate([np.full(guard.reach, NONE), np.asarray(pitches, np.int64)])
    begun = np.concatenate([np.zeros(guard.reach, np.int64), np.asarray(onsets, np.int64)])
    last, when = (np.lib.stride_tricks.sliding_window_view(values, guard.reach)[:-1] for values in (padded, begun))
    return guard.penalties(last, when, np.asarray(onsets, np.int64))
