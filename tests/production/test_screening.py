from pathlib import Path

import numpy as np
import pytest

from checks import Screener
from genaudio.errors import GenaudioError
from genaudio.production.screening import screen_files, screening_report, verdicts
from genaudio.production.screening_page import screening_page
from genaudio.production.sources import read_works
from genaudio.score import Entry, Melody, Note, Score, Track, write_abc, write_entries, write_midi
from tests.production.doubles import random_tune


@pytest.fixture
def screener(protected):
    return Screener(protected)


def test_each_voice_is_screened(tmp_path, screener):
    chords = [note for onset in range(0, 30) for note in (Note(onset, 1, 48), Note(onset, 1, 52 + onset % 5))]
    score = Score((Track(random_tune(7).notes, name="Lead"), Track(tuple(chords), name="Chords")))
    write_midi(score, tmp_path / "song.mid")
    lead, accompaniment, bass, everything = screen_files([tmp_path / "song.mid"], screener)
    assert (lead.name, lead.screening.verdict) == ("Lead", "match")
    assert lead.screening.matches[0].work_id == "work-7"
    assert lead.remark == ""
    assert accompaniment.name == "Chords (skyline)"
    assert accompaniment.remark == "one line of several notes at a time; 30 notes left out"
    assert bass.name == "Chords (lowest line)"
    assert everything.name == "all parts (skyline)"


def test_the_lines_of_a_piece_are_judged_as_one_search(tmp_path, screener):
    copy, new = random_tune(7), random_tune(500)
    write_midi(copy, tmp_path / "alone.mid")
    write_midi(Score((Track(copy.notes), Track(new.transposed(-30).notes))), tmp_path / "among.mid")
    (alone,) = screen_files([tmp_path / "alone.mid"], screener)
    among = screen_files([tmp_path / "among.mid"], screener)[0]
    chance = screener.thresholds.size_bits * np.log2(1 + len(new) / len(copy))  # the skyline adds no notes of its own
    score = alone.screening.matches[0].score - among.screening.matches[0].score
    assert score == pytest.approx(chance)


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


def test_a_plain_accompaniment_does_not_leave_a_song_unscreened(tmp_path, screener):
    drone = tuple(Note(onset, 1, 48) for onset in range(40))
    write_midi(Score((Track(random_tune(500).notes, name="Lead"), Track(drone, name="Drone"))), tmp_path / "song.mid")
    pieces = screen_files([tmp_path / "song.mid"], screener)
    by_name = {piece.name: piece for piece in pieces}
    assert str(by_name["Lead"].screening.verdict) == "clear"
    assert str(by_name["Drone"].screening.verdict) == "not-screened"
    assert by_name["Drone"].screening.reason
    assert by_name["Drone"].as_json()["set_aside"] is True
    assert "not-screened" not in verdicts(pieces)


def test_a_piece_of_which_no_voice_can_be_judged_is_not_screened(tmp_path, screener):
    drone = tuple(Note(onset, 1, 48) for onset in range(40))
    write_midi(Score((Track(drone), Track(drone[:3]))), tmp_path / "drones.mid")
    write_entries([Entry("short", Melody(drone[:5])), Entry("long", random_tune(501))], tmp_path / "works.jsonl")
    assert set(verdicts(screen_files([tmp_path / "drones.mid"], screener))) == {"not-screened"}
    # another work of the same file does not speak for this one
    assert verdicts(screen_files([tmp_path / "works.jsonl"], screener)) == ["not-screened", "clear"]


def test_every_voice_of_an_abc_tune_is_screened(tmp_path, screener):
    upper, lower = (write_abc(random_tune(seed)).rstrip().split("\n") for seed in (501, 7))
    head = next(place for place, line in enumerate(upper) if line.startswith("K:")) + 1
    (tmp_path / "duet.abc").write_text("\n".join([*upper[:head], "V:1", *upper[head:], "V:2", *lower[head:]]))
    pieces = screen_files([tmp_path / "duet.abc"], screener)
    assert "work-7" in {match.work_id for piece in pieces for match in piece.screening.matches}


def test_a_melody_that_wanders_between_tracks_is_found(tmp_path, screener):
    notes = random_tune(7).notes
    tracks = [Track(tuple(note for place, note in enumerate(notes) if place // 6 % 2 == part)) for part in (0, 1)]
    write_midi(Score(tuple(tracks)), tmp_path / "hocket.mid")
    found = {piece.name: piece.screening for piece in screen_files([tmp_path / "hocket.mid"], screener)}
    assert str(found["all parts (skyline)"].verdict) == "match"
    assert found["all parts (skyline)"].matches[0].work_id == "work-7"


def test_folders_are_screened_in_depth(tmp_path, screener):
    (tmp_path / "a" / "b").mkdir(parents=True)
    write_midi(random_tune(7), tmp_path / "a" / "b" / "copy.mid")
    (tmp_path / "a" / "broken.mid").write_bytes(b"MThd")
    (tmp_path / "a" / "notes.txt").write_text("no music")
    (tmp_path / "empty").mkdir()
    pieces = screen_files([tmp_path / "a", tmp_path / "empty"], screener)
    assert [(Path(piece.file).name, str(piece.screening.verdict)) for piece in pieces] == [
        ("copy.mid", "match"), ("broken.mid", "not-screened"), ("empty", "not-screened"),
    ]  # fmt: skip


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
