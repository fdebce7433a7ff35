"""Several processes of torchrun train as one does: the same batches, shared out."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from genaudio.corpus import TrainingWork, save_works
from genaudio.melody import MelodyRecipe, train_melody
from genaudio.melody.transformer import Shape
from genaudio.training import load_checkpoint

ROOT = Path(__file__).parents[2]
RECIPE = MelodyRecipe(
    time_budget="", steps=6, seed=3, batch_tokens=40, length=64, learning_rate=1e-3, warmup=2, weight_decay=0.01,
    label_smoothing=0.1, average=0.5, condition_drop=0.0, transpose=0.0, evaluate_every=3, patience=10,
    precision="float32", shape=Shape(width=16, layers=1, heads=2, hidden=32, dropout=0.0),
)  # fmt: skip
"""Batches of two tunes of sixteen notes: each process gets one, and of the last batch the first the only one."""
SCRIPT = """
import hashlib, json, sys
from dataclasses import replace
from pathlib import Path
import torch
from genaudio.corpus import load_works
from genaudio.melody import train_melody
from genaudio.melody.trainer import Trainer
from genaudio.training import distributed
from tests.melody.test_processes import RECIPE

folder = Path(sys.argv[1])
works = load_works(path=folder / "works.jsonl.gz")
with distributed.joined("cpu") as device:
    trainer = Trainer(replace(RECIPE, transpose=0.5), works, device)
    first = hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in trainer.model.parameters())).hexdigest()
    seed, shares = torch.initial_seed(), [None if b is None else len(b.rhythm) for b in trainer.epoch_batches()]
    told = []
    train_melody(RECIPE, folder / "two", works=works, on_progress=lambda progress: told.append(progress.step))
    train_melody(replace(RECIPE, steps=9), folder / "two", resume=True, works=works)
    found = {"first": first, "seed": seed, "shares": shares, "told": told, "size": distributed.size()}
    (folder / f"rank-{distributed.rank()}.json").write_text(json.dumps(found))
"""


def torchrun(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip


@pytest.mark.slow
def test_two_processes_train_as_one_does(works: list[TrainingWork], tmp_path: Path) -> None:
    save_works(works, tmp_path / "works.jsonl.gz")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    result = torchrun(str(script), str(tmp_path))
    assert result.returncode == 0, result.stderr[-2000:]
    first, second = (json.loads((tmp_path / f"rank-{rank}.json").read_text()) for rank in (0, 1))
    assert first["size"] == second["size"] == 2
    assert first["first"] == second["first"], "the same weights to begin with"
    assert first["seed"] != second["seed"], "but dropout of their own"
    assert first["told"] == [3, 6]
    assert second["told"] == [], "one process speaks"
    assert sorted(zip(first["shares"], second["shares"], strict=True), key=str) == [(1, 1), (1, None)]
    assert len((tmp_path / "two" / "log.jsonl").read_text().splitlines()) == 3, "one process writes"
    train_melody(RECIPE, tmp_path / "one", device="cpu", works=works)
    train_melody(replace(RECIPE, steps=9), tmp_path / "one", resume=True, device="cpu", works=works)
    one, two = (load_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("one", "two"))
    assert one["step"] == two["step"] == 9
    assert one["best"] == pytest.approx(two["best"], abs=1e-5)
    for part in ("model", "average"):
        for name, tensor in one[part].items():
            assert torch.allclose(tensor, two[part][name], atol=2e-5), (part, name)


def test_one_process_is_a_whole() -> None:
    from genaudio.training import distributed

    assert (distributed.rank(), distributed.size(), distributed.leads()) == (0, 1, True)
    assert distributed.total(1.0, 2.0) == (1.0, 2.0)
    assert distributed.agree(0.5) == 0.5
    with distributed.joined("cpu") as device, distributed.first_alone() as first:
        assert (device.type, first) == ("cpu", True)
