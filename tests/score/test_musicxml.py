"""MusicXML in and out; the files to read are written out by hand."""

import io
import zipfile
from xml.etree import ElementTree as ET

import pytest

from genaudio.score import Key, Melody, Metre, Note, Score, ScoreError, Track, read_entries, read_score, write_musicxml
from genaudio.score.musicxml_reader import LARGEST
from genaudio.score.musicxml_values import bars_of
from genaudio.score.musicxml_writer import musicxml_bytes


def note(step="C", octave=4, duration=2, extra="", before=""):
    return (
        f"<note>{before}<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        f"<duration>{duration}</duration>{extra}</note>"
    )


def document(measures, attributes="", part_list='<score-part id="P1"><part-name>Flute</part-name></score-part>'):
    """A score of one part, two divisions a quarter, from the content of its measures."""
    attributes = f"<attributes><divisions>2</divisions>{attributes}</attributes>"
    body = "".join(
        f'<measure number="{number}">{attributes if number == 1 else ""}{content}</measure>'
        for number, content in enumerate(measures, start=1)
    )
    return (
        f'<?xml version="1.0"?><score-partwise version="4.0"><part-list>{part_list}</part-list>'
        f'<part id="P1">{body}</part></score-partwise>'
    )


TIME = "<time><beats>2</beats><beat-type>4</beat-type></time>"


def spans(score):
    return [(n.onset, n.duration, n.pitch) for n in score.notes]


@pytest.fixture
def read(tmp_path):
    def read_text(text, name="a.musicxml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_score(path)

    return read_text


def test_repeats_are_played_out_with_their_endings(read):
    score = read(
        document(
            [
                note("C", duration=4),
                '<barline location="left"><ending number="1" type="start"/></barline>'
                + note("D", duration=4)
                + '<barline location="right"><ending number="1" type="stop"/><repeat direction="backward"/></barline>',
                '<barline location="left"><ending number="2" type="start"/></barline>'
                + note("E", duration=4)
                + '<barline location="right"><ending number="2" type="stop"/></barline>',
            ],
            TIME,
        )
    )
    assert spans(score) == [(0, 2, 60), (2, 2, 62), (4, 2, 60), (6, 2, 64)]
    assert score.metres == ((0, Metre(2, 4)),)


def test_ties_are_merged_and_grace_notes_left_out(read):
    score = read(
        document(
            [
                "<note><grace/><pitch><step>B</step><octave>4</octave></pitch></note>"
                + note("C", duration=2)
                + note("D", duration=2, extra='<tie type="start"/>'),
                note("D", duration=2, extra='<tie type="stop"/>') + note("D", duration=2),
            ],
            TIME,
        )
    )
    assert spans(score) == [(0, 1, 60), (1, 2, 62), (3, 1, 62)]


def test_a_clarinet_sounds_a_tone_lower_than_written(read):
    transpose = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    key = "<key><fifths>2</fifths><mode>major</mode></key>"
    score = read(document([note("D", duration=4)], key + TIME + transpose))
    assert spans(score) == [(0, 2, 60)]
    assert score.keys == ((0, Key(0)),)


def test_chords_voices_and_tracks(read):
    chord = note("E", before="<chord/>", duration=4)
    low = "<backup><duration>4</duration></backup>" + note("C", octave=3, duration=4, extra="<voice>2</voice>")
    score = read(document([note("C", duration=4) + chord + low], TIME))
    assert sorted(n.pitch for n in score.tracks[0].notes) == [48, 60, 64]
    assert score.tracks[0].name == "Flute"


def test_drums_and_programs(read):
    part_list = (
        '<score-part id="P1"><part-name>Kit</part-name>'
        '<score-instrument id="P1-I36"><instrument-name>Bass Drum</instrument-name></score-instrument>'
        '<score-instrument id="P1-I39"><instrument-name>Snare</instrument-name></score-instrument>'
        '<midi-instrument id="P1-I36"><midi-channel>10</midi-channel><midi-program>9</midi-program>'
        "<midi-unpitched>36</midi-unpitched></midi-instrument>"
        '<midi-instrument id="P1-I39"><midi-unpitched>39</midi-unpitched></midi-instrument></score-part>'
    )
    hit = (
        "<note><unpitched><display-step>F</display-step><display-octave>4</display-octave></unpitched>"
        '<duration>2</duration><instrument id="P1-I{}"/></note>'
    )
    (track,) = read(document([hit.format(36) + hit.format(39)], TIME, part_list)).tracks
    # MusicXML counts drums and programs from 1: 36 is MIDI's bass drum 35, 39 its snare 38
    assert (track.drums, track.program, [n.pitch for n in track.notes]) == (True, 8, [35, 38])


def test_a_compressed_file(read):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="music/score.xml"/></rootfiles></container>',
        )
        archive.writestr("decoy.xml", "<nothing/>")
        archive.writestr("music/score.xml", document([note()], TIME))
    assert spans(read(packed.getvalue(), "a.mxl")) == [(0, 1, 60)]


