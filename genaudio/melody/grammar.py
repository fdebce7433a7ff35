"""The bar grammar: which rhythm may come next so that every bar sums to its metre, and which pitch can be written.

A melody of `bars` bars in a metre is always ``bars x bar`` long in all. Where it begins with a pickup, its last bar
is short by the pickup, as is the custom. A duration is allowed where the rest of the bar can still be filled exactly:
reachability is computed over the durations that exist, so that no choice ever leads to a dead end. Tuplets start on
their own grid and run until the beat is whole again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from genaudio.errors import GenaudioError
from genaudio.melody.vocabulary import NOTE, PLAIN_TICKS, REST, TIE, Vocabulary


@dataclass(frozen=True, slots=True)
class Frame:
    """The bar lines of a melody, in ticks from its beginning.

    Attributes:
        bar_ticks: length of a bar.
        beat_ticks: length of a beat.
        bars: number of bars, the pickup not counted.
        pickup: length of the pickup, 0 where there is none.
        end: end of the last note; ``bars x bar_ticks`` by custom, any other only where a given melody has it.
        stops: where sections end, ascending: no note leads over a stop, no rest leads up to it.
    """

    bar_ticks: int
    beat_ticks: int
    bars: int
    pickup: int
    end: int
    stops: tuple[int, ...] = ()

    def locate(self, tick: int) -> tuple[int, int, int]:
        """Return (bar, ticks into it, ticks to its end); the pickup is bar -1 and begins where its bar would.

        A stop inside a bar counts as its end for what stands before the stop.
        """
        bar = (tick - self.pickup) // self.bar_ticks
        start = self.pickup + bar * self.bar_ticks
        end = min(start + self.bar_ticks, self.end)
        for stop in self.stops:
            if tick < stop < end:
                end = stop
        return bar, tick - start, end - tick


@dataclass(frozen=True)
class Frames:
    """The bar lines of several melodies as arrays, one row R a melody.

    Attributes:
        bar_ticks, beat_ticks, bars, pickup, end: [R] as in `Frame`.
        stops: [R, most stops], filled up with the end.
    """

    bar_ticks: NDArray[np.int64]
    beat_ticks: NDArray[np.int64]
    bars: NDArray[np.int64]
    pickup: NDArray[np.int64]
    end: NDArray[np.int64]
    stops: NDArray[np.int64]

    @classmethod
    def of(cls, frames: Sequence[Frame]) -> Frames:
        """Put frames together."""
        most = max(len(frame.stops) for frame in frames)
        stops = [[*frame.stops, *[frame.end] * (most - len(frame.stops))] for frame in frames]
        names = ("bar_ticks", "beat_ticks", "bars", "pickup", "end")
        columns = {name: np.array([getattr(frame, name) for frame in frames], np.int64) for name in names}
        return cls(**columns, stops=np.array(stops, np.int64).reshape(len(frames), most))

    def __len__(self) -> int:
        return len(self.end)

    def of_rows(self, rows: NDArray[np.int64]) -> Frames:
        """Return some of the rows, in this order."""
        return Frames(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def locate(self, tick: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return ticks into the bar and ticks to its end, [R], as `Frame.locate` does."""
        position = (tick - self.pickup) % self.bar_ticks
        end = np.minimum(tick - position + self.bar_ticks, self.end)
        if self.stops.shape[1]:
            end = np.minimum(end, np.where(self.stops > tick[:, None], self.stops, self.end[:, None]).min(axis=1))
        return position, end - tick

    def is_stop(self, tick: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether a section or the melody ends at ticks [R]."""
        return np.asarray((tick == self.end) | (self.stops == tick[:, None]).any(axis=1))


def is_plain(ticks: int) -> bool:
    """Return whether a duration or position belongs to no tuplet."""
    return ticks % PLAIN_TICKS == 0


def may_start(position: int, duration: int) -> bool:
    """Return whether a duration may begin at a position of the bar as far as tuplets are concerned.

    Plain durations begin on the plain grid. A tuplet's first note begins on a multiple of half its plain relative
    (a triplet quaver, 160 ticks, on a multiple of 120) and what follows may begin anywhere off the plain grid.
    """
    if is_plain(duration):
        return is_plain(position)
    return not is_plain(position) or position % max(PLAIN_TICKS, _tuplet_grid(duration)) == 0


def _tuplet_grid(duration: int) -> int:
    """Return half the plain duration of which a triplet note takes two thirds (160 -> 240 -> 120), if that is plain."""
    half = duration * 3 // 4
    return half if duration % 4 == 0 and is_plain(half) else PLAIN_TICKS


class Grammar:
    """Masks over rhythm symbols and pitches, built on demand and kept."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._durations = sorted(set(vocabulary.notes))
        self._masks: list[NDArray[np.bool_]] = []
        self._table = np.zeros((0, vocabulary.rhythm_count), np.bool_)
        self.fillable, self._row = cache(self._fillable), cache(self._new_row)

    def _fillable(self, position: int, remaining: int) -> bool:
        """Return whether notes can fill exactly `remaining` ticks from a position in the bar."""
        if remaining == 0:
            return True
        return any(
            duration <= remaining
            and may_start(position, duration)
            and self.fillable(position + duration, remaining - duration)
            for duration in self._durations
        )

    def check(self, frame: Frame) -> None:
        """Make sure that a melody can be written in this frame.

        Raises:
            GenaudioError: there is no bar to fill, or a bar cannot be filled with the model's durations.
        """
        if frame.bars < 1 or not 0 <= frame.pickup < frame.bar_ticks:
            raise GenaudioError(
                f"a melody needs a bar or more and a pickup shorter than a bar, not {frame.bars} bars with a pickup of "
                f"{frame.pickup / 480:g} quarter notes"
            )
        starts = [(0, frame.bar_ticks), (frame.bar_ticks - frame.pickup, frame.pickup)]
        last = frame.locate(frame.end - 1)
        starts.append((0, last[1] + last[2]))
        if not all(self.fillable(position, length) for position, length in starts):
            raise GenaudioError(
                f"a bar of {frame.bar_ticks / 480:g} quarter notes with a pickup of {frame.pickup / 480:g} cannot be "
                "filled with the durations that the model knows; choose another metre"
            )

    def row(self, frame: Frame, tick: int, sounding: bool) -> int:
        """Return the number of the mask for the next event.

        Args:
            frame: the bar lines.
            tick: where the event begins.
            sounding: whether a note sounds right before (only then can it be tied).
        """
        _, position, remaining = frame.locate(tick)
        first = tick == 0 or tick in frame.stops
        last = tick + remaining == frame.end or tick + remaining in frame.stops
        flags = first * 1 + last * 2 + (sounding and position == 0 and not first) * 4
        return self._row(position, remaining, flags)

    def rows(self, frames: Frames, tick: NDArray[np.int64], sounding: NDArray[np.bool_]) -> list[int]:
        """Return the numbers of the masks for the next events of several melodies, as `row` does for each."""
        position, remaining = frames.locate(tick)
        first = (tick == 0) | (frames.is_stop(tick) & (tick < frames.end))
        flags = first * 1 + frames.is_stop(tick + remaining) * 2 + (sounding & (position == 0) & ~first) * 4
        return list(map(self._row, position.tolist(), remaining.tolist(), flags.tolist()))

    def _new_row(self, position: int, remaining: int, flags: int) -> int:
        """Return the number of a mask (see `row` for the flags) that is computed here."""
        self._masks.append(self._mask(position, remaining, flags))
        return len(self._masks) - 1

    def _mask(self, position: int, remaining: int, flags: int) -> NDArray[np.bool_]:
        """Compute which rhythm symbols are allowed (see `row` for the flags)."""
        first, last, tie = flags & 1, flags & 2, flags & 4
        mask = np.zeros(self.vocabulary.rhythm_count, dtype=np.bool_)
        for index, (kind, duration) in enumerate(self.vocabulary.rhythms):
            if (kind == TIE and not tie) or (kind == REST and (first or (last and duration == remaining))):
                continue
            if duration <= remaining and may_start(position, duration):
                mask[index] = self.fillable(position + duration, remaining - duration)
        return mask

    @property
    def table(self) -> NDArray[np.bool_]:
        """All masks so far, [rows, rhythm symbols]."""
        if len(self._table) < len(self._masks):
            self._table = np.stack(self._masks)
        return self._table

    def mask(self, row: int) -> NDArray[np.bool_]:
        """Return one mask by its number."""
        return self._masks[row]

    @cached_property
    def is_note(self) -> NDArray[np.bool_]:
        """Which rhythm symbols need a pitch, [rhythm symbols]."""
        return np.array([kind == NOTE for kind, _ in self.vocabulary.rhythms])

    def pitches(self, tonic: int, lowest: int = 0, highest: int = 127) -> NDArray[np.bool_]:
        """Return which relative pitches are in range in a key, [pitches]; MIDI pitches may bound it further."""
        midi = np.array([self.vocabulary.midi_pitch(n, tonic) for n in range(self.vocabulary.pitch_count)])
        low, high = max(lowest, self.vocabulary.lowest), min(highest, self.vocabulary.highest)
        return np.asarray((midi >= low) & (midi <= high))
