"""Melodies as ABC notation, the plain-text form of tune books.

The abc music standard 2.1 (2011).
"""

from __future__ import annotations

import os
from fractions import Fraction
from itertools import pairwise

from genaudio.score.key import Key
from genaudio.score.melody import Melody
from genaudio.score.musicxml_values import Accidentals, Bar, Value, bars_of
from genaudio.score.note import TICKS_PER_QUARTER
from genaudio.score.read_files import write_bytes

_UNIT = TICKS_PER_QUARTER // 2
"""Ticks of the unit note length, L:1/8."""
_BARS_A_LINE = 4
_SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_MODE_ENDINGS = {"major": "", "minor": "m"}


def write_abc(melody: Melody, path: str | os.PathLike[str] | None = None) -> str:
    """Return a melody as an ABC tune and, where a path is given, write it there.

    Raises:
        ScoreError: the file cannot be written.
    """
    key = melody.key or Key(0)
    header = ["%abc-2.1", "X:1", f"T:{_text(melody.title or '')}", f"M:{melody.metre or 'none'}", "L:1/8"]
    if melody.tempo is not None:
        header.append(f"Q:1/4={melody.tempo:.10g}")
    header.append(f"K:{key.tonic_name}{_MODE_ENDINGS.get(key.mode, key.mode[:3])}")
    tune = "\n".join([*header, *_lines(melody, key)]) + "\n"
    if path is not None:
        write_bytes(path, tune.encode())
    return tune


def _text(text: str) -> str:
    """Return a title on one line, with what begins a comment kept from doing so."""
    return " ".join(text.split()).replace("%", "\\%")


def _lines(melody: Melody, key: Key) -> list[str]:
    accidentals = Accidentals(key)
    beat = TICKS_PER_QUARTER if melody.metre is None else int(melody.metre.beat * TICKS_PER_QUARTER)
    bars = bars_of(melody)
    written = [_bar(bar, accidentals, beat) for bar in bars]
    written[-1] += "|]"
    written[:-1] = [bar + "|" for bar in written[:-1]]
    lead = int(bars[0].is_pickup)
    borders = [0, *range(lead + _BARS_A_LINE, len(written), _BARS_A_LINE), len(written)]
    return [" ".join(written[start:stop]) for start, stop in pairwise(borders)]


def _bar(bar: Bar, accidentals: Accidentals, beat: int) -> str:
    """Write the notes of one bar, those of a beat without spaces so that they are beamed."""
    accidentals.new_bar()
    parts: list[str] = []
    last_beat = 0
    for index, value in enumerate(bar.values):
        this_beat = value.start // beat
        within_tuplet = value.tuplet != (1, 1) and not value.opens
        if parts and this_beat != last_beat and not within_tuplet:
            parts.append(" ")
        last_beat = this_beat
        if value.opens:
            parts.append(_tuplet_sign(bar.values[index:]))
        parts.append(_value(value, accidentals))
    return "".join(parts)


def _tuplet_sign(values: tuple[Value, ...]) -> str:
    count = next(index for index, value in enumerate(values) if value.closes) + 1
    many, few = values[0].tuplet
    return f"({many}:{few}:{count}"


def _value(value: Value, accidentals: Accidentals) -> str:
    """Write a note or rest such as ``^c'3/2-``."""
    length = Fraction(value.written, _UNIT)
    if not value.pitches:
        return "z" + _length(length)
    letter, alteration, octave = accidentals.key.spell(value.pitches[0])
    needed = accidentals.needs_sign(letter, alteration, octave)
    # a double accidental is always signed, as some readers (music21 10) carry only half of it through the bar
    sign = _SIGNS[alteration] if needed or abs(alteration) == 2 else ""
    name = letter.lower() + "'" * (octave - 5) if octave >= 5 else letter + "," * (4 - octave)
    return sign + name + _length(length) + "-" * value.tied_to


def _length(length: Fraction) -> str:
    over = "" if length.numerator == 1 else str(length.numerator)
    under = "" if length.denominator == 1 else f"/{length.denominator}"
    return over + under
