"""The histories of many melodies side by side, as arrays: what `genaudio.melody.features.History` tells of each.

All melodies have as many events; one that is done is pushed on with anything and ignored. R are the rows, one a melody.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genaudio.melody.features import (
    BARS,
    BEATS,
    CUES,
    IN_BEAT,
    LAGS,
    LEFT_END,
    LONGEST_CUE,
    PHRASES,
    RUNS,
)
from genaudio.melody.grammar import Frames
from genaudio.melody.vocabulary import GRID_TICKS, NOTE, REST, Vocabulary

Numbers = NDArray[np.int64]

_NEVER = np.iinfo(np.int64).max // 2
_NOTHING = -(1 << 12)
"""No pitch and no interval."""


class Histories:
    """The events so far of some melodies, and the features of the next of each.

    Args:
        vocabulary: names the symbols.
        frames: the bar lines of each.
        room: events for which there is room at first; where it is not enough it doubles.
    """

    def __init__(self, vocabulary: Vocabulary, frames: Frames, room: int = 128) -> None:
        self.vocabulary, self.frames = vocabulary, frames
        rows = len(frames)
        self._kinds = np.array([kind == NOTE for kind, _ in vocabulary.rhythms])
        self._rests = np.array([kind == REST for kind, _ in vocabulary.rhythms])
        self._durations = np.array([duration for _, duration in vocabulary.rhythms])
        self.tick = np.zeros(rows, np.int64)
        self.sounding = np.zeros(rows, np.bool_)
        self._none_rhythm, self._none_pitch = vocabulary.rhythm_count, vocabulary.pitch_count
        self._rhythm = np.full(rows, self._none_rhythm)
        self._pitch, self._before = np.full(rows, self._none_pitch), np.full(rows, self._none_pitch)
        self._place = self._locate(self.tick)
        self._runs = np.zeros((rows, len(LAGS)), np.int64)
        # the first event of each row stands before its beginning: there is nothing
        self._onsets = np.full((rows, room), _NEVER)
        self._onsets[:, 0] = -_NEVER
        self._rhythms, self._pitches = np.full((rows, room), self._none_rhythm), np.full((rows, room), self._none_pitch)
        self._events = 1
        self._seen = np.zeros((rows, len(LAGS)), np.int64)
        # the notes by pitch and by interval, and how many before each are as the last ones are, the first for none
        self._heard = np.full((2, rows, room), _NOTHING, np.int16)
        self._alike = np.zeros((2, rows, room), np.int8)
        self.notes = np.zeros(rows, np.int64)
        self._cues, self._matched = np.full((rows, len(CUES)), self._none_pitch), np.zeros((rows, len(CUES)), np.int64)
        self._look_back()

    def __len__(self) -> int:
        return len(self.tick)

    def features(self) -> Numbers:
        """Return the features of the next events, [R, F] in the order of `COLUMNS`."""
        own = (self._rhythm, self._pitch, self._before)
        runs = np.minimum(self._runs, RUNS - 1)
        return np.concatenate(
            [self._place, np.stack(own, 1), self._old_rhythms, self._old_pitches, self._cues, runs, self._matched], 1
        )

    def arrive(self, rhythms: Numbers) -> Numbers:
        """Settle the rhythm symbols [R] of the next events; return where they end, [R, 5] as `PLACE_COLUMNS` says."""
        self._next = rhythms
        self.end = self.tick + self._durations[rhythms]
        self._arrival = self._locate(self.end)
        return self._arrival

    def push(self, pitches: Numbers) -> None:
        """Add the events whose rhythms are settled, those that are notes with relative pitch numbers [R]."""
        rhythms, notes = self._next, self._kinds[self._next]
        same = (rhythms[:, None] == self._old_rhythms) & (~notes[:, None] | (pitches[:, None] == self._old_pitches))
        self._runs = (self._runs + 1) * same
        if notes.any():
            self._learn(pitches, notes)
        self.sounding = ~self._rests[rhythms]
        self._rhythm = rhythms
        if self._events == self._onsets.shape[1]:
            self._make_room()
        self._onsets[:, self._events], self._rhythms[:, self._events] = self.tick, rhythms
        self._pitches[:, self._events] = np.where(self.sounding, self._pitch, self._none_pitch)
        self._events += 1
        self.tick, self._place = self.end, self._arrival
        self._look_back()

    def keep(self, rows: Numbers) -> None:
        """Go on with some of the rows, in this order."""
        self.frames = self.frames.of_rows(rows)
        for name in ("tick", "sounding", "_rhythm", "_pitch", "_before", "_place", "_runs", "_onsets", "_rhythms",
                     "_pitches", "_seen", "notes", "_cues", "_matched", "_old_rhythms", "_old_pitches"):  # fmt: skip
            setattr(self, name, getattr(self, name)[rows])
        self._heard, self._alike = self._heard[:, rows], self._alike[:, rows]

    def _make_room(self) -> None:
        """Double the room for events."""
        none = {"_onsets": _NEVER, "_rhythms": self._none_rhythm, "_pitches": self._none_pitch, "_heard": _NOTHING,
                "_alike": 0}  # fmt: skip
        for name, value in none.items():
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.full_like(old, value)], axis=-1))

    def _locate(self, tick: Numbers) -> Numbers:
        """Return where ticks [R] are in bar, beat, eight bars and piece, [R, 5]."""
        frames = self.frames
        bar, position = np.divmod(tick - frames.pickup, frames.bar_ticks)
        beat, inside = np.divmod(position, frames.beat_ticks)
        pickup = bar < 0
        left = np.where(tick >= frames.end, LEFT_END, np.minimum(frames.bars - 1 - bar, LEFT_END - 1))
        columns = (
            np.minimum(beat, BEATS - 1),
            np.minimum(inside // GRID_TICKS, IN_BEAT - 1),
            np.where(pickup, BARS - 1, bar % 8),
            np.where(pickup, PHRASES - 1, np.minimum(bar // 8, PHRASES - 2)),
            left,
        )
        return np.stack(columns, axis=1)

    def _learn(self, pitches: Numbers, notes: NDArray[np.bool_]) -> None:
        """Hear notes [R] in some of the rows, and look for the longest and of those the latest match of the last."""
        most = max(int(self.notes.max()), 1)
        step = np.where(self.notes > 0, pitches - self._pitch, _NOTHING + 1)
        new = np.stack([pitches, step]).astype(np.int16)
        heard, alike = self._heard[:, :, :most], self._alike[:, :, :most]
        matched = (heard == new[:, :, None]) * np.minimum(alike + 1, LONGEST_CUE).astype(np.int8)
        np.copyto(self._alike[:, :, 1 : most + 1], matched, where=notes[None, :, None])
        rows = np.flatnonzero(notes)
        self._heard[:, rows, self.notes[rows]] = new[:, rows]
        self._before = np.where(notes, self._pitch, self._before)
        self._pitch = np.where(notes, pitches, self._pitch)
        self.notes = self.notes + notes
        latest = most - 1 - np.argmax(matched[:, :, ::-1], axis=2)
        length = np.take_along_axis(matched, latest[:, :, None], 2)[:, :, 0].T
        following = np.take_along_axis(self._heard[:, :, 1:], latest[:, :, None], 2)[:, :, 0].T.astype(np.int64)
        following[:, 1] += self._pitch
        known = (length > 0) & (following >= 0) & (following < self._none_pitch)
        cues, lengths = np.where(known, following, self._none_pitch), np.where(known, length, 0)
        self._cues = np.where(notes[:, None], cues, self._cues)
        self._matched = np.where(notes[:, None], lengths, self._matched)

    def _look_back(self) -> None:
        """Find, for each lag, the rhythm that began and the pitch that sounded at this place that many bars ago."""
        wanted = self.tick[:, None] - np.array(LAGS) * self.frames.bar_ticks[:, None]
        first = np.arange(len(self.tick))[:, None] * self._onsets.shape[1]
        onsets, places = self._onsets.ravel(), first + self._seen
        last = first + self._onsets.shape[1] - 1
        while True:
            later = onsets[np.minimum(places + 1, last)] <= wanted
            later &= places < last
            if not later.any():
                break
            places = places + later
        self._seen = places - first
        began = onsets[places] == wanted
        self._old_rhythms = np.where(began, self._rhythms.ravel()[places], self._none_rhythm)
        self._old_pitches = self._pitches.ravel()[places]
