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
    """

    match: Mapping[str, Any]
    melody: Melody | None = None


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
    details: Mapping[str, str] = field(default_factory=dict)
