"""The search of one catalogue: candidates, their alignments, and the passages of those that matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from checks.alignment import Alignment, Costs, Gains, align, scores
from checks.background import Background, Notes
from checks.candidates import Limits, Proposer
from checks.catalogue import Catalogue
from checks.line import Ints, Line
from checks.thresholds import Thresholds

SEGMENT = 1500
"""Notes of a query that are searched at once; longer ones are searched piece by piece."""
_OVERLAP = 150
WIDE = 4
"""Works that are ranked for each that is asked for."""


@dataclass(frozen=True)
class Hit:
    """A candidate with its alignment score.

    Attributes:
        work: number of the work in its catalogue.
        transposition: semitones by which the work is raised.
        score: bits.
        begin, end: the segment of the query in which it was found.
    """

    work: int
    transposition: int
    score: float
    begin: int
    end: int


class Search:
    """Searches one catalogue."""

    def __init__(
        self, catalogue: Catalogue, thresholds: Thresholds, background: Background, limits: Limits | None = None
    ) -> None:
        """Take a catalogue and what similarities are measured with."""
        self.catalogue = catalogue
        self._thresholds = thresholds
        self._background = background
        self._proposer = Proposer(catalogue, limits)
        self._weighed: tuple[Line, int, int, Notes] | None = None

    def hits(self, query: Line, costs: Costs | None = None, limits: Limits | None = None) -> list[Hit]:
        """Return the best alignment with each candidate work, the best first; ties in the catalogue's order.

        Args:
            query: one melody.
            costs: what alignments pay; None: what the thresholds hold for.
            limits: how many candidates to align; None: as many as usual.
        """
        costs = costs or self._thresholds.costs
        best: dict[int, Hit] = {}
        for begin, end in segments(len(query)):
            lanes = self._proposer.propose(query.cut(begin, end), limits)
            works = self._background.notes(self.catalogue.lines.take(lanes.works))
            values = scores(self._part(query, begin, end), works, lanes.transpositions, costs)
            for work, shift, value in zip(
                lanes.works.tolist(), lanes.transpositions.tolist(), values.tolist(), strict=True
            ):
                if value > 0 and (work not in best or value > best[work].score):
                    best[work] = Hit(work, shift, value, begin, end)
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.work))

    def alike(self, query: Line, limit: int) -> Ints:
        """Return the works that share most n-grams with a melody, for ranking; all of them if they are few."""
        return self._proposer.alike(query, WIDE * limit)

    def alignments(self, query: Line, hit: Hit, limit: int) -> list[Alignment]:
        """Trace the passages of a hit, the best first; no note of the query is used twice.

        Passages after the first must be more than chance within the one work.
        """
        part = self._part(query, hit.begin, hit.end)
        work = self._background.notes(self.catalogue.lines.melody(hit.work))
        costs = self._thresholds.costs
        gains = Gains(work, work.pitches + np.int16(hit.transposition), costs)
        free = np.ones(len(part), bool)
        found: list[Alignment] = []
        while len(found) < limit:
            best = align(part, work, hit.transposition, costs, free, gains)
            if not best.pairs or (found and best.score < self._thresholds.enough(len(part), len(work))):
                break
            free[best.pairs[0][0] : best.pairs[-1][0] + 1] = False
            moved = tuple((row + hit.begin, column) for row, column in best.pairs)
            found.append(replace(best, pairs=moved))
        return found

    def _part(self, query: Line, begin: int, end: int) -> Notes:
        """Weigh a segment of a query, or take it from the last time."""
        if self._weighed is None or self._weighed[:3] != (query, begin, end):
            self._weighed = (query, begin, end, self._background.notes(query.cut(begin, end)))
        return self._weighed[3]

    def notes(self, query: Line) -> Notes:
        """Weigh the notes of a query."""
        return self._background.notes(query)


def segments(notes: int) -> Iterator[tuple[int, int]]:
    """Cut a long query into overlapping pieces."""
    begin = 0
    while True:
        end = min(notes, begin + SEGMENT)
        yield begin, end
        if end == notes:
            return
        begin = end - _OVERLAP
