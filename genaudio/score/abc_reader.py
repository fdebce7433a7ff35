"""ABC tunes and tune books; each tune is read by itself with music21, so that a damaged one harms no other.

The abc music standard 2.1 (2011).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from genaudio.score.errors import ScoreError
from genaudio.score.jsonl import Entry
from genaudio.score.key import Key
from genaudio.score.read_music21 import check_metres, parse_quietly, to_score
from genaudio.score.score import Score
from genaudio.score.voices import main_voice

_FIELD = re.compile(r"^([A-Za-z]):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"(?<!\\)%.*$")
_METRE = re.compile(r"M:([^/\n\]]*)/\s*(\d+)")
_NO_MUSIC, _QUOTED = re.compile(r"\s*([A-Za-z+]:|%)"), re.compile(r'"[^"]*"')
_LENGTH = re.compile(r"[A-Ga-gxzZ\]][,']*(\d{2,})(?:/(\d+))?")
_UNIT = re.compile(r"(?:^|\[)L:\s*(\d{1,9})/(\d{1,9})\s*(?:$|\]|%)", re.MULTILINE)
_HAS_LENGTH = re.compile(r"^[LM]:", re.MULTILINE)
LONGEST = 256
"""Quarter notes of the longest note or rest: a bar of 64 whole notes, the longest that there can be."""
ODDEST = 8
"""Quarter notes of the longest note or rest that is no sum of halved notes, such as 63 elevenths of a quarter."""
_LOCRIAN = re.compile(r"^K:\s*([A-G][#b]?)\s*loc\w*", re.MULTILINE | re.IGNORECASE)
_FILE_FIELDS = "ABCDFGHILMmNORrSUZ"
"""Fields that may stand before the first tune and hold for all of them."""


@dataclass(frozen=True)
class AbcTune:
    """One tune of a tune book as text.

    Attributes:
        number: what its X: field says, or its place in the file.
        text: the fields of the file's header and the tune.
    """

    number: str
    text: str

    def field(self, letter: str) -> str | None:
        """Return the first field of a letter, such as C for the composer, or None."""
        for name, content in _FIELD.findall(self.text):
            value = _COMMENT.sub("", content).replace("\\%", "%").strip()
            if name == letter and value:
                return value
        return None


def split_tunes(text: str) -> list[AbcTune]:
    """Split a tune book; a text without any X: field is taken for one tune."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts = [match.start() for match in re.finditer(r"^X:", text, re.MULTILINE)]
    if not starts:
        return [AbcTune("1", "X:1\n" + text)]
    header = "".join(line + "\n" for line in text[: starts[0]].split("\n") if re.match(rf"[{_FILE_FIELDS}]:", line))
    tunes = []
    for place, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), start=1):
        first, _, rest = _tune_only(text[start:end]).partition("\n")
        number = re.match(r"X:\s*(\d+)", first)
        tunes.append(AbcTune(number[1] if number else str(place), f"{first}\n{header}{rest}"))
    return tunes


def _tune_only(text: str) -> str:
    """Cut off what follows the blank line after the music: free text between tunes."""
    key = re.search(r"^K:.*$", text, re.MULTILINE)
    if key is None:
        return text
    blank = re.search(r"(?<=\S)[ \t]*\n[ \t]*\n", text[key.end() :].lstrip("\n"))
    if blank is None:
        return text
    skipped = len(text) - len(text[key.end() :].lstrip("\n"))
    return text[: skipped + blank.start()] + "\n"


def read_tune(tune: AbcTune, book: str) -> Entry:
    """Read the main voice of a tune; its id is the book's name and its number.

    Raises:
        ScoreError: the tune cannot be read or has no notes.
    """
    score = read_tune_score(tune)
    voice = main_voice(score)
    if voice is None:
        raise ScoreError("the tune has no notes")
    return Entry(f"{book}:{tune.number}", voice.melody, score.title, score.creator)


def read_tune_score(tune: AbcTune) -> Score:
    """Read all voices of a tune.

    Raises:
        ScoreError: the tune cannot be read.
    """

    if tune.field("K") is None:
        raise ScoreError("the tune has no K: field, which must give its key")

    check_metres(_METRE.findall(tune.text))
    _check_lengths(tune.text)

    def parse() -> Score:
        from music21 import converter

        return to_score(converter.parseData(_for_music21(tune.text), format="abc"))

    score: Score = parse_quietly(parse, "the tune")
    keys = score.keys
    if _LOCRIAN.search(tune.text):
        keys = tuple((onset, _locrian(key) if key.mode == "major" else key) for onset, key in keys)
    return replace(score, title=tune.field("T"), creator=tune.field("C"), keys=keys)


def _check_lengths(text: str) -> None:
    """Refuse lengths that no music has, with which music21 would be busy for minutes or hours.

    Raises:
        ScoreError: a note or rest is longer than `LONGEST`, or than `ODDEST` and no sum of halved notes.
    """
    units = [Fraction(4 * int(upper), int(lower)) for upper, lower in _UNIT.findall(text) if int(upper) and int(lower)]
    unit = min(units, default=Fraction(1, 2))
    for line in text.splitlines():
        if _NO_MUSIC.match(line):
            continue
        for found in _LENGTH.finditer(_QUOTED.sub("", line)):
            length = unit * int(found[1][:9]) / max(1, int((found[2] or "1")[:9]))
            if length > LONGEST:
                raise ScoreError(f"{found[0][:20]!r} is longer than any note: {LONGEST} quarter notes at most")
            if length > ODDEST and length.denominator & (length.denominator - 1):
                raise ScoreError(
                    f"{found[0][:20]!r} lasts {str(length)[:20]} quarters, which no note and no tie of a few does; "
                    f"above {ODDEST} a length must be made of halves"
                )


def _for_music21(text: str) -> str:
    """Put a tune so that music21 reads it by the standard.

    Without a version it forgets accidentals at the next note, where the standard keeps them for the bar; it knows no
    locrian, which has the signature of the major key a semitone higher; it sees no bars, so no pickup, where there are
    fewer than three bar lines; and without a metre it has no unit note length, which is a quaver then.
    """
    text = _LOCRIAN.sub(lambda match: f"K:{_locrian_as_major(match[1]).tonic_name}", text)
    if not _HAS_LENGTH.search(text):
        text = re.sub(r"^K:", "L:1/8\nK:", text, count=1, flags=re.MULTILINE)
    if text.count("|") < 3:
        text = text.rstrip() + "\nz|z|z||\n"
    return f"%abc-2.1\n{text}"


def _locrian_as_major(tonic: str) -> Key:
    return Key((Key.parse(tonic).tonic + 1) % 12)


def _locrian(key: Key) -> Key:
    return Key((key.tonic - 1) % 12, "locrian")
