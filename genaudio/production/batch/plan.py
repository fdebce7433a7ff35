"""A plan: groups of tracks, what is wished of each, and how they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from genaudio.melody.wish import Wish
from genaudio.production.batch.choice import Choice
from genaudio.production.isrc import Isrc
from genaudio.production.provenance import Credits
from genaudio.production.signing import Signing
from genaudio.renderer.chunks import Batching

NAMING = "{group}-{index:04}"
"""How folders are named, as a rule."""
WISHES = tuple(wish.name for wish in fields(Wish) if wish.name not in ("known", "metres"))
"""What can be wished of a melody."""


@dataclass(frozen=True)
class Group:
    """Tracks of one kind.

    Attributes:
        name: unique within the plan; what is drawn for the group follows from it.
        count: how many.
        wishes: what is wished of the melodies, by the name of the wish.
        instrument: what plays them.
        formats: audio formats, the master among them; none where only the notes are wanted.
        attempts: most melodies that are composed for a track until one is clear.
        line: where the group stands in the plan.
        isrc: the code of the first track, from which the others follow, or one for each; none where empty.
        loudness: of the masters in LUFS; None for what is usual.
        keeps: whether a track is made for which no melody is clear.
    """

    name: str
    count: int
    wishes: Mapping[str, Choice]
    instrument: Choice
    formats: tuple[str, ...]
    attempts: int
    line: int = 1
    isrc: tuple[Isrc, ...] = ()
    loudness: float | None = None
    keeps: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the group as plain JSON."""
        return {
            "name": self.name,
            "count": self.count,
            "instrument": self.instrument.as_json(),
            "formats": list(self.formats),
            "attempts": self.attempts,
            "wishes": {name: choice.as_json() for name, choice in sorted(self.wishes.items())},
            **({"isrc": [str(code) for code in self.isrc]} if self.isrc else {}),
            **({"loudness": self.loudness} if self.loudness is not None else {}),
            **({} if self.keeps else {"unclear": "leave out"}),
        }


@dataclass(frozen=True)
class Plan:
    """What is to be made.

    Attributes:
        name: of the library that comes of it.
        seed: everything that is drawn follows from it.
        groups: the tracks, in the order in which they are composed.
        catalogues: what they are screened against, beside the training works.
        naming: template of the folders' names.
        credits: whose name is on the tracks.
        path: the plan's file.
        naming_line: where the template stands.
        isrc: code of the plan's first track, from which those of all groups without codes of their own follow.
        signing: who signs the audio.
        rendering: how many stems are rendered together, or `together.ALONE`; None for what is usual on the device.
    """

    name: str
    seed: int
    groups: tuple[Group, ...]
    catalogues: tuple[Path, ...] = ()
    naming: str = NAMING
    credits: Credits = field(default_factory=Credits)
    path: Path = Path("plan.yaml")
    naming_line: int = 1
    isrc: Isrc | None = None
    signing: Signing | None = None
    rendering: Batching | str | None = None

    @property
    def tracks(self) -> int:
        """Number of tracks."""
        return sum(group.count for group in self.groups)

    def as_json(self) -> dict[str, Any]:
        """Return what decides the tracks as plain JSON; catalogues count by what is in them, not by their place."""
        return {
            "name": self.name,
            "seed": self.seed,
            "naming": self.naming,
            "artist": self.credits.artist,
            "licence": self.credits.licence,
            **({"isrc": str(self.isrc)} if self.isrc else {}),
            **({"certificate": self.signing.digest} if self.signing else {}),
            **({"rendering": _plain(self.rendering)} if self.rendering else {}),
            "groups": [group.as_json() for group in self.groups],
        }


def _plain(rendering: Batching | str) -> Any:
    """Return a way of rendering as plain JSON."""
    return rendering if isinstance(rendering, str) else asdict(rendering)
