"""What a report is made of: one screened piece each, with the works it came nearest to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from genaudio.score import Melody


@dataclass(frozen=True)
class Nearest:
    """A work that a piece came near to.

    Attributes:
        match: the match as in the JSON of a screening: `work`, `verdict`, `score`, `passages`...
        melody: the work's notes; None where they are not at hand, and its side is then not drawn.
        pairs: for each passage the aligned notes as (query, work); where missing, all notes from first to last count.
    """

    match: Mapping[str, Any]
    melody: Melody | None = None
    pairs: tuple[tuple[tuple[int, int], ...], ...] = ()

    def copied(self, number: int, query: Melody | None) -> tuple[set[int], set[int]]:
        """Return which notes of the query and of the work are the same in a passage, transposition allowed for."""
        passage = self.match["passages"][number]
        if number < len(self.pairs) and query is not None and self.melody is not None:
            shift = int(self.match["transposition"])
            same = [
                (ours, theirs)
                for ours, theirs in self.pairs[number]
                if query.notes[ours].pitch == self.melody.notes[theirs].pitch + shift
            ]
            return {ours for ours, _ in same}, {theirs for _, theirs in same}
        ours, theirs = (
            set(range(passage[side]["first_note"], passage[side]["last_note"] + 1)) for side in ("query", "work")
        )
        return ours, theirs


@dataclass(frozen=True)
class Exhibit:
    """One piece.

    Attributes:
        title: what it is called.
        verdict: ``clear``, ``review``, ``match`` or ``not-screened``.
        melody: its notes; None where they could not be read.
        reason: why it was not screened, or what a reader should know about the verdict.
        facts: what is said of it in a line, such as ``("reel", "D major")``.
        nearest: works above the threshold, then the nearest ones below it.
        audio: the recording as it is embedded, empty where there is none.
        audio_type: its media type.
        cuts: for passages by their start and end in seconds, what the recording sounds like there, as MP3; for
            recordings that are too long to be embedded.
        heard: True where the notes were heard in a recording: times are shown then, not bars.
        set_aside: True where another voice of the piece was judged instead.
        details: what stands in the table of provenance.
    """

    title: str
    verdict: str
    melody: Melody | None = None
    reason: str = ""
    facts: tuple[str, ...] = ()
    nearest: tuple[Nearest, ...] = ()
    audio: bytes = b""
    audio_type: str = "audio/mpeg"
    cuts: Mapping[tuple[float, float], bytes] = field(default_factory=dict)
    heard: bool = False
    set_aside: bool = False
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def unjudged(self) -> bool:
        """True where the piece as a whole was not screened."""
        return self.verdict == "not-screened" and not self.set_aside
