"""A protected work: a melody with what a rights owner knows about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from checks.errors import CatalogueError
from genaudio.score import Melody

LONGEST_ID = 512
"""Characters that an id may have."""


@dataclass(frozen=True)
class Work:
    """One work of a catalogue.

    Attributes:
        id: unique within its catalogue.
        title: the title; the id where nothing is given.
        melody: the melody; one that is too short to search for is kept, but marked.
        creator, rights: as far as known.

    Raises:
        CatalogueError: the id is empty, too long or no text, or the melody is no `Melody`.
    """

    id: str
    title: str = ""
    melody: Melody = field(default_factory=lambda: Melody(()))
    creator: str | None = None
    rights: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id.strip():
            raise CatalogueError(f"a work needs an id that is a text, not {self.id!r}")
        if len(self.id) > LONGEST_ID:
            raise CatalogueError(f"a work's id may have {LONGEST_ID} characters, not {len(self.id)}: {self.id[:40]}...")
        if not isinstance(self.melody, Melody):
            raise CatalogueError(f"work {self.id!r} needs a genaudio.score.Melody, not {type(self.melody).__name__}")
        if not self.title:
            object.__setattr__(self, "title", self.id)
