"""Screening and catalogues from the command line."""

import json

from genaudio.score import Entry, Melody, Note, write_entries, write_midi
from tests.cli.shell import run
from tests.production.doubles import random_tune


def test_screen_json_has_the_contract_shape(tune):
    result = run("screen", tune, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert set(found) == {"schema_version", "catalogues", "results"}
    assert set(found["catalogues"][0]) == {"name", "works", "sha256"}
    (entry,) = found["results"]
    assert entry["verdict"] == "clear"
    assert entry["matches"] == []
    assert entry["file"] == str(tune)
    assert entry["notes"] == 64


def test_a_copy_of_a_training_work_is_a_match(tmp_path):
    from genaudio.corpus import load_works

    work = load_works("train")[100]
    write_midi(work.melody.transposed(3), tmp_path / "copy.mid")
    result = run("screen", tmp_path / "copy.mid", "--json", "--report", tmp_path / "report.html")
    assert result.exit_code == 1
    (entry,) = json.loads(result.stdout)["results"]
    best = entry["matches"][0]
    assert (best["verdict"], best["work"]["id"], best["transposition"]) == ("match", work.id, 3)
    passage = best["passages"][0]
    assert set(passage) == {"query", "work", "notes", "identity"}
    assert set(passage["query"]) == {"first_note", "last_note", "start_beat", "end_beat", "start_s", "end_s"}
    assert work.id in (tmp_path / "report.html").read_text()


def test_a_short_melody_is_not_cleared(tmp_path):
    write_midi(Melody([Note(onset, 1, 60 + onset) for onset in range(5)]), tmp_path / "short.mid")
    result = run("screen", tmp_path / "short.mid")
    assert result.exit_code == 2
    assert "too short to judge: 5 notes" in result.stdout


def test_one_bad_file_does_not_stop_the_others(tmp_path, tune):
    result = run("screen", tmp_path / "none.mid", tune, "--json")
    assert result.exit_code == 2
    assert [entry["verdict"] for entry in json.loads(result.stdout)["results"]] == ["not-screened", "clear"]


def test_an_unwritable_report_is_refused_first(tmp_path, tune):
    (tmp_path / "file").write_text("")
    result = run("screen", tune, "--report", tmp_path / "file" / "report.html")
    assert result.exit_code == 2
    assert "cannot write to" in result.stderr
    assert result.stdout == ""


def test_catalogues_are_built_changed_and_verified(tmp_path, tune):
    place = tmp_path / "ours"
    write_entries([Entry(f"song-{n}", random_tune(n)) for n in range(20)], tmp_path / "works.jsonl")
    built = run("catalogue", "build", place, tmp_path / "works.jsonl", "--name", "Our songs", "--json")
    assert built.exit_code == 0
    assert json.loads(built.stdout)["catalogue"]["counts"]["works"] == 20
    assert run("catalogue", "build", place, tmp_path / "works.jsonl").exit_code == 2
    assert run("screen", tune, "--catalogue", place).exit_code == 0

    assert run("catalogue", "add", place, tune).exit_code == 0
    found = run("screen", tune, "--catalogue", place, "--json")
    assert found.exit_code == 1
    match = json.loads(found.stdout)["results"][0]["matches"][0]
    assert (match["work"]["id"], match["work"]["catalogue"]) == ("tune.mid", "Our songs")

    assert run("catalogue", "remove", place, "tune.mid").exit_code == 0
    assert run("screen", tune, "--catalogue", place).exit_code == 0
    assert run("catalogue", "remove", place, "nobody").exit_code == 2
    assert run("catalogue", "verify", place).exit_code == 0
    assert json.loads(run("catalogue", "info", place, "--json").stdout)["catalogue"]["name"] == "Our songs"


def test_a_bad_work_is_left_out_and_told(tmp_path):
    write_entries([Entry(f"song-{n}", random_tune(n)) for n in range(3)], tmp_path / "works.jsonl")
    (tmp_path / "bad.mid").write_bytes(b"nothing")
    result = run("catalogue", "build", tmp_path / "c", tmp_path / "works.jsonl", tmp_path / "bad.mid", "--json")
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert found["read"] == 3
    assert found["rejects"][0]["file"] == str(tmp_path / "bad.mid")


def test_a_damaged_catalogue_is_3(tmp_path, tune):
    place = tmp_path / "ours"
    write_entries([Entry(f"song-{n}", random_tune(n)) for n in range(20)], tmp_path / "works.jsonl")
    assert run("catalogue", "build", place, tmp_path / "works.jsonl").exit_code == 0
    array = next(place.glob("data-*/signatures.npy"))
    content = bytearray(array.read_bytes())
    content[-1] ^= 1
    array.write_bytes(content)
    for words in (["screen", tune, "--catalogue", place], ["catalogue", "verify", place]):
        result = run(*words)
        assert result.exit_code == 3
        assert result.stdout == ""
        assert "signatures.npy" in result.stderr
    assert run("screen", tune, "--catalogue", tmp_path / "nowhere").exit_code == 2
