"""A melodic line as arrays: what n-grams and alignments are computed from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from genaudio.score import Melody, to_ticks

Ints = npt.NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Line:
    """Notes of one or several melodies, one after the other.

    Attributes:
        onsets: [N] onsets in ticks of 1/480 quarter note, int32, ascending within a melody.
        durations: [N] lengths in ticks, 1 or more; uint16 where all fit, else int32.
        pitches: [N] MIDI numbers, int8.
        starts: [M + 1] where each melody begins, and N, int64.
    """

    onsets: Ints
    durations: Ints
    pitches: Ints
    starts: Ints

    @classmethod
    def of(cls, melodies: Iterable[Melody]) -> Line:
        """Lay melodies end to end."""
        onsets: list[int] = []
        durations: list[int] = []
        pitches: list[int] = []
        starts = [0]
        for melody in melodies:
            for note in melody.notes:
                onset = to_ticks(note.onset)
                onsets.append(onset)
                durations.append(max(1, to_ticks(note.onset + note.duration) - onset))
                pitches.append(int(note.pitch))
            starts.append(len(onsets))
        return cls(
            np.array(onsets, np.int32),
            np.array(durations, np.uint16 if max(durations, default=0) < 1 << 16 else np.int32),
            np.array(pitches, np.int8),
            np.array(starts, np.int64),
        )

    def __len__(self) -> int:
        return len(self.pitches)

    @property
    def melodies(self) -> int:
        """Number of melodies."""
        return len(self.starts) - 1

    def melody(self, index: int) -> Line:
        """Return one melody as a line of its own."""
        begin, end = int(self.starts[index]), int(self.starts[index + 1])
        return self.cut(begin, end)

    def cut(self, begin: int, end: int) -> Line:
        """Return the notes from `begin` up to `end` as one melody."""
        return Line(
            self.onsets[begin:end],
            self.durations[begin:end],
            self.pitches[begin:end],
            np.array([0, end - begin], np.int64),
        )

    def stretch(self, begin: int, end: int) -> Line:
        """Return the melodies from one up to another."""
        first, last = int(self.starts[begin]), int(self.starts[end])
        return Line(
            self.onsets[first:last],
            self.durations[first:last],
            self.pitches[first:last],
            self.starts[begin : end + 1] - first,
        )

    def take(self, indices: Ints) -> Line:
        """Return some of the melodies, in the order asked."""
        spans = [slice(int(self.starts[i]), int(self.starts[i + 1])) for i in indices]
        lengths = [span.stop - span.start for span in spans]

        def gather(values: Ints) -> Ints:
            return np.concatenate([values[span] for span in spans]) if spans else np.asarray(values[:0])

        return Line(
            gather(self.onsets),
            gather(self.durations),
            gather(self.pitches),
            np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64),
        )

    def owners(self) -> Ints:
        """Return for each note the number of its melody, [N] int32."""
        return np.repeat(np.arange(self.melodies, dtype=np.int32), np.diff(self.starts))


class Lines:
    """The notes of several lines, one after the other, without copying them."""

    def __init__(self, parts: Sequence[Line]) -> None:
        """Take the lines."""
        self.parts = tuple(parts)
        self.note_offsets = np.cumsum([0, *(len(part) for part in parts)])
        self.work_offsets = np.cumsum([0, *(part.melodies for part in parts)])

    def __len__(self) -> int:
        return int(self.note_offsets[-1])

    @property
    def melodies(self) -> int:
        """Number of melodies."""
        return int(self.work_offsets[-1])

    @cached_property
    def lengths(self) -> Ints:
        """Notes of each melody, [melodies] int64."""
        return np.concatenate([np.diff(part.starts) for part in self.parts])

    def melody(self, index: int) -> Line:
        """Return one melody as a line of its own."""
        part = int(np.searchsorted(self.work_offsets, index, side="right")) - 1
        return self.parts[part].melody(index - int(self.work_offsets[part]))

    def take(self, indices: Ints) -> Line:
        """Return some of the melodies, in the order asked."""
        return joined([self.melody(int(index)) for index in indices])

    def joined(self) -> Line:
        """Return all as one line; a copy unless there is only one."""
        return self.parts[0] if len(self.parts) == 1 else joined(self.parts)


def joined(lines: Sequence[Line]) -> Line:
    """Lay lines end to end."""
    if not lines:
        return Line.of([])
    offsets = np.cumsum([0, *(len(line) for line in lines)])
    starts = [line.starts[1:] + offset for line, offset in zip(lines, offsets, strict=False)]
    return Line(
        np.concatenate([line.onsets for line in lines]),
        np.concatenate([line.durations for line in lines]),
        np.concatenate([line.pitches for line in lines]),
        np.concatenate([[0], *starts]).astype(np.int64),
    )
