import pytest

from checks import Screener
from genaudio.errors import GenaudioError
from genaudio.production.screening import screen_files, screening_page, screening_report
from genaudio.production.sources import read_works
from genaudio.score import Entry, Note, Score, Track, write_entries, write_midi
from tests.production.doubles import random_tune


@pytest.fixture
def screener(protected):
    return Screener(protected)


def test_each_voice_is_screened(tmp_path, screener):
    chords = [note for onset in range(0, 30) for note in (Note(onset, 1, 48), Note(onset, 1, 52 + onset % 5))]
    score = Score((Track(random_tune(7).notes, name="Lead"), Track(tuple(chords), name="Chords")))
    write_midi(score, tmp_path / "song.mid")
    lead, accompaniment = screen_files([tmp_path / "song.mid"], screener)
    assert (lead.name, lead.screening.verdict) == ("Lead", "match")
    assert lead.screening.matches[0].work_id == "work-7"
    assert lead.remark == ""
    assert accompaniment.name == "Chords (skyline)"
    assert accompaniment.remark == "of the chords the highest notes were taken, 30 others left out"


def test_an_unreadable_file_does_not_stop_the_others(tmp_path, screener):
    write_midi(random_tune(7), tmp_path / "copy.mid")
    (tmp_path / "broken.mid").write_bytes(b"MThd\0\0")
    found = screen_files([tmp_path / "broken.mid", tmp_path / "none.mid", tmp_path / "copy.mid"], screener)
    assert [str(piece.screening.verdict) for piece in found] == ["not-screened", "not-screened", "match"]
    assert [piece.readable for piece in found] == [False, False, True]
    results = screening_report(found, screener)["results"]
    assert results[0]["reason"]
    assert results[0]["file"] == str(tmp_path / "broken.mid")
    page = screening_page(found, screener)
    assert "Screening of 3 pieces" in page
    assert "work-7" in page


def test_a_damaged_work_does_not_stop_the_others(tmp_path, screener):
    path = tmp_path / "works.jsonl"
    write_entries([Entry("good", random_tune(500))], path)
    path.write_text(path.read_text() + '{"id": "bad", "notes": [[0, -1, 60]]}\n')
    good, bad = screen_files([path], screener)
    assert (good.name, str(good.screening.verdict)) == ("good", "clear")
    assert (bad.name, str(bad.screening.verdict), bad.readable) == ("line 2", "not-screened", False)


def test_files_without_melodies_are_not_cleared(tmp_path, screener):
    write_midi(Score((Track((Note(0, 1, 36),), drums=True),)), tmp_path / "drums.mid")
    (tmp_path / "empty.jsonl").write_text("\n")
    found = screen_files([tmp_path / "drums.mid", tmp_path / "empty.jsonl"], screener)
    assert [str(piece.screening.verdict) for piece in found] == ["not-screened", "not-screened"]
    assert "no notes of a pitched instrument" in found[0].screening.reason
    assert "no tune" in found[1].screening.reason


def test_the_limit_is_checked(screener):
    with pytest.raises(GenaudioError, match="must be 1 or more, not 0"):
        screen_files([], screener, limit=0)


def test_works_are_read_from_folders(tmp_path):
    (tmp_path / "a").mkdir()
    write_midi(random_tune(1), tmp_path / "a" / "same.mid")
    write_midi(random_tune(2), tmp_path / "same.mid")
    write_entries([Entry("own-id", random_tune(3), title="Own title")], tmp_path / "works.jsonl")
    (tmp_path / "bad.mid").write_bytes(b"nothing")
    (tmp_path / "notes.txt").write_text("not music")
    rejected = []
    works = list(read_works([tmp_path], lambda place, why: rejected.append(place)))
    assert [work.id for work in works] == ["a/same.mid", "same.mid", "own-id"]
    assert works[2].title == "Own title"
    assert rejected == [str(tmp_path / "bad.mid")]
    with pytest.raises(GenaudioError, match="there is no file or folder"):
        list(read_works([tmp_path / "missing"], lambda place, why: None))
