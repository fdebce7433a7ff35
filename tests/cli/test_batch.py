import json

import pytest

from genaudio.production.batch import BatchResult, orders_of, read_plan
from genaudio.production.batch.crew import Crew
from tests.cli.shell import run
from tests.production.batch.doubles import ManyTunes, Trouble, crew_of, protected_at
from tests.production.doubles import random_tune


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    return protected_at(tmp_path_factory.mktemp("catalogue") / "protected")


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text("name: small\nattempts: 1\ngroups: [{name: reels, count: 2, style: reel}]\n")
    return path


@pytest.fixture
def crew(works, monkeypatch):
    """Let the command use doubles for the two neural models."""

    def use(composer=None, renderer=None):
        monkeypatch.setattr(Crew, "shipped", lambda device: crew_of(works, composer, renderer))

    use()
    return use


def test_a_batch_is_reported(crew, plan, tmp_path):
    out = tmp_path / "out"
    result = run("batch", plan, "--out", out, "--workers", 1, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["schema_version"] == 1
    assert (found["made"], found["present"], found["failed"]) == (2, 0, [])
    assert found["verdicts"]["clear"] == 2
    again = run("batch", plan, "--out", out, "--workers", 1)
    assert again.exit_code == 0
    assert "2 of 2 tracks (2 were there already)" in again.stdout
    quiet = run("batch", plan, "--out", out, "--quiet")
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, f"{out}\n", "")


def test_a_seed_takes_the_place_of_the_plans(crew, plan, tmp_path):
    run("batch", plan, "--out", tmp_path / "out", "--workers", 1, "--seed", 9)
    manifest = json.loads((tmp_path / "out" / "tracks" / "reels-0001" / "manifest.json").read_text())
    assert manifest["seed"] == orders_of(read_plan(plan, 9))[0].seed
    other = run("batch", plan, "--out", tmp_path / "out", "--json")
    assert other.exit_code == 2
    assert "plan.seed is 9 there and 0 here" in json.loads(other.stdout)["error"]["message"]


def test_what_is_not_clear_is_1(crew, plan, tmp_path):
    crew(ManyTunes({orders_of(read_plan(plan))[0].seed: random_tune(3)}))
    result = run("batch", plan, "--out", tmp_path / "out", "--workers", 1, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["verdicts"]["match"] == 1


def test_what_is_not_screened_is_2(crew, plan, tmp_path):
    crew(ManyTunes({orders_of(read_plan(plan))[0].seed: random_tune(3, notes=5)}))
    result = run("batch", plan, "--out", tmp_path / "out", "--workers", 1, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["verdicts"]["not-screened"] == 1


def test_what_fails_is_2_and_told(crew, plan, tmp_path):
    crew(renderer=Trouble("refuse"))
    result = run("batch", plan, "--out", tmp_path / "out", "--workers", 1, "--json")
    assert result.exit_code == 2
    assert [entry["track"] for entry in json.loads(result.stdout)["failed"]] == ["reels-0001", "reels-0002"]
    assert "genaudio: reels-0001 was not made: there are no notes to render" in result.stderr


def test_events_are_written_as_they_happen(crew, plan, tmp_path):
    crew(renderer=Trouble("die", flag=tmp_path / "died"))
    events = tmp_path / "events.jsonl"
    words = ("batch", plan, "--out", tmp_path / "out", "--workers", 1, "--json")
    result = run(*words, "--events", events)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["retried"] == 1
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    names = [line["event"] for line in lines]
    assert names == ["begun", "retried", "made", "progress", "made", "progress", "ended"]
    assert {line["schema_version"] for line in lines} == {1}
    assert lines[1]["reason"].startswith("its worker ended (exit code -9")
    assert (lines[2]["track"], lines[2]["verdict"]) == ("reels-0001", "clear")
    assert (lines[5]["made"], lines[5]["seconds_left"]) == (2, 0)
    assert lines[-1]["tracks"] == lines[0]["tracks"] == 2
    again = run(*words, "--events", "-")
    assert [json.loads(line)["event"] for line in again.stderr.splitlines() if line[0] == "{"] == ["begun", "ended"]
    assert json.loads(again.stdout)["present"] == 2
    nowhere = run(*words, "--events", tmp_path / "none" / "events.jsonl")
    assert nowhere.exit_code == 2
    assert "the events cannot be written to" in nowhere.stderr


def test_a_full_disk_is_2_and_told(crew, plan, tmp_path):
    crew(renderer=Trouble("full"))
    result = run("batch", plan, "--out", tmp_path / "out", "--workers", 1)
    assert result.exit_code == 2
    assert "the disk is full at" in result.stderr
    assert "0 of 2 tracks are whole" in result.stderr


def test_an_interrupted_batch_is_130_and_says_how_to_go_on(plan, tmp_path, monkeypatch):
    stopped = BatchResult("small", tmp_path / "out", 2, 1, made=1, stopped="interrupted")
    monkeypatch.setattr("genaudio.production.batch.run_batch", lambda *words, **more: stopped)
    result = run("batch", plan, "--json")
    assert result.exit_code == 130
    assert json.loads(result.stdout)["error"]["kind"] == "interrupted"
    assert f"1 of 2 tracks are whole in {tmp_path / 'out'}; the same command goes on from there" in result.stderr


def test_all_mistakes_of_a_plan_are_told(plan):
    plan.write_text("nam: x\ngroups:\n  - count: 0\n    style: polka polka\n")
    result = run("batch", plan, "--json")
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert error["kind"] == "plan"
    assert [problem["line"] for problem in error["problems"]] == [1, 3, 4]
    lines = result.stderr.splitlines()
    assert lines[0] == f"genaudio: the plan {plan} has 3 mistakes"
    assert [line.partition(":")[0] for line in lines[1:]] == ["  line 1", "  line 3", "  line 4"]


def test_a_dry_run_makes_nothing(crew, plan, tmp_path):
    out = tmp_path / "out"
    result = run("batch", plan, "--out", out, "--workers", 2, "--dry-run", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["dry_run"], found["tracks"], found["present"]) == (True, 2, 0)
    assert [example["track"] for example in found["examples"]] == ["reels-0001", "reels-0002"]
    assert found["examples"][0]["style"] == "reel"
    assert found["estimate"]["seconds"] > 0
    assert found["estimate"]["bytes"] == 2 * found["estimate"]["bytes_a_track"]
    assert not out.exists()
    words = run("batch", plan, "--out", out, "--dry-run").stdout
    assert "small: 2 tracks in" in words
    assert "Measured on reels-0001" in words


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--workers", "0"], "workers must be 1 or more, not 0"),
        (["--library", "/nowhere/at/all"], "there is no folder /nowhere/at/all"),
        (["--engine", "cloud"], "'cloud' is not"),
        (["--engine", "ray", "--address", "127.0.0.1:1"], "no Ray cluster answers at 127.0.0.1:1"),
        (["--address", "127.0.0.1:1"], "add --engine ray"),
        (["--sign-key", "key.pem"], "signing needs both a certificate and its key"),
    ],
)
def test_settings_that_cannot_be_are_2(crew, plan, tmp_path, words, message):
    result = run("batch", plan, "--out", tmp_path / "out", *words)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_a_missing_plan_is_2(tmp_path):
    result = run("batch", tmp_path / "none.yaml")
    assert result.exit_code == 2
    assert "cannot be read: No such file or directory" in result.stderr
