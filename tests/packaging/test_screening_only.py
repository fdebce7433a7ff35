"""Screening must start quickly and install without torch."""

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

from genaudio.score import write_midi
from genaudio.score.abc_writer import write_abc
from tests.production.doubles import random_tune

ROOT = Path(__file__).parents[2]
NEURAL = ("torch", "torchaudio", "encodec", "safetensors")
BLOCKED = f"""
import json, sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {NEURAL!r}:
            raise ImportError(f"{{name}} is blocked")

sys.meta_path.insert(0, Block())
from genaudio.cli import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})), file=sys.stderr)
    sys.exit(end.code)
"""


def without_torch(*words):
    command = [sys.executable, "-c", BLOCKED, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def tunes(tmp_path):
    write_midi(random_tune(500), tmp_path / "tune.mid")
    write_abc(random_tune(501), tmp_path / "tune.abc")
    return [tmp_path / "tune.mid", tmp_path / "tune.abc"]


def test_a_midi_file_is_screened_without_torch(tunes):
    result = without_torch("screen", tunes[0], "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["results"][0]["verdict"] == "clear"


def test_the_screening_requirements_are_enough(tunes, tmp_path):
    """Everything that screening and building a catalogue import comes with the listed requirements."""
    needed = set()
    for words in (["screen", *tunes, "--report", tmp_path / "r.html"], ["catalogue", "build", tmp_path / "c", *tunes]):
        result = without_torch(*words)
        assert result.returncode == 0, result.stderr
        needed |= set(json.loads(result.stderr.splitlines()[-1]))
    homes = packages_distributions()
    imported = {normal(homes[name][0]) for name in needed if name in homes}
    listed = (ROOT / "constraints-screening.txt").read_text().splitlines()
    enough = closure({line.strip() for line in listed if line.strip() and not line.startswith("#")})
    missing = imported - enough - {"genaudio", "setuptools", "pip"}
    assert not missing
    assert not enough & set(NEURAL)


def test_other_commands_say_what_is_missing(tmp_path):
    result = without_torch("train", "melody", "--out", tmp_path / "out", "--json")
    assert result.returncode == 2
    assert "genaudio doctor" in result.stderr
    assert json.loads(result.stdout)["error"]["kind"] == "installation"


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(names):
    """Return distributions with all that they require, extras left out."""
    found, waiting = set(), {normal(name) for name in names}
    while waiting:
        name = waiting.pop()
        found.add(name)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        wanted = {normal(re.split(r"[\s;<>=!~\[(]", line, maxsplit=1)[0]) for line in lines if "extra ==" not in line}
        waiting |= wanted - found
    return found
