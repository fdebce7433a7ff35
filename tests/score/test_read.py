"""Any file of any kind: told apart by content, refused in one sentence."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genaudio.score import (
    Entry,
    Melody,
    Metre,
    Note,
    Score,
    ScoreError,
    Track,
    read_entries,
    read_score,
    write_abc,
    write_entries,
    write_midi,
    write_musicxml,
)
from genaudio.score.midi_events import parse_midi

MELODY = Melody([Note(0, 1, 60), Note(1, 1, 62)], Metre(2, 4), title="Air")


def write_jsonl(melody, path):
    write_entries([Entry("1", melody)], path)


WRITERS = [(write_midi, "mid"), (write_musicxml, "musicxml"), (write_abc, "abc"), (write_jsonl, "jsonl")]


@pytest.mark.parametrize(("write", "suffix"), WRITERS)
def test_the_content_counts_and_not_the_extension(tmp_path, write, suffix):
    for name in ("music", "music.dat", "music.mid", "music.xml", "music.jsonl"):
        path = tmp_path / name
        write(MELODY, path)
        assert [note.pitch for note in read_score(path).notes] == [60, 62]


@pytest.mark.parametrize(("write", "suffix"), WRITERS)
def test_every_kind_gives_entries(tmp_path, write, suffix):
    path = tmp_path / f"air.{suffix}"
    write(MELODY, path)
    (entry,) = read_entries(path)
    assert entry.id == {"abc": "air:1", "jsonl": "1"}.get(suffix, "air")
    assert entry.title == "Air"
    assert entry.melody.notes == MELODY.notes


def test_a_missing_file_a_folder_and_an_empty_file(tmp_path):
    with pytest.raises(ScoreError, match=r"nowhere\.mid does not exist"):
        read_score(tmp_path / "nowhere.mid")
    with pytest.raises(ScoreError, match="is a folder"):
        read_score(tmp_path)
    empty = tmp_path / "empty.mid"
    empty.touch()
    with pytest.raises(ScoreError, match="is empty"):
        read_score(empty)


def test_an_unknown_kind_lists_the_known_ones(tmp_path):
    path = tmp_path / "music.wav"
    path.write_bytes(b"RIFF\x10\x00\x00\x00WAVEfmt ")
    with pytest.raises(ScoreError, match=r"MIDI \(\.mid \.midi \.kar\); MusicXML .*; ABC \(\.abc\); JSONL"):
        read_score(path)


def test_a_wrong_extension_is_refused_by_its_reader(tmp_path):
    path = tmp_path / "words.mid"
    path.write_text("no music at all")
    with pytest.raises(ScoreError, match="does not begin with MThd"):
        read_score(path)


def test_a_truncated_midi_file_says_where(tmp_path):
    path = tmp_path / "a.mid"
    write_midi(Score((Track(MELODY.notes), Track(MELODY.notes))), path)
    data = path.read_bytes()
    path.write_bytes(data[:-5])
    with pytest.raises(ScoreError, match="breaks off in track 3 of 3"):
        read_score(path)
    path.write_bytes(data[:10])
    with pytest.raises(ScoreError, match="breaks off in the header"):
        read_score(path)
    path.write_bytes(data[:14])
    with pytest.raises(ScoreError, match="breaks off after track 0 of 3"):
        read_score(path)


def test_a_damaged_track_says_which(tmp_path):
    path = tmp_path / "a.mid"
    # a track that begins with a data byte, and one whose last event is cut off
    for content, message in ((b"\x00\x40", "track 1 of 1: byte"), (b"\x00\x90\x3c", "an event of track 1 of 1")):
        path.write_bytes(b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk" + len(content).to_bytes(4, "big") + content)
        with pytest.raises(ScoreError, match=message):
            read_score(path)


def test_midi_of_type_2_is_refused_with_a_remedy(tmp_path):
    path = tmp_path / "a.mid"
    write_midi(MELODY, path)
    data = bytearray(path.read_bytes())
    data[9] = 2
    path.write_bytes(data)
    with pytest.raises(ScoreError, match=r"type 2 .* export it as type 0 or 1"):
        read_score(path)


def test_a_midi_file_in_a_riff_wrapper(tmp_path):
    path = tmp_path / "a.rmi"
    write_midi(MELODY, path)
    data = path.read_bytes()
    length = len(data).to_bytes(4, "little")
    path.write_bytes(b"RIFF" + (len(data) + 12).to_bytes(4, "little") + b"RMIDdata" + length + data)
    assert len(read_score(path).notes) == 2


def test_music_without_notes_is_a_score_but_no_entry(tmp_path):
    path = tmp_path / "a.mid"
    write_midi(Score((Track((Note(0, 1, 36),), drums=True),)), path)
    assert len(read_score(path).tracks) == 1
    with pytest.raises(ScoreError, match="no notes of a pitched instrument"):
        read_entries(path)
    write_midi(Score(()), path)
    assert read_score(path) == Score(())


def test_several_works_are_no_one_score(tmp_path):
    path = tmp_path / "works.jsonl"
    write_entries([Entry("1", MELODY), Entry("2", MELODY)], path)
    with pytest.raises(ScoreError, match="holds 2 works where one is wanted"):
        read_score(path)


HEADERS = [
    b"",
    b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\x20",
    b"<?xml version='1.0'?>",
    b"PK\x03\x04",
    b"X:1\nK:C\n",
    b"{",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(HEADERS), st.binary(min_size=1, max_size=60))
def test_random_bytes_give_a_score_or_one_sentence(tmp_path, header, noise):
    path = tmp_path / "noise.bin"
    path.write_bytes(header + noise)
    try:
        score = read_score(path)
    except ScoreError as error:
        assert str(path) in str(error)  # noqa: PT017 - either outcome is right
        assert len(str(error)) < 600  # noqa: PT017
    else:
        assert isinstance(score, Score)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_any_track_content_is_parsed_or_refused(content):
    data = b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk" + len(content).to_bytes(4, "big") + content
    try:
        events = parse_midi(data, "a.mid")
    except ScoreError as error:
        assert "track 1 of 1" in str(error)  # noqa: PT017 - either outcome is right
    else:
        (track,) = events.tracks
        assert [event[0] for event in track] == sorted(event[0] for event in track)


def test_heavy_libraries_are_not_loaded_by_the_package_or_for_midi(tmp_path):
    path = tmp_path / "a.mid"
    write_midi(MELODY, path)
    program = (
        "import sys; from genaudio.score import read_score; read_score(sys.argv[1]); "
        "print(*{'torch', 'music21', 'pretty_midi', 'mido', 'numpy'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_music21_says_nothing_on_its_own(tmp_path, capfd):
    path = tmp_path / "a.abc"
    path.write_text("X:1\nM:4/4\nK:C\n|: c2 d2 | e2 :| f2 :| ^2 |\n")
    read_score(path)
    assert capfd.readouterr() == ("", "")
