"""Scores and melodies as MusicXML 4.0 (W3C, 2021), written directly: exact, and without a second of import time."""

from __future__ import annotations

import os
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from genaudio.score.key import Key
from genaudio.score.melody import Melody
from genaudio.score.metre import Metre
from genaudio.score.musicxml_values import (
    SINGLE_VALUES,
    Accidentals,
    Bar,
    Chord,
    Grid,
    Value,
    chords_of,
    fill_bars,
    grid_of,
)
from genaudio.score.note import TICKS_PER_QUARTER, to_ticks
from genaudio.score.read_files import write_bytes
from genaudio.score.score import Score, Track

_HEADER = (
    b"<?xml version='1.0' encoding='UTF-8'?>\n"
    b'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    b'"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_LOW_CLEF_BELOW = 55
"""Mean pitch under which a bass clef is written."""
_DRUM_CHANNEL = 10
_PITCHED_CHANNELS = [channel for channel in range(1, 17) if channel != _DRUM_CHANNEL]


def write_musicxml(music: Melody | Score, path: str | os.PathLike[str]) -> None:
    """Write a melody or a score as an uncompressed MusicXML file.

    Notes, metres, keys, tempi, titles and programs are kept; what only playing knows (velocities, volumes, pan, pedal,
    bends) is not.

    Raises:
        ScoreError: the file cannot be written.
    """
    write_bytes(path, musicxml_bytes(music))


def musicxml_bytes(music: Melody | Score) -> bytes:
    """Return a melody or score as the content of a MusicXML file."""
    score = Score.from_melody(music) if isinstance(music, Melody) else music
    with_tempo = not isinstance(music, Melody) or music.tempo is not None
    tracks = score.tracks or (Track(()),)
    root = ET.Element("score-partwise", version="4.0")
    if score.title:
        _add(_add(root, "work"), "work-title", _clean(score.title))
    identification = _add(root, "identification")
    if score.creator:
        _add(identification, "creator", _clean(score.creator), type="composer")
    _add(_add(identification, "encoding"), "software", "genaudio")
    part_list = _add(root, "part-list")
    grid = grid_of(score.metres, score.pickup, max(note.offset_ticks for note in score.notes) if score.notes else 0)
    for number, track in enumerate(tracks, start=1):
        _list_part(part_list, number, track)
        part = _add(root, "part", id=f"P{number}")
        _write_part(part, number, track, score, grid)
        if number == 1 and with_tempo:
            _write_tempi(part, score, grid)
    ET.indent(root)
    return _HEADER + ET.tostring(root, encoding="utf-8") + b"\n"


def _add(parent: ET.Element, tag: str, text: str | int | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    if text is not None:
        element.text = str(text)
    return element


def _clean(text: str) -> str:
    """Leave out the control characters that XML does not allow."""
    return "".join(character for character in text if character.isprintable())


def _list_part(part_list: ET.Element, number: int, track: Track) -> None:
    """List a part with its instrument or, for drums, one instrument for each drum."""
    part = _add(part_list, "score-part", id=f"P{number}")
    name = _clean(track.name) or ("Drums" if track.drums else f"Part {number}")
    _add(part, "part-name", name)
    drums: list[int | None] = [*sorted({note.pitch for note in track.notes})] if track.drums else [None]
    for drum in drums:
        instrument = _add(part, "score-instrument", id=_instrument_id(number, drum))
        _add(instrument, "instrument-name", name if drum is None else f"{name} {drum}")
    channel = _DRUM_CHANNEL if track.drums else _PITCHED_CHANNELS[(number - 1) % len(_PITCHED_CHANNELS)]
    for drum in drums:
        instrument = _add(part, "midi-instrument", id=_instrument_id(number, drum))
        _add(instrument, "midi-channel", channel)
        _add(instrument, "midi-program", track.program + 1)
        if drum is not None:
            _add(instrument, "midi-unpitched", drum + 1)


def _instrument_id(number: int, drum: int | None) -> str:
    return f"P{number}-I{1 if drum is None else drum + 1}"


def _write_part(part: ET.Element, number: int, track: Track, score: Score, grid: Grid) -> None:
    """Write the measures of one part, its lines as voices one after the other."""
    lines = [fill_bars(line, grid) for line in _lines(track)]
    keys = [(to_ticks(onset), key) for onset, key in score.keys]
    accidentals = Accidentals(keys[0][1] if keys else Key(0))
    key, metre = None, None
    for bar, start in enumerate(grid.borders[:-1]):
        measure = _add(part, "measure", number=str(bar + (not grid.has_pickup)))
        if bar == 0 and grid.has_pickup:
            measure.set("implicit", "yes")
        new_key = next((later for onset, later in reversed(keys) if onset <= start), None)
        new_metre = grid.metres[bar]
        if bar == 0 or (new_key, new_metre) != (key, metre):
            _write_attributes(measure, bar == 0, new_key if new_key != key else None, metre, new_metre, track)
        key, metre = new_key, new_metre
        accidentals.key = key or Key(0)
        for voice, line in enumerate(lines, start=1):
            if voice > 1:
                _add(_add(measure, "backup"), "duration", line[bar].ticks)
            accidentals.new_bar()
            full = new_metre is not None and line[bar].ticks == new_metre.bar_ticks
            _write_bar(measure, line[bar], full, voice, accidentals, number if track.drums else None)
    _add(_add(part[-1], "barline", location="right"), "bar-style", "light-heavy")


def _lines(track: Track) -> list[list[Chord]]:
    """Distribute a track's chords over as few lines as sound together, at least one."""
    lines: list[list[Chord]] = [[]]
    for chord in sorted(chords_of(track.notes), key=lambda chord: (chord[0], -chord[2][-1])):
        free = next((line for line in lines if not line or line[-1][1] <= chord[0]), None)
        if free is None:
            lines.append([chord])
        else:
            free.append(chord)
    return lines


def _write_attributes(
    measure: ET.Element, first: bool, key: Key | None, old_metre: Metre | None, metre: Metre | None, track: Track
) -> None:
    """Write resolution and clef at the beginning, and the key and metre that change."""
    attributes = _add(measure, "attributes")
    if first:
        _add(attributes, "divisions", TICKS_PER_QUARTER)
    if key is not None:
        signature = _add(attributes, "key")
        _add(signature, "fifths", key.fifths)
        _add(signature, "mode", key.mode)
    if first or metre != old_metre:
        time = _add(attributes, "time")
        if metre is None:
            _add(time, "senza-misura")
        else:
            _add(time, "beats", metre.numerator)
            _add(time, "beat-type", metre.denominator)
    if first:
        clef = _add(attributes, "clef")
        low = bool(track.notes) and sum(note.pitch for note in track.notes) < _LOW_CLEF_BELOW * len(track.notes)
        _add(clef, "sign", "percussion" if track.drums else "F" if low else "G")
        if not track.drums:
            _add(clef, "line", 4 if low else 2)


def _write_tempi(part: ET.Element, score: Score, grid: Grid) -> None:
    """Write the tempo changes into the measures of a part, each at its tick."""
    measures = list(zip(grid.borders, part, strict=False))
    for onset, tempo in score.tempi:
        tick = to_ticks(onset)
        start, measure = max((pair for pair in measures if pair[0] <= tick), key=lambda pair: pair[0])
        direction = ET.Element("direction", placement="above")
        metronome = _add(_add(direction, "direction-type"), "metronome")
        _add(metronome, "beat-unit", "quarter")
        _add(metronome, "per-minute", f"{tempo:.10g}")
        if tick > start:
            _add(direction, "offset", tick - start, sound="yes")
        _add(direction, "sound", tempo=f"{tempo:.10g}")
        before = sum(element.tag in ("attributes", "direction") for element in measure)
        measure.insert(before, direction)


def _write_bar(
    measure: ET.Element, bar: Bar, full: bool, voice: int, accidentals: Accidentals, drum_part: int | None
) -> None:
    """Write the notes of one voice in one bar; `full` says that the bar is as long as its metre."""
    if full and not any(value.pitches for value in bar.values):
        note = _add(measure, "note")
        _add(note, "rest", measure="yes")
        _add(note, "duration", bar.ticks)
        _add(note, "voice", voice)
        return
    for value in bar.values:
        pitches: Iterable[int | None] = value.pitches or (None,)
        for index, pitch in enumerate(pitches):
            _write_note(measure, value, pitch, index, voice, accidentals, drum_part)


def _write_note(
    measure: ET.Element,
    value: Value,
    pitch: int | None,
    index: int,
    voice: int,
    accidentals: Accidentals,
    drum_part: int | None,
) -> None:
    """Write a note, a further note of a chord (`index` > 0) or a rest, its children in the schema's order."""
    note = _add(measure, "note")
    if index:
        _add(note, "chord")
    sign = _write_pitch(note, pitch, accidentals, drum_part)
    _add(note, "duration", value.ticks)
    ties = [kind for kind, tied in (("stop", value.tied_from), ("start", value.tied_to)) if tied]
    for kind in ties:
        _add(note, "tie", type=kind)
    if pitch is not None and drum_part is not None:
        _add(note, "instrument", id=_instrument_id(drum_part, pitch))
    _add(note, "voice", voice)
    name, dots = SINGLE_VALUES.get(value.written, (None, 0))
    if name is not None:
        _add(note, "type", name)
        for _ in range(dots):
            _add(note, "dot")
    if sign is not None:
        _add(note, "accidental", sign)
    if value.tuplet != (1, 1):
        modification = _add(note, "time-modification")
        _add(modification, "actual-notes", value.tuplet[0])
        _add(modification, "normal-notes", value.tuplet[1])
    brackets = [kind for kind, applies in (("start", value.opens), ("stop", value.closes)) if applies and not index]
    if ties or brackets:
        notations = _add(note, "notations")
        for kind in ties:
            _add(notations, "tied", type=kind)
        for kind in brackets:
            _add(notations, "tuplet", type=kind)


def _write_pitch(note: ET.Element, pitch: int | None, accidentals: Accidentals, drum_part: int | None) -> str | None:
    """Write what sounds and return the accidental that it needs, if any."""
    if pitch is None:
        _add(note, "rest")
        return None
    letter, alteration, octave = accidentals.key.spell(pitch)
    if drum_part is not None:
        unpitched = _add(note, "unpitched")
        _add(unpitched, "display-step", letter)
        _add(unpitched, "display-octave", octave)
        return None
    element = _add(note, "pitch")
    _add(element, "step", letter)
    if alteration:
        _add(element, "alter", alteration)
    _add(element, "octave", octave)
    return _SIGNS[alteration] if accidentals.needs_sign(letter, alteration, octave) else None
