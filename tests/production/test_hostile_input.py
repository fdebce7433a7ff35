"""Files that mean harm or are merely odd: nothing is executed, nothing is lost, memory and time stay bounded."""

import io
import json
import zipfile

import pytest

from checks import Screener
from genaudio.production.folder import file_name
from genaudio.production.screening import screen_files, verdicts
from genaudio.production.screening_page import screening_page, screening_record
from genaudio.production.sources import read_works
from genaudio.score import Entry, Note, Score, Track, read_score, write_entries, write_midi
from genaudio.score.musicxml_reader import LARGEST
from tests.production.doubles import random_tune

BOMB = (
    b'<!DOCTYPE s [<!ENTITY a "ha">'
    + b"".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(9))
    + b"]><score-partwise><movement-title>&j;</movement-title></score-partwise>"
)


def packed(content, name="score.xml"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def screener(protected):
    return Screener(protected)


def test_bombs_of_xml_are_refused(tmp_path, screener):
    (tmp_path / "bomb.musicxml").write_bytes(BOMB)
    (tmp_path / "bomb.mxl").write_bytes(packed(BOMB))
    (tmp_path / "zeros.mxl").write_bytes(packed(b"<score-partwise>" + b" " * (LARGEST + 1)))
    (tmp_path / "outside.mxl").write_bytes(packed(b"<x/>", "../../outside.xml"))
    pieces = screen_files([tmp_path], screener)
    reasons = [piece.screening.reason for piece in pieces]
    assert verdicts(pieces) == ["not-screened"] * 4
    assert sum("declares XML entities" in reason for reason in reasons) == 2
    assert sum("unpacks to more than" in reason for reason in reasons) == 1
    assert not (tmp_path.parent.parent / "outside.xml").exists()


def test_broken_files_among_many_are_all_told(tmp_path, screener):
    write_midi(random_tune(500), tmp_path / "whole.mid")
    whole = (tmp_path / "whole.mid").read_bytes()
    for number in range(60):
        (tmp_path / f"{number:02}.mid").write_bytes(whole[: 40 + number] if number % 6 == 0 else whole)
    pieces = screen_files([tmp_path], screener)
    assert verdicts(pieces).count("not-screened") == 10
    assert verdicts(pieces).count("clear") == 51
    page = screening_page(pieces, screener)
    assert all(f"{number:02}.mid" in page for number in range(60))


def test_works_of_one_id_are_all_kept(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_midi(random_tune(1), tmp_path / folder / "song.mid")
    write_entries([Entry("x", random_tune(2)), Entry("x", random_tune(3))], tmp_path / "works.jsonl")
    (tmp_path / "long.jsonl").write_text('{"id": "' + "i" * 600 + '", "notes": [[0, 1, 60]]}')
    rejected = []
    sources = [tmp_path / "a", tmp_path / "b", tmp_path / "works.jsonl", tmp_path / "long.jsonl"]
    works = list(read_works(sources, lambda place, why: rejected.append(why)))
    assert [work.id for work in works] == ["song.mid", "song.mid#2", "x", "x#2"]
    assert len(rejected) == 1
    assert "may have 512 characters" in rejected[0]


@pytest.mark.parametrize(
    "title", ["../../etc/passwd", "C:\\x", "a/b", "..", "\0", "-rf", "x" * 300, "<script>alert(1)"]
)
def test_titles_are_no_paths_and_no_markup(tmp_path, screener, title):
    assert "/" not in file_name(title)
    assert "." not in file_name(title)
    assert 0 < len(file_name(title)) <= 80
    write_entries([Entry("id", random_tune(7), title=title)], tmp_path / "works.jsonl")
    pieces = screen_files([tmp_path / "works.jsonl"], screener)
    assert "<script>alert(1)" not in screening_page(pieces, screener)
    json.dumps(screening_record(pieces, screener))


def test_texts_that_are_not_utf_8_are_read(tmp_path, screener):
    write_midi(Score((Track(random_tune(500).notes, name="name"),)), tmp_path / "a.mid")
    content = (tmp_path / "a.mid").read_bytes()
    assert b"name" in content
    (tmp_path / "a.mid").write_bytes(content.replace(b"name", b"\xe4\xff\x80<"))
    assert read_score(tmp_path / "a.mid").tracks[0].name == "äÿ\x80<"
    assert "äÿ" in screening_page(screen_files([tmp_path], screener), screener)


def test_many_notes_take_time_in_proportion(tmp_path, screener):
    """A cluster of ten thousand notes at once, and as many of one pitch that never end."""
    cluster = tuple(Note(0, 1, 30 + number % 60) for number in range(10_000))
    write_midi(Score((Track(cluster),)), tmp_path / "cluster.mid")
    begun = b"".join(b"\0\x90\x3c\x50" for _ in range(10_000)) + b"\x83\x60\xff\x2f\0"
    head = b"MThd\0\0\0\x06\0\x01\0\x01\x01\xe0MTrk"
    (tmp_path / "stuck.mid").write_bytes(head + len(begun).to_bytes(4, "big") + begun)
    assert set(verdicts(screen_files([tmp_path], screener))) == {"not-screened"}


def test_halves_of_characters_are_written_as_question_marks(tmp_path, screener):
    notes = [[note.onset, note.duration, note.pitch] for note in random_tune(7).notes]
    (tmp_path / "works.jsonl").write_text(json.dumps({"id": "a\ud800", "title": "b\udfff", "notes": notes}))
    (piece,) = screen_files([tmp_path], screener)
    assert piece.name == "b?"
    screening_page([piece], screener).encode()
