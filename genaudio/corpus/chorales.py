"""Chorale tunes: the sopranos of Bach's four-part settings, in MusicXML.

The tunes are German hymns of the 16th to 18th centuries. Most of the files carry the notice of an encoder who reserves
rights; they are rejected, and those of a benchmark read to know what must be withheld, not to be learned from. Repeats
are not played out, as everywhere in the corpus. A piece that changes its metre, or whose bars do not sum, is rejected.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from genaudio.corpus.abc_music import Event
from genaudio.corpus.bars import Bars
from genaudio.corpus.errors import TuneError
from genaudio.corpus.extract import ExtractedTune, make_melody, parse_metre
from genaudio.corpus.tonality import KEPT_MODES, SoundedNote, sounding_key
from genaudio.score import Key, Metre

STYLE = "chorale"
BENCHMARK = range(253, 439)
"""BWV numbers of the chorales without a larger work: published comparisons of melody models are made on them."""

_RESERVED = re.compile(rb"\xc2\xa9|&#169;|copyright|permission|reserved|licen[cs]e|commercial", re.IGNORECASE)
_FINALS = {0: "major", 2: "dorian", 7: "mixolydian", 9: "minor"}
"""Mode by the step of the signature's major scale on which the bass ends."""


def is_benchmark(file: Path) -> bool:
    """Tell whether a chorale is one of those that a benchmark holds, so that no weights may be trained on it."""
    return _number(file).isdigit() and int(_number(file)) in BENCHMARK


def has_notice(file: Path) -> bool:
    """Tell whether a MusicXML file, compressed or not, says that rights in it are reserved."""
    if file.suffix != ".mxl":
        return _RESERVED.search(file.read_bytes()) is not None
    with ZipFile(file) as archive:
        return any(_RESERVED.search(archive.read(name)) for name in archive.namelist())


def read_chorale(file: Path, source: str, identifier: str) -> ExtractedTune:
    """Turn one setting's soprano into a melody on the tick grid.

    Raises:
        TuneError: rights in the file are reserved (unless it is one of the benchmark, and withheld anyhow), it is no
            setting with a soprano, changes its metre, or its bars do not sum.
    """
    import music21

    try:
        if not is_benchmark(file) and has_notice(file):
            raise TuneError("rights reserved")
        score: Any = music21.converter.parse(file, forceSource=True)
        parts = list(score.parts)
    except (music21.exceptions21.Music21Exception, SyntaxError, ValueError, KeyError, BadZipFile) as error:
        raise TuneError("unreadable MusicXML", str(error)) from error
    soprano = next((part for part in parts if (part.partName or "").startswith("Soprano")), None)
    bass = next((part for part in parts if (part.partName or "").startswith("Bass")), None)
    if soprano is None or bass is None:
        raise TuneError("no soprano or no bass")
    metre = _metre(soprano)
    events, pickup = _events(soprano, metre)
    key, rule = _key(soprano, bass, events)
    bars = Bars(events, pickup)
    title = f"Chorale BWV {_number(file)}{_movement(file)}"
    repairs = Counter([f"{key.mode} by {rule}"] if rule else [])
    return ExtractedTune(
        identifier, title, STYLE, source, make_melody(bars, metre, key, title), repairs, "section", is_benchmark(file)
    )


def _number(file: Path) -> str:
    return re.sub(r"\D.*", "", file.name.removeprefix("bwv"))


def _movement(file: Path) -> str:
    match = re.match(r"bwv\d+\.(\d+)", file.name)
    return f", {match[1]}" if match else ""


def _metre(part: Any) -> Metre:
    names = {signature.ratioString for signature in part.recurse().getElementsByClass("TimeSignature")}
    if len(names) != 1:
        raise TuneError("metre changes", ", ".join(sorted(names)))
    return parse_metre(names.pop())


def _events(part: Any, metre: Metre) -> tuple[list[Event], Fraction]:
    """Return notes and rests from the first note on, and the length of the pickup in quarter notes."""
    measures = [(Fraction(m.offset), Fraction(m.duration.quarterLength)) for m in part.getElementsByClass("Measure")]
    pickup = measures[0][1] % metre.bar if measures else Fraction(0)
    for number, (start, length) in enumerate(measures):
        if (start - pickup) % metre.bar + length > metre.bar:
            raise TuneError("bars do not sum", f"measure {number} begins at quarter note {start}")
    notes = [
        (Fraction(note.offset), Fraction(note.quarterLength), max(pitch.midi for pitch in note.pitches))
        for note in part.stripTies().flatten().notes
        if note.quarterLength
    ]
    if not notes:
        raise TuneError("no notes")
    first = notes[0][0]
    if first > pickup:
        raise TuneError("begins with a rest", f"of {first} quarter notes")
    events = []
    ends = [start for start, _, _ in notes[1:]] + [notes[-1][0] + notes[-1][1]]
    for (start, length, pitch), following in zip(notes, ends, strict=True):
        if start + length > following:
            raise TuneError("notes overlap", f"at quarter note {start}")
        events.append(Event(length, pitch))
        if start + length < following:
            events.append(Event(following - start - length, None))
    return events, pickup - first


def _key(soprano: Any, bass: Any, events: list[Event]) -> tuple[Key, str]:
    """Return the key that the signature and the last note of the bass give, the sixth or seventh step being heard."""
    signature = next(iter(soprano.recurse().getElementsByClass("KeySignature")), None)
    sounding = bass.flatten().notes
    if signature is None or not sounding:
        raise TuneError("no key signature or no bass")
    tonic = min(pitch.midi for pitch in sounding[-1].pitches) % 12
    step = (tonic - 7 * signature.sharps) % 12
    if step not in _FINALS:
        raise TuneError("mode not kept", f"the bass ends {step} semitones above the signature's major tonic")
    notes = [SoundedNote(event.pitch, event.duration) for event in events if event.pitch is not None]
    key, rule = sounding_key(Key(tonic, _FINALS[step]), notes)
    if key.mode not in KEPT_MODES:
        raise TuneError("mode not kept", str(key))
    return key, rule
