"""Codec and renderer trainings under torchrun: one model in all processes, one of them writes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import hashlib, json, sys
from pathlib import Path
import torch
from genaudio.codec.train import CodecTraining
from genaudio.training import distributed
from genaudio.training.loop import run
from tests.codec.test_train import RECIPE, teacher

folder = Path(sys.argv[1])
with distributed.joined("cpu") as device:
    training = CodecTraining(RECIPE, teacher(), teacher(), folder / "out", str(device))
    first = training.crops.batch(training.rng).audio.sum().item()
    for step in range(6):
        training.train_step(step / 6)
    told = []
    run(training, 1e-9, 1e9, 1e9, told.append)
    parameters = b"".join(p.detach().numpy().tobytes() for p in training.model.parameters())
    found = {"first": first, "model": hashlib.sha256(parameters).hexdigest(), "told": len(told),
             "quantizing": training.quantizing}
    (folder / f"rank-{distributed.rank()}.json").write_text(json.dumps(found))
"""


@pytest.mark.slow
def test_two_processes_train_one_codec(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    result = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script),
         str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    first, second = (json.loads((tmp_path / f"rank-{rank}.json").read_text()) for rank in (0, 1))
    assert first["first"] != second["first"], "each has batches of its own"
    assert first["model"] == second["model"], "and all go down the mean of their losses"
    assert first["quantizing"]
    assert (first["told"], second["told"]) == (1, 0)
    assert (tmp_path / "out" / "model.safetensors").is_file()
