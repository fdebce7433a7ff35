"""Damaged files: whatever bytes are changed, a reader gives a score or one clear sentence, soon."""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genaudio.score import (
    Entry,
    Key,
    Melody,
    Metre,
    Note,
    ScoreError,
    read_entries,
    read_score,
    write_abc,
    write_entries,
    write_midi,
    write_musicxml,
)

MELODY = Melody(
    [Note(place / 2, 0.5, 62 + (place * 5) % 17) for place in range(24)], Metre(6, 8), Key(2, "dorian"), 96.0, "A Tune"
)
WORDS = {
    ".mid": [b"MTrk", b"\xff\x2f\x00", b"\xff\x51\x03\x00\x00\x00", b"\xff\x58\x04\x00\x00\x00\x00",
             b"\xff\xff\xff\x7f", b"\x90\x3c\x7f", b"\xf0\x7f", b"\x80"],
    ".musicxml": [b"<note>", b"</measure>", b"<duration>0</duration>", b"<divisions>0</divisions>", b"<chord/>",
                  b"<duration>-1</duration>", b"<duration>1e400</duration>", b"&x;", b"<beat-type>0</beat-type>",
                  b"<backup><duration>99</duration></backup>", b"<alter>1000</alter>", b"<octave>-9</octave>"],
    ".abc": [b"X:2\n", b"M:0/0\n", b"L:1/0\n", b"K:\n", b"(9", b"|:", b":|", b"^^^^c", b"///////", b"c99999999", b"[",
             b"{", b"V:2\n", b"Q:1/4=0\n", b"Q:1/4=1e9\n", b"M:99999/8\n"],
    ".jsonl": [b"NaN", b"1e999", b"null", b"[[", b"{}", b'"\\ud800"', b"-1", b"\n", b"true", b"0"],
}  # fmt: skip
"""What means something in each kind of file, put where it does not belong."""


def _written(suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"tune{suffix}"
        if suffix == ".jsonl":
            write_entries([Entry("one", MELODY, "A Tune"), Entry("two", MELODY)], path)
        else:
            {".mid": write_midi, ".musicxml": write_musicxml, ".abc": write_abc}[suffix](MELODY, path)
        return path.read_bytes()


SOUND = {suffix: _written(suffix) for suffix in WORDS}


def damaged(suffix: str, seed: int) -> bytes:
    """Return a sound file with one to six changes."""
    chance, data = random.Random(seed), bytearray(SOUND[suffix])
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(data) + 1)
        length = chance.choice((1, 1, 2, 8, 60))
        match chance.randrange(5):
            case 0:
                data[place : place + length] = chance.randbytes(length)
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = chance.choice(WORDS[suffix])
            case 3:
                data[place:place] = data[place : place + length] * chance.choice((1, 3, 40))
            case _:
                word = chance.choice(WORDS[suffix])
                data[place : place + len(word)] = word
    return bytes(data)


def try_to_read(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    for read in (read_score, read_entries):
        try:
            read(path)
        except ScoreError as error:
            said = str(error)
        else:
            continue
        assert said.strip()
        assert len(said.splitlines()) == 1
        assert len(said) < 2000


@pytest.mark.parametrize("suffix", WORDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_damaged_files_give_a_score_or_a_sentence(tmp_path: Path, suffix: str, seed: int) -> None:
    try_to_read(damaged(suffix, seed), tmp_path / f"tune{suffix}")


def test_a_metre_of_a_hundred_thousand_beats_is_refused_at_once(tmp_path: Path) -> None:
    """Found by changing bytes: music21 was busy with its accents for longer than anybody waited."""
    path = tmp_path / "tune.abc"
    path.write_text("X:1\nT:A\nM:99999/8\nL:1/8\nK:D\nDEFG|ABcd|d4|\n")
    with pytest.raises(ScoreError, match="99999/8 is no metre"):
        read_score(path)
    path = tmp_path / "tune.musicxml"
    path.write_bytes(SOUND[".musicxml"].replace(b"<beats>6</beats>", b"<beats>99999</beats>"))
    with pytest.raises(ScoreError, match="99999/8 is no metre"):
        read_score(path)


def test_a_note_of_a_million_bars_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "tune.abc"
    path.write_text('X:1\nT:Opus c12345\nM:4/4\nL:1/8\nK:D\nDEFG "c1685"ABcd|c99999999|\n')
    with pytest.raises(ScoreError, match="'c99999999' is longer than any note"):
        read_score(path)
    path.write_text(path.read_text().replace("c99999999", "c8"))
    assert read_score(path).title == "Opus c12345"


@pytest.mark.parametrize(
    "music",
    ["L:1/88\nK:D\nDEFG|c999|", "L:1/8\nK:D\nDEFG|[L:1/88]c400|", "L:1/8\nK:D\nDEFG|c127/3|", "L:1/11\nK:D\nz32|"],
)
def test_a_long_note_of_odd_parts_is_refused_at_once(tmp_path: Path, music: str) -> None:
    """Found by changing bytes: music21 was busy for a minute, seeking a tie of notes that 999/22 quarters might be."""
    path = tmp_path / "tune.abc"
    path.write_text(f"X:1\nM:4/4\n{music}ABcd|d4|\n")
    with pytest.raises(ScoreError, match="no note and no tie of a few"):
        read_score(path)


def test_odd_parts_of_notes_and_long_notes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "tune.abc"
    path.write_text("X:1\nM:4/4\nL:1/12\nK:D\nD3E3F3G3|A12|c4d4e4|z24|d12|\n")
    assert [note.duration for note in read_score(path).tracks[0].notes] == pytest.approx(
        [1] * 4 + [4] + [4 / 3] * 3 + [4]
    )


@pytest.mark.parametrize(
    "head",
    [b'<?xml version="1.0" encoding="UT-8"?>', b'<!DOCTYPE score-partwise SYSTEM "elsewhere.dtd">'],
    ids=["an encoding that nobody knows", "an entity from elsewhere"],
)
def test_xml_that_cannot_be_decoded_is_no_crash(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "tune.musicxml"
    path.write_bytes(head + b"<score-partwise>&x;</score-partwise>")
    with pytest.raises(ScoreError, match="no well-formed XML"):
        read_score(path)
