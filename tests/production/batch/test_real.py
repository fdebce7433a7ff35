"""One batch with the models that ship, killed and gone on with."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.production.batch.doubles import tree

ROOT = Path(__file__).parents[3]
PLAN = """
attempts: 2
groups:
  - {name: jigs, count: 2, style: jig, bars: 8, tempo: 300, instrument: [flute, violin]}
  - {name: reels, count: 1, style: reel, bars: 8, tempo: 300}
"""


def begin(plan, out, workers):
    words = ["batch", plan, "--out", out, "--workers", workers, "--device", "cpu", "--json"]
    command = [sys.executable, "-m", "genaudio", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode in (0, 1, 2), stderr  # by the verdicts, which depend on the models
    found = json.loads(stdout)
    assert found["missing"] == 0, stderr
    return found


@pytest.mark.slow
def test_a_real_batch_comes_out_the_same_with_two_workers_and_a_kill(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    calm = finish(begin(plan, tmp_path / "calm", 1))
    assert calm["made"] == 3
    process = begin(plan, tmp_path / "out", 2)
    tracks = tmp_path / "out" / "tracks"
    while not tracks.is_dir() or not any(path.name[0] != "." for path in tracks.iterdir()):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=60)
    again = finish(begin(plan, tmp_path / "out", 2))
    assert again["present"] >= 1
    assert again["verdicts"] == calm["verdicts"]
    assert tree(tmp_path / "out") == tree(tmp_path / "calm")
    assert any(name.endswith("track.flac") for name in tree(tmp_path / "out"))
