"""The recipes of codec and renderer: they load, their weights keep within bounds, and torchrun trains by them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from genaudio.audio import write_audio
from genaudio.codec.model import CodecModel
from genaudio.codec.recipe import CodecRecipe
from genaudio.codec.train import shipped_state
from genaudio.renderer.model import ScoreModel
from genaudio.renderer.recipe import RendererRecipe
from genaudio.score import write_midi
from genaudio.training import load_recipe
from genaudio.weights import load_weights
from tests.renderer.own.conftest import recorded, tune

ROOT = Path(__file__).parents[2]
MOST = 16 * 2**20
"""Bytes of a file of weights."""
CODEC = """
teacher: {clips: 1}
held_out: {clips: 1}
model: {width: 24, encoder_blocks: 1, decoder_blocks: 1, latent: 8, levels: 2, bins: 16}
crops: {batch: 2, frames: 32, loaders: 1}
quantize_after: 0.2
"""
RENDERER = """
model: {width: 24, dilations: [1, 2], kernel: 3, latent: 8}
batch: 2
frames: 48
listen_batch: 2
listen_frames: 32
loaders: 1
"""


def halves(state: dict[str, Tensor]) -> int:
    """Bytes of tensors at half precision."""
    return sum(2 * tensor.numel() for tensor in state.values() if tensor.is_floating_point())


@pytest.mark.parametrize("name", ["codec", "codec-gpu"])
def test_codec_recipes_keep_within_the_size(name: str) -> None:
    recipe = load_recipe(ROOT / "configs" / f"{name}.yaml", CodecRecipe)
    assert halves(shipped_state(CodecModel(recipe.model))) < MOST


@pytest.mark.parametrize("name", ["renderer", "renderer-gpu", "renderer-own"])
def test_renderer_recipes_keep_within_the_size(name: str) -> None:
    recipe = load_recipe(ROOT / "configs" / f"{name}.yaml", RendererRecipe)
    assert halves(ScoreModel(recipe.model).state_dict()) < MOST


def test_the_recipes_for_a_gpu_share_the_teacher_and_draw_ahead() -> None:
    codec = load_recipe(ROOT / "configs" / "codec-gpu.yaml", CodecRecipe)
    renderer = load_recipe(ROOT / "configs" / "renderer-gpu.yaml", RendererRecipe)
    assert (codec.teacher, codec.held_out) == (renderer.teacher, renderer.held_out)
    assert min(codec.crops.loaders, renderer.loaders) > 0
    assert (codec.minutes, renderer.minutes) == (25.0, 25.0)


def torchrun(*words: str | Path) -> dict:
    """Run a command in two processes and return what the first one says."""
    result = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "genaudio",
         "--device", "cpu", "--json", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    found: dict = json.loads(result.stdout)
    return found


@pytest.mark.slow
def test_two_processes_train_a_codec_and_its_renderer_on_recordings(tmp_path: Path) -> None:
    takes = tmp_path / "takes"
    takes.mkdir()
    for seed in range(3):
        write_audio(takes / f"{seed}.wav", np.tile(recorded(tune(seed, 42)), 2), 44_100)
    (tmp_path / "codec.yaml").write_text(CODEC)
    words = ("train", "codec", "--config", tmp_path / "codec.yaml", "--out", tmp_path / "codec")
    trained = torchrun(*words, "--audio", takes, "--time-budget", "3s")
    assert trained["measures"]["step"] > 0
    for seed in range(3):
        write_audio(takes / f"{seed}.wav", recorded(tune(seed, 42)), 44_100)
        write_midi(tune(seed, 42), takes / f"{seed}.mid")
    (tmp_path / "renderer.yaml").write_text(RENDERER)
    words = ("train", "renderer", "--config", tmp_path / "renderer.yaml", "--out", tmp_path / "renderer")
    words += ("--codec", trained["weights"])
    first = torchrun(*words, "--pairs", takes, "--begin-with", "nothing", "--time-budget", "3s")
    again = torchrun(*words, "--resume", "--time-budget", "5s")
    assert len(first["data"]["pairs"]) == 3
    assert 0 < first["measures"]["step"] < again["measures"]["step"]
    load_weights(Path(again["weights"]), "renderer")
