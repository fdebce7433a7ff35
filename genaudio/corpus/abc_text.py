"""ABC files as text: tunes, their fields and their lines of music.

Follows the ABC standard 2.1 (Walshaw and others, 2011) as far as the collections use it, and reads the habits of the
1990s: `!` as a line break, and mails whose quoted-printable coding was never undone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from quopri import decodestring

_FIELD = re.compile(r"^([A-Za-z]):(?![|:])\s*(.*)$")
_TUNE = re.compile(r"^X:", re.MULTILINE)
_QUOTED_PRINTABLE = re.compile(r"=(?:3D|20|0D)|=$", re.MULTILINE)


@dataclass(slots=True)
class AbcTune:
    """One tune as it stands in a file.

    Attributes:
        number: what the X: field says.
        file: name of the file, without folder.
        fields: values of the header's fields by letter, in their order.
        lines: what follows the header: lines of music and fields, without comments.
    """

    number: str
    file: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def first(self, letter: str) -> str:
        """Return the first value of a field, empty where there is none."""
        return next((value for value in self.fields.get(letter, []) if value), "")


def split_field(line: str) -> tuple[str, str] | None:
    """Return the letter and value of a line that is a field, None for a line of music (``G:|`` is music)."""
    match = _FIELD.match(line)
    return None if match is None else (match[1], match[2].strip())


def read_tunes(path: Path) -> list[AbcTune]:
    """Read the tunes of one file; what stands before the first X: is left out."""
    text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    starts = [match.start() for match in _TUNE.finditer(text)]
    ends = [*starts, len(text)][1:]
    return [parse_tune(text[start:end], path.name) for start, end in zip(starts, ends, strict=True)]


def parse_tune(text: str, file: str = "") -> AbcTune:
    """Split one tune's text into header and music; the header ends with the first K: field."""
    if _QUOTED_PRINTABLE.search(text):
        text = decodestring(text.encode()).decode(errors="replace").replace("\r", "")
    tune = AbcTune(number="", file=file)
    in_header = True
    for raw in text.split("\n"):
        line = re.sub(r"(?<!\\)%.*", "", raw).rstrip()
        if not line:
            continue
        found = split_field(line)
        if not in_header:
            tune.lines.append(line)
        elif found is not None:
            letter, value = found
            tune.fields.setdefault(letter, []).append(value)
            in_header = letter != "K"
    tune.number = tune.first("X")
    return tune
