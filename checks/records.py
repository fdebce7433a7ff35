"""What a catalogue knows of its works besides their notes, as lines of JSON; and works made from both."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, overload

from checks.line import Line
from checks.work import Work
from genaudio.score import TICKS_PER_QUARTER, Key, Melody, Metre, Note


@dataclass(frozen=True)
class Record:
    """A work without its notes."""

    id: str
    title: str
    creator: str | None = None
    rights: str | None = None
    metre: str | None = None
    key: tuple[int, str] | None = None
    tempo: float | None = None
    pickup: float = 0.0

    @classmethod
    def of(cls, work: Work) -> Record:
        """Take what is to be kept of a work."""
        melody = work.melody
        return cls(
            work.id,
            work.title,
            work.creator,
            work.rights,
            None if melody.metre is None else str(melody.metre),
            None if melody.key is None else (melody.key.tonic, melody.key.mode),
            melody.tempo,
            float(melody.pickup),
        )

    def work(self, line: Line) -> Work:
        """Return the work again, given its notes."""
        rows = zip(line.onsets.tolist(), line.durations.tolist(), line.pitches.tolist(), strict=True)
        unit = TICKS_PER_QUARTER
        melody = Melody(
            (Note(onset / unit, duration / unit, pitch) for onset, duration, pitch in rows),
            metre=None if self.metre is None else Metre.parse(self.metre),
            key=None if self.key is None else Key(*self.key),
            tempo=self.tempo,
            title=self.title,
            pickup=self.pickup,
        )
        return Work(self.id, self.title, melody, self.creator, self.rights)


def pack_records(works: Iterable[Work]) -> bytes:
    """Write one JSON line a work, compressed; equal works give equal bytes."""
    lines = []
    for work in works:
        record = Record.of(work)
        values = {name: value for name, value in vars(record).items() if value not in (None, 0.0)}
        lines.append(json.dumps(values, ensure_ascii=False))
    return gzip.compress("\n".join(lines).encode("utf-8", "surrogatepass"), mtime=0)


def unpack_records(content: bytes) -> list[Record]:
    """Read what `pack_records` wrote.

    Raises:
        ValueError, OSError, TypeError: the content is something else.
    """
    text = gzip.decompress(content).decode("utf-8", "surrogatepass")
    records = []
    for values in map(json.loads, text.split("\n")):
        if "key" in values:
            values["key"] = tuple(values["key"])
        records.append(Record(**values))
    return records


class WorkList(Sequence[Work]):
    """The works of a catalogue, each made when it is asked for."""

    def __init__(self, records: Sequence[Record], line: Line) -> None:
        """Take records and the line of their notes, in the same order."""
        self._records = records
        self._line = line

    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> Work: ...
    @overload
    def __getitem__(self, index: slice) -> list[Work]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        return self._records[place].work(self._line.melody(place))
