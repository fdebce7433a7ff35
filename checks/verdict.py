"""What the screener says of a melody: a verdict, and the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The verdict on a melody or on one matched work. A similarity verdict is not a legal finding."""

    CLEAR = "clear"
    REVIEW = "review"
    MATCH = "match"
    NOT_SCREENED = "not-screened"


@dataclass(frozen=True)
class Span:
    """A range of notes in one melody.

    Attributes:
        first_note, last_note: numbers of the notes, from 0, both included.
        start_beat, end_beat: onset of the first and end of the last, in quarter notes.
        start_s, end_s: the same in seconds, at the melody's tempo or 120 quarter notes a minute.
    """

    first_note: int
    last_note: int
    start_beat: float
    end_beat: float
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Passage:
    """A passage of the query and what it resembles.

    Attributes:
        query, work: where it stands in each.
        notes: how many notes agree.
        identity: share of aligned notes that agree, 0 to 1; notes that only one side has count as not agreeing.
        pairs: aligned notes (query, work), agreeing or not.
    """

    query: Span
    work: Span
    notes: int
    identity: float
    pairs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Match:
    """One work that the query resembles.

    Attributes:
        work_id, title, creator, rights: the work.
        catalogue: name of the catalogue that it is in.
        verdict: clear, review or match.
        score: bits of evidence, as in a search of the usual size.
        false_positive_rate: share of clean pieces with so many notes, in all lines, that reach the score in catalogues
            of this size.
        kind: "whole-tune" where half or more of both melodies agree, else "passage".
        transposition: semitones from the work up to the query.
        passages: the best first.
    """

    work_id: str
    title: str
    creator: str | None
    rights: str | None
    catalogue: str
    verdict: Verdict
    score: float
    false_positive_rate: float
    kind: str
    transposition: int
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Screening:
    """The outcome for one melody.

    Attributes:
        verdict: the worst of its matches; not-screened where the melody cannot be judged.
        notes: of the query.
        matches: works for review and matches, the strongest first.
        nearest: the most similar works whatever their verdict, the strongest first; what a report
            shows of a clear tune.
        reason: why it was not screened, or None.
    """

    verdict: Verdict
    notes: int
    matches: tuple[Match, ...] = ()
    nearest: tuple[Match, ...] = ()
    reason: str | None = None
