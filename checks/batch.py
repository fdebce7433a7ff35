"""Many works at once, as arrays: what segments are written from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from checks.errors import CatalogueError
from checks.line import Ints, Line, joined
from checks.records import Record
from checks.work import Work

SEGMENT_NOTES = 1 << 25
"""Notes from which on a segment is closed; making one takes some 120 bytes of memory a note."""
_GATHERED = 4096


@dataclass(frozen=True, eq=False)
class Batch:
    """Works without objects for their notes.

    Attributes:
        records: what is known of each.
        line: the notes of all of them.

    Raises:
        CatalogueError: there are not as many records as melodies.
    """

    records: Sequence[Record]
    line: Line

    def __post_init__(self) -> None:
        if len(self.records) != self.line.melodies:
            raise CatalogueError(f"{len(self.records)} records and {self.line.melodies} melodies are no batch of works")

    @classmethod
    def of(cls, works: Sequence[Work]) -> Batch:
        """Take works apart."""
        return cls([Record.of(work) for work in works], Line.of(work.melody for work in works))

    @classmethod
    def join(cls, batches: Sequence[Batch]) -> Batch:
        """Lay batches one after the other."""
        return cls([record for batch in batches for record in batch.records], joined([b.line for b in batches]))

    def take(self, places: Ints) -> Batch:
        """Return some of the works, in the order asked."""
        chosen = np.asarray(places).tolist()
        wanted = set(chosen)
        found = {place: record for place, record in enumerate(self.records) if place in wanted}
        return Batch([found[place] for place in chosen], self.line.take(places))


def gathered(works: Iterable[Work | Batch]) -> Iterator[Batch]:
    """Gather works into batches of the size of a segment, holding no more than one in memory.

    Raises:
        CatalogueError: something is no work, or two works have one id; all that were met are named.
    """
    seen: set[str] = set()
    waiting: list[Batch] = []
    notes = 0
    for batch in _packed(works):
        _check_ids(batch, seen)
        waiting.append(batch)
        notes += len(batch.line)
        if notes >= SEGMENT_NOTES:
            yield Batch.join(waiting)
            waiting, notes = [], 0
    if waiting:
        yield Batch.join(waiting)


def _packed(works: Iterable[Work | Batch]) -> Iterator[Batch]:
    """Turn works into batches as they come."""
    loose: list[Work] = []
    for work in works:
        if isinstance(work, Work):
            loose.append(work)
        elif not isinstance(work, Batch):
            raise CatalogueError(f"a catalogue is built of checks.Work, not {type(work).__name__}")
        if loose and (isinstance(work, Batch) or len(loose) >= _GATHERED):
            yield Batch.of(loose)
            loose = []
        if isinstance(work, Batch):
            yield work
    if loose:
        yield Batch.of(loose)


def _check_ids(batch: Batch, seen: set[str]) -> None:
    double = []
    for record in batch.records:
        if record.id in seen:
            double.append(record.id)
        seen.add(record.id)
    if double:
        raise CatalogueError(f"ids must be unique, but several works are called {some(double)}: rename them")


def some(names: Sequence[str], limit: int = 5) -> str:
    """Name the first of many."""
    shown = ", ".join(repr(name) for name in dict.fromkeys(names[:limit]))
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