def test_a_zip_bomb_is_not_unpacked(read):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", b" " * (LARGEST + 1))
    assert len(packed.getvalue()) < LARGEST / 500
    with pytest.raises(ScoreError, match="unpacks to more than"):
        read(packed.getvalue(), "a.mxl")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_before_they_expand(read, encoding):
    bomb = '<!DOCTYPE score-partwise [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><score-partwise>&b;</score-partwise>'
    with pytest.raises(ScoreError, match="entities"):
        read(f'<?xml version="1.0" encoding="{encoding}"?>{bomb}'.encode(encoding))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<score-partwise><part>", "no well-formed XML"),
        ("<svg/>", "its root is <svg>"),
        ("<score-timewise/>", "export it as partwise"),
        (b"PK\x03\x04 and then nothing", "damaged or protected zip"),
    ],
)
def test_what_is_no_score_is_said_to_be_none(read, text, message):
    with pytest.raises(ScoreError, match=message):
        read(text)


def test_a_score_without_notes(read):
    assert read(document(["<note><rest/><duration>4</duration></note>"], TIME)).notes == ()


def test_a_tune_as_it_is_drawn():
    # D major, pickup of an eighth, a triplet, C natural, and a note over the bar line
    melody = Melody(
        [
            Note(0, 0.5, 74),
            *(Note(0.5 + index / 3, 1 / 3, pitch) for index, pitch in enumerate((73, 72, 74))),
            Note(1.5, 3, 69),
        ],
        Metre(2, 4),
        Key(2),
        title="A & B",
        pickup=0.5,
    )
    root = ET.fromstring(musicxml_bytes(melody))
    measures = root.findall("part/measure")
    assert [measure.get("number") for measure in measures] == ["0", "1", "2"]
    assert [measure.get("implicit") for measure in measures] == ["yes", None, None]
    assert root.findtext("work/work-title") == "A & B"
    assert root.findtext(".//fifths") == "2"
    drawn = [
        [
            (
                (n.findtext("pitch/step") or "rest") + (n.findtext("pitch/alter") or ""),
                n.findtext("type"),
                len(n.findall("dot")),
                n.findtext("accidental"),
                n.findtext("time-modification/actual-notes"),
                [tie.get("type") for tie in n.findall("tie")],
            )
            for n in measure.findall("note")
        ]
        for measure in measures
    ]
    assert drawn == [
        [("D", "eighth", 0, None, None, [])],
        [
            ("C1", "eighth", 0, None, "3", []),
            ("C", "eighth", 0, "natural", "3", []),
            ("D", "eighth", 0, None, "3", []),
            ("A", "quarter", 0, None, None, ["start"]),
        ],
        [("A", "half", 0, None, None, ["stop"])],
    ]
    brackets = [element.get("type") for element in root.iter("tuplet")]
    assert brackets == ["start", "stop"]


def test_the_last_bar_makes_up_for_the_pickup_or_is_filled_up():
    exact = Melody([Note(0, 1, 60), Note(1, 2, 62)], Metre(3, 4), pickup=1)
    assert [bar.ticks for bar in bars_of(exact)] == [480, 960]
    short = Melody([Note(0, 1, 60), Note(1, 1, 62)], Metre(3, 4), pickup=1)
    bars = bars_of(short)
    assert [bar.ticks for bar in bars] == [480, 1440]
    assert [(value.ticks, value.pitches) for value in bars[1].values] == [(480, (62,)), (960, ())]


def test_long_notes_are_cut_at_beats():
    # five eighths in 6/8 are a dotted quarter tied to a quarter
    (bar,) = bars_of(Melody([Note(0, 2.5, 60)], Metre(6, 8)))
    assert [(value.ticks, value.pitches, value.tied_to) for value in bar.values] == [
        (720, (60,), True),
        (480, (60,), False),
        (240, (), False),
    ]


def test_a_score_of_several_voices_is_written_bar_by_bar(tmp_path):
    score = Score((Track((Note(0, 4, 48), Note(0, 1, 60), Note(1, 3, 64))),), metres=((0, Metre(4, 4)),))
    root = ET.fromstring(musicxml_bytes(score))
    assert [n.findtext("voice") for n in root.iter("note")] == ["1", "1", "2"]
    assert [b.findtext("duration") for b in root.iter("backup")] == ["1920"]
    write_musicxml(score, tmp_path / "a.xml")
    (entry,) = read_entries(tmp_path / "a.xml")
    assert entry.id == "a"
    assert entry.melody.pitches == (60, 64)
