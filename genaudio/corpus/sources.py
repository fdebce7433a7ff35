"""The collections that training works come from, and why each may be used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from genaudio.corpus.errors import CorpusError

LICENCE = "public-domain music; encoding carried by music21 with the encoder's permission, which states no restriction"
"""What every work's `licence` says; the data card quotes the sources at length."""

ABC, CHORALES = "abc", "chorales"
"""Kinds of sources."""


@dataclass(frozen=True, slots=True)
class Source:
    """One collection and its encoding.

    Attributes:
        name: short name, the first part of the works' ids.
        title, author, year: of the printed collection.
        folder, pattern: where its files lie below music21's corpus folder.
        licence: in a line, as it is stored with each work.
        notice: what the files themselves say on who encoded them and on use.
        usable: why the works may train weights that are used commercially.
        kind: what its files are: `ABC` with many tunes, or `CHORALES`, a setting each.
        url: where the wheel's source describes its corpus.
    """

    name: str
    title: str
    author: str
    year: int
    folder: str
    pattern: str
    notice: str
    usable: str
    licence: str = LICENCE
    kind: str = ABC
    url: str = "https://github.com/cuthbertLab/music21/tree/master/music21/corpus"

    def files(self, root: Path) -> list[Path]:
        """Return the collection's files below music21's corpus folder, sorted by name.

        Raises:
            CorpusError: there are none.
        """
        found = sorted((root / self.folder).glob(self.pattern))
        if not found:
            raise CorpusError(f"{root / self.folder} holds no {self.pattern} files; install music21 with its corpus")
        return found


_OLD = "The music is in the public domain: it was printed in {year}, and its collector died in {death}."
_SILENT = (
    "The encoding's header names its transcriber and sets no condition, and music21's corpus licence says that its "
    "encodings 'are distributed with the permission of the encoders'; where an encoding may not be used commercially, "
    "it refers to a notice in the piece or its folder, and here there is none."
)

SOURCES = (
    Source(
        name="oneill",
        title="O'Neill's Music of Ireland",
        author="Francis O'Neill",
        year=1903,
        folder="oneills1850",
        pattern="*.abc",
        notice=(
            "Z: fields name the transcribers (John Chambers, Henrik Norbeck, Bob Safranek, Trish O'Neil, Dan G. "
            "Petersen, Michael Hogan, Stephen Foy, John B. Walsh and others, 1996-1999); no field, comment or "
            "file speaks of copyright, licence or commercial use. Of the 1,850 numbers some stand in two files."
        ),
        usable=_OLD.format(year=1903, death=1936) + " " + _SILENT,
    ),
    Source(
        name="ryan",
        title="Ryan's Mammoth Collection",
        author="William Bradbury Ryan",
        year=1883,
        folder="ryansMammoth",
        pattern="*.abc",
        notice=(
            "Z: fields read 'Contributed by Ray Davies', 'Contributed 2008... by John Chambers', 'John B. Walsh', 'Bob "
            "Puckette' and the like (2000-2008); no field, comment or file speaks of copyright, licence or commercial "
            "use."
        ),
        usable="The music is in the public domain: it was printed in 1883 by Elias Howe, who died in 1895. " + _SILENT,
    ),
    Source(
        name="aird",
        title="Aird's Airs (A Selection of Scotch, English, Irish and Foreign Airs, six books)",
        author="James Aird",
        year=1782,
        folder="airdsAirs",
        pattern="book*.abc",
        notice=(
            "Each tune: 'Z:Jack Campin * www.campin.me.uk * 2009'; no field, comment or file speaks of copyright, "
            "licence or commercial use. The encoder also offered a multimedia edition of these books for sale "
            "on CD-ROM."
        ),
        usable=_OLD.format(year="1778-1801", death=1795) + " " + _SILENT,
    ),
    Source(
        name="northumbrian",
        title="Northumbrian Minstrelsy",
        author="J. Collingwood Bruce and John Stokoe",
        year=1882,
        folder="miscFolk",
        pattern="northumbrianminstrelsyopus.abc",
        notice=(
            "'Tunes from Bruce and Stokoe, \"Northumbrian Minstrelsy\", 1882. Jack Campin. v 1.0, May 2007'; no field, "
            "comment or file speaks of copyright, licence or commercial use."
        ),
        usable="The music is in the public domain: traditional tunes of Northumberland, printed in 1882. " + _SILENT,
    ),
    Source(
        name="bach",
        title="Chorale tunes in cantatas, passions, motets and oratorios",
        author="Johann Sebastian Bach",
        year=1750,
        folder="bach",
        pattern="bwv*.[mx]*l",
        notice=(
            "MusicXML written by Finale, MuseScore and music21 between 2006 and 2019. Most files carry the notice 'PDF "
            "\u00a9 2004 Margaret Greentree - used by permission', whose site reserved commercial use: rejected. "
            "The others carry no notice."
        ),
        usable=(
            "The tunes are German hymns of the 16th to 18th centuries, as Bach, who died in 1750, set them: in the "
            "public domain. "
        )
        + _SILENT
        + " BWV 253 to 438 are read only to be withheld, with all their variants: a benchmark holds them.",
        kind=CHORALES,
    ),
)
"""All collections, in the order in which they are read: of two equal tunes the later one is the alias."""


@cache
def music21_corpus() -> Path:
    """Return the corpus folder inside the installed music21, without importing it.

    Raises:
        CorpusError: music21 is not installed.
    """
    spec = find_spec("music21")
    if spec is None or spec.origin is None:
        raise CorpusError("building the corpus reads the collections that music21 carries: pip install music21")
    return Path(spec.origin).parent / "corpus"


def choose_sources(names: list[str] | None = None) -> tuple[Source, ...]:
    """Return the sources of these names (all of them for None), in their own order.

    Raises:
        CorpusError: a name is unknown.
    """
    known = {source.name: source for source in SOURCES}
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise CorpusError(f"unknown source {unknown[0]!r}; the sources are {', '.join(known)}")
    return tuple(source for source in SOURCES if names is None or source.name in names)


def slug(text: str) -> str:
    """Turn a file's name such as ``AcaciaReel`` into an id such as ``acacia-reel``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    return re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-")
