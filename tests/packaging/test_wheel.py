"""The wheel, installed into an empty environment, makes a track from another folder.

As a rule the empty environment takes the third-party packages (5 GB) from the present one, and the wheel's declared
requirements are checked against them; GENAUDIO_FULL_INSTALL=1 installs everything anew from the package index.
"""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
FULL = os.environ.get("GENAUDIO_FULL_INSTALL") == "1"


def call(*words, **extra):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **extra)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT)
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return the folder of commands of an environment that holds the wheel and its requirements only."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place)
    commands = place / ("Scripts" if os.name == "nt" else "bin")
    install = [sys.executable, "-m", "pip", "--python", commands / "python", "install", "--quiet"]
    if FULL:
        call(*install, "--constraint", ROOT / "constraints.txt", wheel, timeout=1800)
    else:
        site = call(commands / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        (Path(site) / "third-party.pth").write_text(sysconfig.get_path("purelib") + "\n")
        call(*install, "--no-deps", "--no-index", "--ignore-installed", wheel, timeout=300)
    return commands


def test_what_the_wheel_requires_is_what_is_tested():
    """The environment of this test satisfies every requirement, and the constraints pin it."""
    import tomllib

    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.lower().split("==") for line in lines if line and not line.startswith("#"))
    for text in wanted:
        requirement = Requirement(text)
        assert requirement.specifier.contains(version(requirement.name)), text
        assert requirement.specifier.contains(pins[requirement.name.lower()]), text
    assert pins["torch"] == pins["torchaudio"]


def test_the_wheel_holds_what_the_commands_need(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"genaudio/configs/{path.name}" for path in (ROOT / "configs").glob("*.yaml")} <= names
    shipped = json.loads((ROOT / "genaudio" / "assets" / "manifest.json").read_text())["files"]
    assert {f"genaudio/assets/{name}" for name in shipped} <= names
    for needed in ("genaudio/production/report/template.html", "checks/thresholds.json", "checks/background.npz"):
        assert needed in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "outputs/"))]


@pytest.mark.slow
def test_the_installed_wheel_makes_a_track(installed, tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    home = call(installed / "python", "-c", "import genaudio; print(genaudio.__file__)", cwd=tmp_path, env=environment)
    assert str(installed.parent) in home
    words = [
        "make",
        "--style",
        "reel",
        "--bars",
        "8",
        "--instrument",
        "flute",
        "--seed",
        "1",
        "--out",
        "track",
        "--json",
    ]
    done = subprocess.run(
        [str(installed / "genaudio"), *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr  # 1 where no attempt was clear, which is no matter of packaging
    assert done.stdout.startswith("{"), f"exit code {done.returncode}, {done.stdout!r}, {done.stderr}"
    (track,) = json.loads(done.stdout)["tracks"]
    files = {path.name for path in (tmp_path / "track").iterdir()}
    assert files == set(track["files"])
    assert {"track.flac", "track.mid", "track.musicxml", "report.html", "screening.json", "manifest.json"} <= files
    assert track["duration_s"] > 5
    assert os.listdir(tmp_path) == ["track"]
