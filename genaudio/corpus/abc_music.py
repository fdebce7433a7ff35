"""Lines of ABC music -> segments: what stands between two bar lines, with exact lengths.

Grace notes are left out; of a chord the highest note is taken; a tie joins notes of one pitch (a hyphen between two
pitches is a slur, as the transcribers of the 1990s wrote it). An accidental holds in all octaves until the next bar
line (ABC standard 2.1, section 11.3). music21's own reader is not used: on these files it loses the note after a
fermata, the dotting of a pair with an ornament inside, and accidentals that hold for the rest of a bar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

from genaudio.corpus.abc_text import split_field
from genaudio.corpus.errors import TuneError
from genaudio.corpus.key_field import signature

_NOTE = r"(?P<accidental>\^{1,2}|_{1,2}|=)?(?P<letter>[A-Ga-g])(?P<octave>[',]*)"
_LENGTH = r"(?P<upper>\d+)?(?P<slashes>/*)(?P<lower>\d+)?"
_TOKEN = re.compile(
    rf"""(?P<skip>\s+|"[^"]*"|\{{[^}}]*\}}|![A-Za-z0-9.()+<>]{{1,24}}!|\((?!\d)|[).~`!*$\\yH-Wh-wu-v]) |
    \[(?P<field>[A-Z]):(?P<value>[^\]]*)\] |
    (?P<ending>(?:\[\s*|(?<=[|:])\s*|^\s*)(?P<number>[1-9])(?:[,.-][1-9])*(?=[\s(\[{{"~A-Ga-g^_=.|!uv\\]|$)) |
    (?P<bar>[|:]+\]?(?=[^|:]|$)|\[\|\]?|\](?=[\s|:\\"!\]]|$)|\[(?=[\s|\\]|$)) |
    (?P<chord>\[[^\]|:]*\]|\+[^+|]*\+){_LENGTH.replace("<", "<chord_")} |
    {_NOTE}{_LENGTH} |
    (?P<rest>[zxZ]){_LENGTH.replace("<", "<rest_")} |
    \((?P<tuplet>[2-9])(?::(?P<time>\d*))?(?::(?P<count>\d*))? |
    (?P<broken><+|>+) | (?P<tie>-)""",
    re.VERBOSE,
)
_CHORD_NOTE = re.compile(_NOTE + _LENGTH)
_PITCH = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ALTERATION = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
_TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


@dataclass(slots=True)
class Event:
    """A note or rest.

    Attributes:
        duration: in quarter notes.
        pitch: MIDI number, None for a rest.
        tied: True where a hyphen joins it to the note before.
    """

    duration: Fraction
    pitch: int | None
    tied: bool = False


@dataclass(slots=True)
class Segment:
    """What stands between two bar lines.

    Attributes:
        events: notes and rests one after the other.
        closes_part: True where a repeat sign or double bar ends it.
        ending: number of the first or second ending that begins with it, 0 for none.
    """

    events: list[Event] = field(default_factory=list)
    closes_part: bool = False
    ending: int = 0

    @property
    def length(self) -> Fraction:
        """Sum of the durations in quarter notes."""
        return sum((event.duration for event in self.events), Fraction(0))


def length_factor(upper: str | None, slashes: str, lower: str | None) -> Fraction:
    """Return what ``3/2``, ``2``, ``/`` or ``//`` multiply the unit note length by.

    Raises:
        TuneError: the length is zero.
    """
    value = Fraction(int(upper or 1), int(lower) if lower else 2 ** len(slashes)) if slashes or not lower else None
    if value is None or value <= 0:
        raise TuneError("unreadable length", f"{upper}{slashes}{lower}")
    return value


class MusicReader:
    """Reads the lines of one tune into segments.

    Args:
        unit: unit note length in quarter notes (the L: field).
        key: the K: field's value.
        compound: True in 6/8, 9/8 and 12/8, where (5 and (7 take the time of three.
    """

    def __init__(self, unit: Fraction, key: str, compound: bool) -> None:
        self.segments = [Segment()]
        self._unit = unit
        self._signature = signature(key)
        self._compound = compound
        self._accidentals: dict[str, int] = {}
        self._tie = False
        self._sounded = ("", 0)
        self._over_bar = ("", 0)
        self._broken = Fraction(1)
        self._last: Event | None = None
        self._tuplet = (Fraction(1), 0)

    def read(self, lines: list[str]) -> list[Segment]:
        """Return the segments of a tune; only its first voice is read.

        Raises:
            TuneError: a line holds something that is no ABC, or the metre changes.
        """
        voice = ""
        for line in lines:
            found = split_field(line)
            if found is not None:
                if found[0] == "V":
                    voice = voice or found[1]
                self._field(*found)
                continue
            inline = re.match(r"\s*\[V:\s*(\S+?)\s*\]", line)
            if inline is not None:
                voice = voice or inline[1]
                if inline[1] != voice:
                    continue
                line = line[inline.end() :]
            self._line(line)
        return [segment for segment in self.segments if segment.events]

    def _line(self, line: str) -> None:
        place = 0
        while place < len(line):
            match = _TOKEN.match(line, place)
            if match is None or match.end() == place:
                raise TuneError("unreadable ABC", f"{line[place : place + 12]!r} in {line.strip()[:60]!r}")
            place = match.end()
            if match["skip"] is None:
                self._token(match)

    def _token(self, match: re.Match[str]) -> None:
        if match["letter"]:
            self._note(match)
        elif match["bar"]:
            self._bar(match["bar"])
        elif match["rest"]:
            factor = length_factor(match["rest_upper"], match["rest_slashes"], match["rest_lower"])
            self._add(Event(factor * self._unit, None))
        elif match["ending"]:
            self._ending(int(match["number"]))
        elif match["tuplet"]:
            self._start_tuplet(int(match["tuplet"]), match["time"], match["count"])
        elif match["broken"]:
            self._break_rhythm(match["broken"])
        elif match["tie"]:
            self._tie = True
        elif match["chord"]:
            self._chord(match)
        else:
            self._field(match["field"], match["value"])

    def _field(self, letter: str, value: str) -> None:
        if letter == "K":
            self._signature = signature(value)
        elif letter == "L":
            self._unit = parse_unit(value)
        elif letter == "M":
            raise TuneError("metre changes", f"M:{value}")
        elif letter == "P":
            self.segments[-1].closes_part = True
            if len(self.segments) > 1 and not self.segments[-1].events:
                self.segments[-2].closes_part = True

    def _bar(self, text: str) -> None:
        self._accidentals = {}
        self._over_bar = self._sounded if self._tie else ("", 0)
        self._close(":" in text or "||" in text or "]" in text or "[" in text)

    def _close(self, part: bool) -> None:
        if self.segments[-1].events:
            self.segments.append(Segment())
        if part and len(self.segments) > 1:
            self.segments[-2].closes_part = True

    def _ending(self, number: int) -> None:
        self._close(part=False)
        self.segments[-1].ending = number

    def _pitch(self, accidental: str | None, letter: str, octave: str) -> int:
        name = letter.upper()
        if accidental:
            self._accidentals[name] = _ALTERATION[accidental]
        alteration = self._accidentals.get(name, self._signature.get(name, 0))
        if not accidental and self._over_bar[0] == name:
            alteration = self._over_bar[1]
        self._sounded = (name, alteration)
        octaves = (5 if letter.isupper() else 6) + octave.count("'") - octave.count(",")
        return 12 * octaves + _PITCH[name] + alteration

    def _note(self, match: re.Match[str]) -> None:
        factor = length_factor(match["upper"], match["slashes"], match["lower"])
        self._add(Event(factor * self._unit, self._pitch(match["accidental"], match["letter"], match["octave"])))

    def _chord(self, match: re.Match[str]) -> None:
        notes = list(_CHORD_NOTE.finditer(match["chord"]))
        if not notes:
            raise TuneError("unreadable ABC", f"the chord {match['chord']!r}")
        top = max(self._pitch(note["accidental"], note["letter"], note["octave"]) for note in notes)
        factor = length_factor(match["chord_upper"], match["chord_slashes"], match["chord_lower"])
        factor *= length_factor(notes[0]["upper"], notes[0]["slashes"], notes[0]["lower"])
        self._add(Event(factor * self._unit, top))
        self._tie = "-" in match["chord"]

    def _add(self, event: Event) -> None:
        event.duration *= self._broken
        self._broken = Fraction(1)
        factor, left = self._tuplet
        if left:
            event.duration *= factor
            self._tuplet = (factor, left - 1)
        last = self._last
        event.tied = self._tie and last is not None and event.pitch is not None and last.pitch == event.pitch
        self._tie = False
        self._over_bar = ("", 0)
        self._last = event
        self.segments[-1].events.append(event)

    def _start_tuplet(self, notes: int, time: str | None, count: str | None) -> None:
        played = int(time) if time else _TUPLET_TIME.get(notes, 3 if self._compound else 2)
        self._tuplet = (Fraction(played, notes), int(count) if count else notes)

    def _break_rhythm(self, signs: str) -> None:
        if self._last is None:
            raise TuneError("unreadable ABC", f"{signs} before the first note")
        short = Fraction(1, 2 ** len(signs))
        first, second = (2 - short, short) if signs[0] == ">" else (short, 2 - short)
        self._last.duration *= first
        self._broken = second


def parse_unit(text: str) -> Fraction:
    """Return the unit note length of an L: field in quarter notes (``1/8`` is 1/2).

    Raises:
        TuneError: the text is no fraction.
    """
    match = re.match(r"(\d+)\s*/\s*(\d+)", text)
    if match is None or int(match[1]) < 1 or int(match[2]) < 1:
        raise TuneError("unreadable length", f"L:{text}")
    return Fraction(4 * int(match[1]), int(match[2]))
