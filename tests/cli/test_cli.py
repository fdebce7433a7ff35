"""The command line without its models: options, output, exit codes, bad input."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import genaudio.assets
import genaudio.production.catalogue
from genaudio import __version__
from genaudio.cli import app
from genaudio.cli.app import COMMANDS
from genaudio.cli.failures import explain
from genaudio.cli.group import hoist
from genaudio.cli.output import Mode, Output
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.score import Entry, Melody, Note, Score, ScoreError, Track, write_entries, write_midi
from tests.production.doubles import random_tune


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def shell(*words, **extra):
    return subprocess.run(
        [sys.executable, "-m", "genaudio", *map(str, words)], capture_output=True, text=True, timeout=120, **extra
    )


@pytest.fixture
def tune(tmp_path):
    path = tmp_path / "tune.mid"
    write_midi(random_tune(500), path)
    return path


@pytest.mark.parametrize(
    ("words", "hoisted"),
    [
        (["make", "--json", "--bars", "8"], ["--json", "make", "--bars", "8"]),
        (["make", "--seed", "3", "-q"], ["--seed", "3", "-q", "make"]),
        (["screen", "--device=cpu", "a.mid"], ["--device=cpu", "screen", "a.mid"]),
        (["screen", "--", "--json"], ["screen", "--", "--json"]),
        (["make", "--seed"], ["--seed", "make"]),
    ],
)
def test_global_options_may_stand_anywhere(words, hoisted):
    assert hoist(words) == hoisted


def test_every_command_has_help_with_an_example():
    assert "Example: genaudio make" in run("--help").output
    for command in COMMANDS:
        name = command.__name__.rsplit(".", 1)[1]
        text = run(name, "--help").output
        assert f"Example: genaudio {name}" in text, name
        for inner in getattr(getattr(command, "commands", None), "registered_commands", ()):
            leaf = inner.callback.__name__
            assert f"Example: genaudio {name} {leaf}" in " ".join(run(name, leaf, "--help").output.split()), leaf


def test_the_version():
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"{__version__}\n")


def test_help_needs_no_torch_and_no_music21():
    code = (
        "import sys, genaudio.cli.app\n"
        "heavy = {'torch', 'music21', 'numpy', 'scipy', 'datasketch', 'pretty_midi'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (GenaudioError("no"), 2, "unusable"),
        (ScoreError("no"), 2, "unusable"),
        (IncompatibleError("no"), 3, "incompatible"),
        (FileNotFoundError(2, "No such file", "x"), 2, "file"),
        (OSError(28, "No space left on device"), 2, "file"),
        (ImportError("no torch"), 2, "installation"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 101, "memory"),
        (ZeroDivisionError("division by zero"), 101, "internal"),
    ],
)
def test_exceptions_have_exit_codes(error, code, kind):
    failure = explain(error)
    assert (failure.exit_code, failure.kind) == (code, kind)
    assert "\n" not in failure.message


def test_subclasses_from_elsewhere_follow_their_parents():
    from checks import CatalogueError, IncompatibleCatalogue
    from genaudio.corpus import CorpusError

    assert explain(CatalogueError("no")).exit_code == 2
    assert explain(IncompatibleCatalogue("no")).exit_code == 3
    assert explain(CorpusError("no")).exit_code == 2


def test_usage_errors_are_json_too():
    result = run("nonsense", "--json")
    assert result.exit_code == 2
    error = json.loads(result.stdout)
    assert error["schema_version"] == 1
    assert error["error"]["kind"] == "usage"
    assert error["error"]["exit_code"] == 2
    assert "nonsense" in result.stderr


def test_an_internal_error_is_101_without_a_traceback(monkeypatch, tune):
    monkeypatch.setattr("genaudio.production.catalogue.open_screener", lambda paths: 1 / 0)
    result = run("screen", tune)
    assert result.exit_code == 101
    assert "division by zero" in result.stderr
    assert "--verbose" in result.stderr
    assert "Traceback" not in result.output
    assert "Traceback" in run("screen", tune, "--verbose").stderr


def test_an_interruption_is_130(monkeypatch, tune):
    def interrupt(paths):
        raise KeyboardInterrupt

    monkeypatch.setattr("genaudio.production.catalogue.open_screener", interrupt)
    result = run("screen", tune)
    assert result.exit_code == 130
    assert "interrupted" in result.stderr


def test_a_terminated_command_is_130():
    code = (
        "import sys, time\n"
        "from genaudio.cli import app, main\n"
        "@app.command()\n"
        "def wait():\n"
        "    print('waiting', flush=True)\n"
        "    time.sleep(60)\n"
        "sys.argv = ['genaudio', 'wait']\n"
        "main()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        child.send_signal(signal.SIGTERM)
        _, told = child.communicate(timeout=30)
    assert child.returncode == 130
    assert told == "genaudio: interrupted\n"


def test_output_goes_where_it_belongs(capsys):
    for mode, out, err in [
        (Mode.HUMAN, "text\n", "talk\n"),
        (Mode.QUIET, "bare\n", ""),
    ]:
        output = Output(mode)
        output.talk("talk")
        output.result({"a": 1}, "text", bare="bare")
        assert capsys.readouterr() == (out, err)
    output = Output(Mode.JSON)
    output.result({"a": "♭"}, "text", bare="bare")
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "a": "♭"}


def test_what_libraries_print_does_not_reach_stdout(tune):
    # pyfluidsynth, which pretty_midi imports, prints where it found its library when the variable CI is set
    script = (
        "from genaudio.production import screening\n"
        "from genaudio.cli import main\n"
        "real = screening.screen_files\n"
        "def noisy(*words, **more):\n"
        "    print('a library speaks')\n"
        "    return real(*words, **more)\n"
        "screening.screen_files = noisy\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--json", "screen", str(tune)], capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout)["schema_version"] == 1, done.stdout
    assert "a library speaks" in done.stderr


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


def bad_files(folder):
    folder.mkdir(exist_ok=True)
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
        "a directory": folder,
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


def test_quiet_prints_the_bare_result(tune):
    result = run("--quiet", "screen", tune)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "clear\n", "")


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


def test_settings_come_from_a_file(tmp_path, tune):
    (tmp_path / "settings.yaml").write_text("limit: 0\n")
    result = run("screen", tune, "--config", tmp_path / "settings.yaml")
    assert result.exit_code == 2
    assert "limit of reported works must be 1 or more, not 0" in result.stderr
    assert run("screen", tune, "--config", tmp_path / "settings.yaml", "--limit", 3).exit_code == 0


def test_settings_are_spelled_like_the_options(tmp_path):
    (tmp_path / "settings.yaml").write_text("style: nonsense\nmeter: 6/8\nformat: [mp3, aiff]\nbars: 8\n")
    result = run("make", "--config", tmp_path / "settings.yaml", "--style", "reel", "--out", tmp_path / "track")
    assert result.exit_code == 2
    assert "unknown audio format aiff" in result.stderr
    assert not (tmp_path / "track").exists()


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """Shipped files of which one can be damaged."""
    folder = tmp_path / "assets"
    shutil.copytree(genaudio.assets.FOLDER, folder)
    monkeypatch.setattr(genaudio.assets, "FOLDER", folder)
    monkeypatch.setattr(genaudio.assets, "MANIFEST", folder / "manifest.json")
    caches = (genaudio.assets.asset, genaudio.production.catalogue.training_catalogue)
    for cache in caches:
        cache.cache_clear()
    yield folder
    for cache in caches:
        cache.cache_clear()


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


@pytest.mark.parametrize("name", ["missing", "a directory", "empty", "truncated", "no music", "broken XML"])
def test_bad_files_are_not_rendered(tmp_path, name):
    result = run("render", bad_files(tmp_path / "bad")[name], "--out", tmp_path / "out.wav")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("bananas: 3", "unknown keys bananas"),
        ("- a", "must be a mapping"),
        ("a: [", "no YAML"),
        (None, "cannot be read"),
    ],
)
def test_bad_settings_are_refused(tmp_path, tune, content, message):
    path = tmp_path / "settings.yaml"
    if content is not None:
        path.write_text(content)
    result = run("screen", tune, "--config", path)
    assert result.exit_code == 2
    assert message in result.stderr


def test_no_colour_in_pipes(tmp_path):
    result = shell("screen", tmp_path / "missing.mid", env={**os.environ, "NO_COLOR": "1"})
    assert result.returncode == 2
    assert "\033" not in result.stdout + result.stderr
    assert str(tmp_path / "missing.mid") in result.stderr


def test_a_closed_pipe_is_no_success(tune):
    command = f"{sys.executable} -m genaudio screen {tune} --json 2>/dev/null | true; exit ${{PIPESTATUS[0]}}"
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert found.returncode in (0, 2)  # 0 where the pipe took all before it was closed
    assert "Traceback" not in found.stderr


def test_corpus_info_counts_the_works():
    counts = json.loads(run("corpus", "info", "--json").stdout)
    assert counts["works"] == sum(counts["splits"].values()) == sum(counts["sources"].values())
    assert counts["works"] > 3000


def test_what_is_no_package_is_2(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        result = run("package", "verify", folder)
        assert result.exit_code == 2
        assert str(folder) in result.stderr


def test_models_lists_what_ships():
    found = json.loads(run("models", "--json").stdout)
    parts = {part["name"]: part for part in found["parts"]}
    assert {"catalogue", "corpus"} <= set(parts)
    assert "public domain" in parts["catalogue"]["licence"]
    assert sum(len(part["files"]) for part in parts.values()) == len(genaudio.assets.entries())
    assert {"piano", "violin", "flute", "guitar"} <= set(found["instruments"])
