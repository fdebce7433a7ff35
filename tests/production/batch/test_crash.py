"""Batches that are killed or interrupted, and gone on with."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.production.batch.doubles import tree

ROOT = Path(__file__).parents[3]
KILLS = 20


def begin(works, plan, out, pause=0.0):
    words = [str(word) for word in (works, plan.path, out, pause)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.production.batch.crash", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # as a terminal does: a signal to the group reaches the workers too
    )


def finish(process):
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    return json.loads(stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rendering", "kills"), [("", KILLS), ("rendering: {chunks: 3}\n", 6)], ids=["alone", "together"]
)
def test_killed_at_any_moment_a_batch_comes_out_the_same(plan, works, tmp_path, rendering, kills):
    plan.path.write_text(rendering + plan.path.read_text())
    start = time.monotonic()
    assert finish(begin(works, plan, tmp_path / "calm"))["made"] == 6
    duration = time.monotonic() - start
    calm = tree(tmp_path / "calm")
    assert len(calm) == 6 * 6 + 4  # and batch.json, index.html, library.csv, library.jsonl
    generator = np.random.default_rng(7)
    out, killed, completed = tmp_path / "out", 0, 0
    while killed < kills:
        process = begin(works, plan, out)
        try:
            process.wait(float(generator.uniform(0.2, 1.1)) * duration)
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
            process.communicate(timeout=60)  # the workers end too: they hold the other end of stderr
            continue
        finish(process)
        assert tree(out) == calm
        shutil.rmtree(out)
        completed += 1
    finish(begin(works, plan, out))
    assert tree(out) == calm
    assert [path for path in (out / "tracks").iterdir() if path.name.startswith(".")] == []


def test_an_interrupted_batch_ends_cleanly_and_goes_on(plan, works, tmp_path):
    out = tmp_path / "out"
    process = begin(works, plan, out, pause=0.3)
    while not (tracks := out / "tracks").is_dir() or not any(path.name[0] != "." for path in tracks.iterdir()):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    result = finish(process)
    assert result["stopped"] == "interrupted"
    assert 1 <= result["made"] < 6
    assert result["failed"] == []
    assert len(os.listdir(out / "tracks")) == result["made"]
    again = finish(begin(works, plan, out))
    assert (again["present"], again["missing"]) == (result["made"], 0)
    finish(begin(works, plan, tmp_path / "calm"))
    assert tree(out) == tree(tmp_path / "calm")
