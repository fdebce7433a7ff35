"""Options, output, exit codes, interruptions."""

import json
import os
import signal
import subprocess
import sys

import pytest

import genaudio.assets
import genaudio.production.catalogue
from genaudio import __version__
from genaudio.cli.app import COMMANDS
from genaudio.cli.failures import explain
from genaudio.cli.group import hoist
from genaudio.cli.output import Mode, Output
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.score import ScoreError
from tests.cli.shell import run, shell


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


def test_quiet_prints_the_bare_result(tune):
    result = run("--quiet", "screen", tune)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "clear\n", "")


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


def test_models_lists_what_ships():
    found = json.loads(run("models", "--json").stdout)
    parts = {part["name"]: part for part in found["parts"]}
    assert {"catalogue", "corpus"} <= set(parts)
    assert "public domain" in parts["catalogue"]["licence"]
    assert sum(len(part["files"]) for part in parts.values()) == len(genaudio.assets.entries())
    assert {"piano", "violin", "flute", "guitar"} <= set(found["instruments"])
    assert "drums" not in found["instruments"], "they play no tune"
    assert [entry["program"] for entry in found["programs"]] == list(range(128))
    assert found["programs"][40] == {"program": 40, "name": "Violin", "family": "violin"}
    assert {"key": 38, "name": "Acoustic Snare", "kind": "snare"} in found["drums"]
    text = run("models").stdout
    assert "104-107    steel-guitar Sitar to Koto" in text
    assert "hi-hat       42, 44, 46" in text
