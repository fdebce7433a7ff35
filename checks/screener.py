"""The screener: is a melody, or a passage of it, too much like a protected work?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checks import background, ranking, thresholds
from checks.alignment import Alignment
from checks.candidates import Limits
from checks.catalogue import Catalogue
from checks.errors import CatalogueError
from checks.line import Line
from checks.search import Hit, Search
from checks.thresholds import Thresholds
from checks.verdict import Match, Passage, Screening, Span, Verdict
from genaudio.score import DEFAULT_TEMPO, TICKS_PER_QUARTER, Melody

NEAREST = 3
"""Works that a screening names even where it is clear."""
PASSAGES = 4
"""Passages that are shown of one work."""
WHOLE = 0.5
"""Share of both melodies that must agree for a match to be one of whole tunes."""


class Screener:
    """Screens melodies against one or several catalogues."""

    def __init__(
        self,
        *catalogues: Catalogue | Iterable[Catalogue],
        calibrated: Thresholds | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Take the catalogues, one by one or as a list.

        Args:
            catalogues: what to screen against.
            calibrated: other thresholds than those that ship.
            limits: how many candidates to align, other than usual.

        Raises:
            CatalogueError: there is no catalogue, or something else was given.
        """
        flat: list[Catalogue] = []
        for given in catalogues:
            flat.extend([given] if isinstance(given, Catalogue) else given)
        if not flat or not all(isinstance(catalogue, Catalogue) for catalogue in flat):
            raise CatalogueError("a screener needs one opened checks.Catalogue or more")
        self.catalogues: tuple[Catalogue, ...] = tuple(flat)
        self.thresholds = calibrated or thresholds.shipped()
        self._background = background.shipped()
        self._searches = [Search(catalogue, self.thresholds, self._background, limits) for catalogue in flat]
        self.searched = sum(len(catalogue.lines) for catalogue in flat)

    def screen(self, melody: Melody, limit: int = 20, beside: int = 0) -> Screening:
        """Compare a melody with all works.

        Args:
            melody: what to screen; any tempo, key and octave.
            limit: works that are reported; the verdict rests on all.
            beside: notes of the other lines of the same piece that are screened as well. Chance has them all to find
                something in, so that the rates hold for the piece, not for each of its lines.

        Returns:
            the verdict and its evidence; not-screened, with the reason, where the melody is too short or too
            generic to tell a copy from chance.
        """
        query = Line.of([melody])
        reason = self.obstacle(query, beside)
        if reason is not None:
            return Screening(Verdict.NOT_SCREENED, len(query), reason=reason)
        ranked, notes = self._ranked(query), len(query) + beside
        graded = [(search, hit, self._grade(hit, notes)[2]) for search, hit in ranked]
        alarms = [entry for entry in graded if entry[2] is not Verdict.CLEAR]
        shown = graded[: max(min(len(alarms), limit), NEAREST)]
        matches = [self._match(search, hit, query, melody, notes) for search, hit, _ in shown]
        verdict = max((entry[2] for entry in alarms), key=_severity, default=Verdict.CLEAR)
        flagged = tuple(match for match in matches if match.verdict is not Verdict.CLEAR)[:limit]
        return Screening(verdict, len(query), flagged, tuple(matches[:NEAREST]))

    def rank(self, melody: Melody, limit: int = 100) -> list[tuple[str, float]]:
        """Return the ids of the most similar works with a score, best first, without any threshold.

        For retrieval of variants of whole tunes; `checks.ranking` says how. The score is likeness to the melody,
        0 to 1, and to the works nearest to it; it compares works with one another, for this melody only.
        """
        query = Line.of([melody])
        if len(query) < 2:
            return []
        found = ranking.rank(query, self._searches, self._background, limit)[:limit]
        return [(search.catalogue.records[work].id, score) for search, work, score in found]

    def obstacle(self, query: Line, beside: int = 0) -> str | None:
        """Say why a melody cannot be judged, or None if it can.

        A melody can be judged if a perfect copy of all of it would raise an alarm, were the notes that only go on in a
        cycle worth nothing. `beside` is as for `screen`.
        """
        shortest = self.catalogues[0].shingling.shortest
        if len(query) < shortest:
            return f"too short to judge: {len(query)} notes, and fewer than {shortest} are in many tunes by chance"
        notes = self._searches[0].notes(query)
        carried = notes.worth(self.thresholds.costs.rhythm_weight, ~background.cyclic(query))
        needed = self.thresholds.enough(len(query) + beside, self.searched)
        if carried >= needed:
            return None
        works = sum(len(catalogue) for catalogue in self.catalogues)
        return (
            f"too short to judge, or too generic: its {len(query)} notes carry {carried:.0f} bits of information, and "
            f"beside {works} works only {needed:.0f} bits tell a copy from chance"
        )

    def _ranked(self, query: Line) -> list[tuple[Search, Hit]]:
        found = [(search, hit) for search in self._searches for hit in search.hits(query)]
        return sorted(found, key=lambda entry: -entry[1].score)

    def _grade(self, hit: Hit, notes: int) -> tuple[float, float, Verdict]:
        evidence = self.thresholds.evidence(hit.score, notes, self.searched)
        rate = self.thresholds.tail.false_positive_rate(evidence)
        if rate <= self.thresholds.match:
            return evidence, rate, Verdict.MATCH
        return evidence, rate, Verdict.REVIEW if rate <= self.thresholds.review else Verdict.CLEAR

    def _match(self, search: Search, hit: Hit, query: Line, melody: Melody, notes: int) -> Match:
        evidence, rate, verdict = self._grade(hit, notes)
        record = search.catalogue.records[hit.work]
        theirs = search.catalogue.lines.melody(hit.work)
        traced = search.alignments(query, hit, PASSAGES)
        passages = tuple(_passage(one, query, melody.tempo, theirs, record.tempo) for one in traced)
        return Match(
            work_id=record.id,
            title=record.title,
            creator=record.creator,
            rights=record.rights,
            catalogue=search.catalogue.name,
            verdict=verdict,
            score=evidence,
            false_positive_rate=rate,
            kind=_kind(traced, len(query), len(theirs)),
            transposition=hit.transposition,
            passages=passages,
        )


def _severity(verdict: Verdict) -> int:
    return (Verdict.CLEAR, Verdict.REVIEW, Verdict.MATCH).index(verdict)


def _kind(passages: Sequence[Alignment], query: int, work: int) -> str:
    agreeing = sum(passage.matches for passage in passages)
    theirs = len({column for passage in passages for _, column in passage.pairs})
    return "whole-tune" if agreeing >= WHOLE * query and theirs >= WHOLE * work else "passage"


def _passage(
    alignment: Alignment, query: Line, query_tempo: float | None, work: Line, work_tempo: float | None
) -> Passage:
    first, last = alignment.pairs[0], alignment.pairs[-1]
    return Passage(
        query=_span(query, first[0], last[0], query_tempo),
        work=_span(work, first[1], last[1], work_tempo),
        notes=alignment.matches,
        identity=alignment.identity,
        pairs=alignment.pairs,
    )


def _span(line: Line, first: int, last: int, tempo: float | None) -> Span:
    start = int(line.onsets[first]) / TICKS_PER_QUARTER
    end = (int(line.onsets[last]) + int(line.durations[last])) / TICKS_PER_QUARTER
    second = 60.0 / (tempo or DEFAULT_TEMPO)
    return Span(first, last, start, end, start * second, end * second)
