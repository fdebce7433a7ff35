"""Files, wishes and places that cannot be used: one sentence, the right exit code, nothing half-written."""

import json

import pytest

from genaudio.score import Score, Track, write_midi
from tests.cli.shell import run
from tests.production.doubles import random_tune


def bad_files(folder):
    (folder / "inner").mkdir(parents=True)
    write_midi(random_tune(1), folder / "whole.mid")
    content = (folder / "whole.mid").read_bytes()
    (folder / "empty.mid").write_bytes(b"")
    (folder / "truncated.mid").write_bytes(content[: len(content) // 2])
    (folder / "other.mid").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    write_midi(Score((Track(()),)), folder / "silent.mid")
    (folder / "broken.musicxml").write_text("<score-partwise><part>")
    (folder / "broken.jsonl").write_text('{"id": "x", "notes": 5}\n')
    return {
        "missing": folder / "missing.mid",
        "a directory": folder / "inner",
        "empty": folder / "empty.mid",
        "truncated": folder / "truncated.mid",
        "no music": folder / "other.mid",
        "without notes": folder / "silent.mid",
        "broken XML": folder / "broken.musicxml",
        "broken JSONL": folder / "broken.jsonl",
    }


@pytest.mark.parametrize("name", [
    "missing", "a directory", "empty", "truncated", "no music", "without notes", "broken XML", "broken JSONL",
])  # fmt: skip
def test_bad_files_are_not_screened(tmp_path, name):
    path = bad_files(tmp_path / "bad")[name]
    result = run("screen", path, "--json")
    assert result.exit_code == 2
    (entry,) = json.loads(result.stdout)["results"]
    assert entry["verdict"] == "not-screened"
    assert entry["reason"]
    lines = [line for line in result.stderr.splitlines() if line.startswith("genaudio:")]
    assert len(lines) == 1, "one clear sentence"
    assert "Traceback" not in result.output


@pytest.mark.parametrize("name", ["missing", "a directory", "empty", "truncated", "no music", "broken XML"])
def test_bad_files_are_not_rendered(tmp_path, name):
    result = run("render", bad_files(tmp_path / "bad")[name], "--out", tmp_path / "out.wav")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize("name", ["catalogue/*/signatures.npy", "catalogue/manifest.json", "manifest.json"])
def test_a_damaged_shipped_catalogue_is_3(damaged, tune, name):
    (path,) = damaged.glob(name)
    path.write_bytes(path.read_bytes()[:-9])
    result = run("screen", tune)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("genaudio: the ")
    assert result.stderr.count("\n") == 1
    assert run("doctor", "--quiet").exit_code == 3


def test_damaged_weights_are_3_and_nothing_is_written(damaged, tmp_path):
    path = damaged / "melody" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    result = run("make", "--style", "reel", "--out", tmp_path / "track")
    assert result.exit_code == 3
    assert str(path) in result.stderr
    assert not (tmp_path / "track").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--meter", "17/16"], "the metre 17/16 is not among"),
        (["--bars", "0"], "the number of bars must be a whole number from 1 to 128, not 0"),
        (["--style", "polka"], "unknown style 'polka'; the styles are air,"),
        (["--key", "H"], "'H' is no key"),
        (["--instrument", "kazoo"], "unknown instrument 'kazoo'; the instruments are piano"),
        (["--attempts", "0"], "1 attempt or more"),
        (["--device", "abacus"], "unknown device 'abacus'"),
    ],
)
def test_impossible_wishes_are_2(tmp_path, words, message):
    result = run("make", "--out", tmp_path / "track", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "track").exists()


@pytest.mark.parametrize("command", ["make", "compose", "render"])
def test_an_unwritable_place_is_2(tmp_path, tune, command):
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / {"make": "track", "compose": "tune.mid", "render": "tune.wav"}[command]
    result = run(command, *([tune] if command == "render" else []), "--out", place)
    assert result.exit_code == 2
    assert "cannot write to" in result.stderr


def test_what_is_no_package_is_2(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        result = run("package", "verify", folder)
        assert result.exit_code == 2
        assert str(folder) in result.stderr
