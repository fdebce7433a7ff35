"""MusicXML files, plain or compressed, as scores; music21 reads them once they are known to be harmless."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

from genaudio.score.errors import ScoreError
from genaudio.score.key import Key
from genaudio.score.read_music21 import check_metres, parse_quietly, to_score
from genaudio.score.score import Score

LARGEST = 64 * 2**20
"""Bytes of XML that are read at most; a symphony has about 20 MiB."""
_SNARE = 38
"""The drum that is taken where a file does not say which (General MIDI percussion)."""
_CONTAINER = "META-INF/container.xml"


def read_musicxml(data: bytes, name: str) -> Score:
    """Read the content of a .musicxml, .xml or .mxl file; `name` is the file's name for messages.

    Raises:
        ScoreError: the content is no MusicXML, is damaged, declares XML entities or unpacks to over 64 MiB.
    """
    if data[:2] == b"PK":
        data = _unpacked(data, name)
    if len(data) > LARGEST:
        raise ScoreError(f"{name} holds {len(data)} bytes of XML, over the limit of {LARGEST}")
    _check(data, name)
    try:
        root = ET.fromstring(data)
    except ET.ParseError as error:  # such as an entity that an external declaration might have defined
        raise ScoreError(f"{name} is no well-formed XML: {error}") from None
    instruments = _instruments(root)
    signatures = [time for time in root.iter("time") if time.find("beats") is not None]
    check_metres((time.findtext("beats", ""), time.findtext("beat-type", "")) for time in signatures)

    def parse() -> Score:
        from music21.musicxml import xmlToM21

        importer: Any = xmlToM21.MusicXMLImporter()  # type: ignore[no-untyped-call]
        return to_score(importer.xmlRootToScore(root), instruments)

    score: Score = parse_quietly(parse, name)
    return score


def _unpacked(data: bytes, name: str) -> bytes:
    """Return the score in a compressed file: what its container names or, without one, the first XML file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if _CONTAINER in names:
                container = _member(archive, _CONTAINER, name)
                _check(container, name, root=None)
                paths = [
                    element.get("full-path", "") for element in ET.fromstring(container).iterfind(".//{*}rootfile")
                ]
            else:
                paths = [path for path in names if path.lower().endswith((".xml", ".musicxml"))]
            if not paths or paths[0] not in names:
                raise ScoreError(f"{name} is a zip file without a MusicXML score")
            return _member(archive, paths[0], name)
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        raise ScoreError(f"{name} is a damaged or protected zip file: {error}") from None


def _member(archive: zipfile.ZipFile, path: str, name: str) -> bytes:
    """Read one file of an archive, no more of it than is allowed, whatever size it declares."""
    with archive.open(path) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ScoreError(f"{name} unpacks to more than {LARGEST} bytes, the limit")
    return content


def _check(data: bytes, name: str, root: str | None = "score-partwise") -> None:
    """Run through XML without building anything: refuse entities, what is not well-formed, and a wrong root."""
    found: list[str] = []

    def refuse(*_: object) -> None:
        raise ScoreError(f"{name} declares XML entities, which no music needs and which can be an attack; remove them")

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda tag, _: found.append(tag) if not found else None
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError) as error:  # a LookupError names an encoding that nobody knows
        raise ScoreError(f"{name} is no well-formed XML: {error}") from None
    if root is not None and found[0] == "score-timewise":
        raise ScoreError(f"{name} is timewise MusicXML; export it as partwise, which every notation program does")
    if root is not None and found[0] != root:
        raise ScoreError(f"{name} is XML but no MusicXML score: its root is <{found[0]}>")


def _instruments(root: ET.Element) -> dict[str, tuple[int, bool]]:
    """Return (General MIDI program, is for drums) of each part by its id.

    music21 guesses instruments by their names and knows one drum a part, so the numbers are taken from the file here,
    and drums are given the pitch that MIDI has for them.
    """
    instruments = {}
    parts = {part.get("id"): part for part in root.iterfind("part")}
    for listed in root.iterfind("part-list/score-part"):
        programs = [_midi_number(element) for element in listed.iterfind("midi-instrument/midi-program")]
        drums = {
            instrument.get("id"): _midi_number(instrument.find("midi-unpitched"))
            for instrument in listed.iterfind("midi-instrument")
            if instrument.find("midi-unpitched") is not None
        }
        part = parts.get(listed.get("id"))
        unpitched = [] if part is None else [note for note in part.iter("note") if note.find("unpitched") is not None]
        for note in unpitched:
            instrument = note.find("instrument")
            _give_pitch(note, drums.get(None if instrument is None else instrument.get("id"), _SNARE))
        instruments[listed.get("id", "")] = (programs[0] if programs else 0, bool(unpitched))
    return instruments


def _midi_number(element: ET.Element | None) -> int:
    """Return a number that MusicXML counts from 1, counted from 0."""
    text = "" if element is None else (element.text or "").strip()
    return min(127, max(0, int(text) - 1)) if text.isdecimal() else 0


def _give_pitch(note: ET.Element, midi: int) -> None:
    """Replace what shows where a drum is drawn by a pitch."""
    place = next(index for index, child in enumerate(note) if child.tag == "unpitched")
    letter, alteration, octave = Key(0).spell(midi)
    pitch = ET.Element("pitch")
    for tag, value in (("step", letter), ("alter", alteration), ("octave", octave)):
        ET.SubElement(pitch, tag).text = str(value)
    note[place] = pitch
