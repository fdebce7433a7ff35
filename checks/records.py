"""What a catalogue knows of its works besides their notes, as lines of JSON; and works made from both."""

from __future__ import annotations

import gzip
import json
import zlib
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, chain
from typing import Any, Protocol, TypeVar, overload

import numpy as np
import numpy.typing as npt

from checks.errors import IncompatibleCatalogue
from checks.line import Ints, Line
from checks.work import Work
from genaudio.score import TICKS_PER_QUARTER, Key, Melody, Metre, Note

BLOCK = 64
"""Records that are compressed together."""
KEPT = 64
"""Blocks that stay unpacked."""

Bytes = npt.NDArray[np.uint8]
T = TypeVar("T")


class Melodies(Protocol):
    """Whatever gives melodies by their number."""

    def melody(self, index: int) -> Line:
        """Return one melody."""
        ...


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


class Listed(Sequence[T]):
    """A sequence whose items are made when they are asked for; subclasses say how many there are, and `_at`."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._at(place) for place in range(*index.indices(len(self)))]
        return self._at(range(len(self))[index])

    @abstractmethod
    def _at(self, place: int) -> T:
        """Return the item at a place from 0 on."""


class Records(Listed[Record]):
    """Records in compressed blocks, of which those are read that are asked for."""

    def __init__(self, content: Bytes, blocks: Ints, count: int) -> None:
        """Take what `pack_records` gave, and the number of records."""
        self._content = content
        self._blocks = blocks
        self._count = count
        self._kept: dict[int, list[Record]] = {}

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Record]:
        for number in range(len(self._blocks) - 1):
            yield from self._block(number)

    def _at(self, place: int) -> Record:
        number = place // BLOCK
        block = self._kept.get(number)
        if block is None:
            block = self._block(number)
            if len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[number] = block
        return block[place % BLOCK]

    def _block(self, number: int) -> list[Record]:
        packed = self._content[int(self._blocks[number]) : int(self._blocks[number + 1])]
        try:
            return _parsed(zlib.decompress(packed.tobytes()))
        except (zlib.error, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise IncompatibleCatalogue(f"works cannot be read: {error}; build the catalogue again") from error


class JoinedRecords(Listed[Record]):
    """Records of several segments, one after the other."""

    def __init__(self, parts: Sequence[Sequence[Record]]) -> None:
        """Take the records of each."""
        self._parts = parts
        self._offsets = [0, *accumulate(map(len, parts))]

    def __len__(self) -> int:
        return self._offsets[-1]

    def __iter__(self) -> Iterator[Record]:
        return chain.from_iterable(self._parts)

    def _at(self, place: int) -> Record:
        part = bisect_right(self._offsets, place) - 1
        return self._parts[part][place - self._offsets[part]]


def pack_records(records: Sequence[Record]) -> tuple[Bytes, Ints]:
    """Write one JSON line a record, compressed in blocks; equal records give equal bytes.

    Returns:
        the bytes [B] uint8, and where each block begins [blocks + 1] int64.
    """
    packed = []
    for begin in range(0, len(records), BLOCK):
        lines = []
        for record in records[begin : begin + BLOCK]:
            values = {name: value for name, value in vars(record).items() if value not in (None, 0.0)}
            lines.append(json.dumps(values, ensure_ascii=False))
        packed.append(zlib.compress("\n".join(lines).encode("utf-8", "surrogatepass")))
    return np.frombuffer(b"".join(packed), np.uint8), np.cumsum([0, *map(len, packed)]).astype(np.int64)


def hash_ids(records: Iterable[Record]) -> npt.NDArray[np.uint64]:
    """Return 64 bits for every id, by which a work is found without reading all records."""
    return np.array([hash_id(record.id) for record in records], np.uint64)


def hash_id(name: str) -> int:
    """Return the first 64 bits of the id's BLAKE2b digest."""
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def unpack_records(content: bytes) -> list[Record]:
    """Read the records of a catalogue of format 1.

    Raises:
        ValueError, OSError, TypeError: the content is something else.
    """
    return _parsed(gzip.decompress(content))


def _parsed(text: bytes) -> list[Record]:
    records = []
    for values in map(json.loads, text.decode("utf-8", "surrogatepass").split("\n")):
        if "key" in values:
            values["key"] = tuple(values["key"])
        records.append(Record(**values))
    return records


class WorkList(Listed[Work]):
    """The works of a catalogue, each made when it is asked for."""

    def __init__(self, records: Sequence[Record], line: Melodies) -> None:
        """Take records and the line of their notes, in the same order."""
        self._records = records
        self._line = line

    def __len__(self) -> int:
        return len(self._records)

    def _at(self, place: int) -> Work:
        return self._records[place].work(self._line.melody(place))
