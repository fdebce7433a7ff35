"""How tracks are made: what a plan says for all groups, and a group for itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

import yaml

from genaudio.errors import GenaudioError
from genaudio.production.batch.document import Document, shown
from genaudio.production.isrc import Isrc
from genaudio.production.release import check_formats
from genaudio.production.studio import ATTEMPTS
from genaudio.renderer.mix import check_loudness

MOST_ATTEMPTS = 1000
KEYS = ("formats", "audio", "attempts", "unclear", "loudness", "isrc")
"""Keys of a plan and of a group."""
UNCLEAR = ("keep", "leave out")
"""What becomes of a track for which no clear melody was found: it is kept, with its verdict, or not made at all."""


@dataclass(frozen=True)
class Manner:
    """How tracks are made.

    Attributes:
        formats: audio formats, the master among them.
        audio: False where only the notes are wanted.
        attempts: most melodies that are composed for a track until one is clear.
        keeps: whether a track is made for which none is clear.
        loudness: of the masters in LUFS; None for what is usual.
    """

    formats: tuple[str, ...] = ("flac",)
    audio: bool = True
    attempts: int = ATTEMPTS
    keeps: bool = True
    loudness: float | None = None

    @property
    def written(self) -> tuple[str, ...]:
        """The audio formats that are written."""
        return self.formats if self.audio else ()


def read_manner(document: Document, nodes: Mapping[str, yaml.Node], usual: Manner) -> Manner:
    """Read what some keys say, with what is usual where they are missing; mistakes are noted in the document."""
    attempts = usual.attempts
    if "attempts" in nodes:
        attempts = document.whole(nodes["attempts"], "the number of attempts", 1, MOST_ATTEMPTS) or attempts
    return Manner(
        formats=_formats(document, nodes["formats"]) if "formats" in nodes else usual.formats,
        audio=_yes(document, nodes["audio"]) if "audio" in nodes else usual.audio,
        attempts=attempts,
        keeps=_keeps(document, nodes["unclear"]) if "unclear" in nodes else usual.keeps,
        loudness=_loudness(document, nodes["loudness"]) if "loudness" in nodes else usual.loudness,
    )


def read_codes(document: Document, node: yaml.Node | None) -> tuple[Isrc, ...]:
    """Read one ISRC or a list of them."""
    found = []
    for item in [] if node is None else document.items(node):
        text = document.text(item, "an ISRC")
        try:
            found += [Isrc.parse(text)] if text else []
        except GenaudioError as error:
            document.complain(item, str(error))
    return tuple(found)


def _formats(document: Document, node: yaml.Node) -> tuple[str, ...]:
    names: list[str] = []
    for item in document.items(node):
        name = document.text(item, "an audio format")
        try:
            names += check_formats([name] if name else [])
        except GenaudioError as error:
            document.complain(item, str(error))
    return check_formats(names)


def _yes(document: Document, node: yaml.Node) -> bool:
    value = document.value(node)
    if isinstance(value, bool):
        return value
    document.complain(node, f"audio must be true or false, not {shown(value)}")
    return True


def _keeps(document: Document, node: yaml.Node) -> bool:
    value = document.value(node)
    if value not in UNCLEAR:
        document.complain(node, f"unclear must be {' or '.join(UNCLEAR)}, not {shown(value)}")
    return bool(value != UNCLEAR[1])


def _loudness(document: Document, node: yaml.Node) -> float | None:
    value = document.value(node)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        document.complain(node, f"the loudness must be a number of LUFS, such as -16, not {shown(value)}")
        return None
    try:
        return check_loudness(value)
    except GenaudioError as error:
        document.complain(node, str(error))
        return None
