"""Originality and the copy guard from the command line."""

import inspect
import json

from genaudio.cli import compose, evaluate, make
from genaudio.melody.wish import USUAL_GUARD
from genaudio.score import Entry, write_entries
from tests.cli.shell import run
from tests.production.doubles import random_tune


def test_files_are_set_beside_people(tmp_path):
    write_entries([Entry(f"t-{seed}", random_tune(seed)) for seed in range(3)], tmp_path / "tunes.jsonl")
    result = run("evaluate", "originality", tmp_path, "--style", "march", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["files"]["tunes"] == found["files"]["clear"] == 3
    assert found["held_out_by_people"]["tunes"] > 1
    assert set(found["files"]["beyond_people"]) == {"bits", "run", "pitch_run", "share", "cardinality"}
    assert found["guard"] is None
    assert found["rejects"] == []


def test_what_cannot_be_read_is_told(tmp_path):
    write_entries([Entry("t", random_tune(1))], tmp_path / "tunes.jsonl")
    (tmp_path / "bad.mid").write_bytes(b"nothing")
    result = run("evaluate", "originality", tmp_path, "--style", "march")
    assert result.exit_code == 2
    assert "left out" in result.stderr
    assert "files: 1 tunes of 64 notes, 0.0% flagged" in result.stdout


def test_composed_tunes_with_and_without_a_guard():
    result = run(
        "--json", "--seed", "3", "evaluate", "originality", "--style", "strathspey", "--count", "2", "--guard", "3"
    )
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["guard"] == 3
    assert found["generated"]["tunes"] == found["generated_without_guard"]["tunes"] == 2


def test_the_usual_strength_is_everywhere_the_same():
    for command in (compose.compose, make.make, evaluate.originality):
        assert inspect.signature(command).parameters["guard"].default == USUAL_GUARD


def test_a_guard_is_wished_and_0_is_none(tmp_path):
    for name, strength in (("none", "0"), ("usual", "1"), ("strong", "10")):
        wishes = ("--style", "reel", "--bars", "32", "--count", "4", "--guard", strength)
        assert run("compose", *wishes, "--seed", "5", "-o", tmp_path / f"{name}.jsonl").exit_code == 0
    none, usual, strong = ((tmp_path / f"{name}.jsonl").read_text() for name in ("none", "usual", "strong"))
    assert none != strong
    from genaudio.melody import Composer, Wish
    from genaudio.production.compose import melody_entries

    plain = Composer.load().compose(Wish(style="reel", bars=32), 5, 4)
    write_entries(melody_entries(plain, 5), tmp_path / "plain.jsonl")
    assert (tmp_path / "plain.jsonl").read_text() == none
    run("compose", "--style", "reel", "--bars", "32", "--count", "4", "-o", tmp_path / "again.jsonl", "--seed", "5")
    assert (tmp_path / "again.jsonl").read_text() == usual
