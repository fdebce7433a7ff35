"""The renderer trained on one's own pairs: nearer to them, other families kept, resumed without them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genaudio.audio import read_audio
from genaudio.codec.codec import Codec
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.renderer import Renderer
from genaudio.renderer.model import ScoreModel, ScoreModelConfig
from genaudio.renderer.own_training import OwnPairs, train_on_pairs
from genaudio.renderer.pair_set import gather_pairs
from genaudio.renderer.train import RendererRecipe, RendererTraining
from genaudio.weights import load_weights, save_weights
from tests.cli.shell import run
from tests.renderer.own.conftest import RATE, Pair, tune

SMALL = ScoreModelConfig(width=24, dilations=(1, 2), kernel=3, latent=8)
RECIPE = RendererRecipe(
    model=SMALL, batch=4, frames=48, listen_batch=2, listen_frames=32, warmup_steps=5, evaluate_every=1e9,
    save_every=1e9,
)  # fmt: skip
YAML = """
model: {width: 24, dilations: [1, 2], kernel: 3, latent: 8}
batch: 4
frames: 48
listen_batch: 2
listen_frames: 32
warmup_steps: 5
"""


@pytest.fixture
def takes(pair: Pair) -> Path:
    """Three pairs of a cello."""
    for seed in range(3):
        path = pair(f"{seed}.wav", tune(seed, program=42))
    return path.parent


@pytest.fixture
def base(tmp_path: Path, codec_file: Path) -> Path:
    """A renderer of random weights for the codec, of fewer families than there are today."""
    torch.manual_seed(1)
    config = replace(SMALL, families=("piano", "violin", "cello"))
    path = tmp_path / "base.safetensors"
    stored = {**config.to_json(), "codec": Codec.load(codec_file, "cpu").digest}
    save_weights(path, ScoreModel(config).state_dict(), stored)
    return path


def test_a_training_brings_the_recordings_nearer_and_says_so(takes: Path, tmp_path: Path, codec_file: Path) -> None:
    rows: list[dict[str, Any]] = []
    accounts = []
    own = OwnPairs(takes, tmp_path / "out", codec=codec_file)
    path = train_on_pairs(RECIPE, own, 4.0, "cpu", rows.append, accounts.append)
    latents = [row["latent"] for row in rows if "latent" in row and "spectral" not in row]
    assert np.mean(latents[-5:]) < 0.9 * np.mean(latents[:5])
    assert accounts[0].families == ("cello",)
    assert len(json.loads((tmp_path / "out" / "pairs.json").read_text())["pairs"]) == 3
    assert 0 < rows[0]["left"] <= 4.0
    renderer = Renderer.load(path, "cpu", Codec.load(codec_file, "cpu"))
    assert np.isfinite(renderer.render(tune(9, program=42)).audio).all()


def test_what_is_not_taught_is_kept(takes: Path, tmp_path: Path, codec_file: Path, base: Path) -> None:
    codec = Codec.load(codec_file, "cpu")
    learnt, measured, _ = gather_pairs(takes, tmp_path / "read", RATE)
    drifts = []
    for rehearsal in (0.0, 4.0):
        model = replace(SMALL, families=("piano", "violin", "cello"))
        recipe = replace(RECIPE, model=model, rehearsal=rehearsal, rate=5e-3, listen_after=2.0)
        training = RendererTraining(recipe, tmp_path, tmp_path / "out", codec, (learnt, measured))
        training.begin_with(base)
        features, piano = training.held_out.features(0, 0, 100)[None], torch.tensor([0])
        before = training.model(features, piano).detach()
        for step in range(80):
            training.train_step(step / 80)
        drifts.append(float((training.model(features, piano).detach() - before).abs().mean()))
    assert drifts[1] < 0.7 * drifts[0]


def test_sizes_are_those_of_the_weights_and_a_resumed_training_needs_no_pairs(
    takes: Path, tmp_path: Path, codec_file: Path, base: Path
) -> None:
    out = tmp_path / "out"
    larger = replace(RECIPE, model=replace(SMALL, width=40), rehearsal=0.5)
    rows: list[dict[str, Any]] = []
    path = train_on_pairs(larger, OwnPairs(takes, out, base, codec_file), 0.5, "cpu", rows.append)
    assert load_weights(path, "renderer")[1]["width"] == 24
    assert "log_mel_begun_with" in rows[-1]
    assert any("forgotten" in row for row in rows)
    for file in takes.iterdir():
        file.unlink()
    again: list[dict[str, Any]] = []
    train_on_pairs(larger, OwnPairs(None, out, codec=codec_file), 1.5, "cpu", again.append)
    assert again[0]["step"] == rows[-1]["step"] + 1
    assert again[0]["seconds"] >= 0.5
    assert again[-1]["log_mel_begun_with"] == rows[-1]["log_mel_begun_with"]
    assert any("forgotten" in row for row in again), "it goes on rehearsing"


def test_the_command_trains_resumes_and_its_weights_render(
    takes: Path, tmp_path: Path, codec_file: Path, base: Path
) -> None:
    recipe, out = tmp_path / "tiny.yaml", tmp_path / "out"
    recipe.write_text(YAML)
    (takes / "stray.mid").write_bytes(b"MThd")
    words = ("train", "renderer", "--config", recipe, "--out", out, "--codec", codec_file, "--device", "cpu", "--json")
    done = run(*words, "--pairs", takes, "--begin-with", base, "--time-budget", "1s")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["data"]["families"] == ["cello"]
    assert found["data"]["unpaired"] == [["stray.mid", "no recording is called so"]]
    assert "left out: stray.mid: no recording is called so" in done.stderr
    assert "the held-out recordings than before" in done.stderr
    assert "left 0:0" in done.stderr, "how long it will take"
    weights = out / "model.safetensors"
    assert f"genaudio render --renderer {weights} --codec {codec_file}" in done.stderr
    again = run(*words, "--resume", "--time-budget", "2s")
    assert again.exit_code == 0, again.stderr
    assert json.loads(again.stdout)["measures"]["step"] > found["measures"]["step"]
    flac = tmp_path / "tune.flac"
    rendered = run("render", takes / "0.mid", "-o", flac, "--renderer", weights, "--codec", codec_file)
    assert rendered.exit_code == 0, rendered.stderr
    assert read_audio(flac)[0].std() > 0
    alone = run("render", takes / "0.mid", "-o", flac, "--renderer", weights)
    assert alone.exit_code == 3
    assert "was trained for another codec" in alone.stderr


@pytest.mark.parametrize(("words", "code", "message"), [
    (["--pairs", "missing"], 2, "there is no folder missing"),
    (["--pairs", "empty"], 2, "empty holds no recordings"),
    (["--pairs", "takes", "--resume"], 2, "leave --pairs or --resume out"),
    (["--resume", "--begin-with", "shipped"], 2, "leave --begin-with or --resume out"),
    (["--pairs", "takes", "--begin-with", "missing.safetensors"], 3, "missing.safetensors cannot be read"),
    (["--resume", "--out", "empty"], 2, "no checkpoint"),
])  # fmt: skip
def test_what_cannot_be_trained_is_told(
    takes: Path, tmp_path: Path, codec_file: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int,
    message: str,
) -> None:  # fmt: skip
    from genaudio.renderer import train as renderer_train

    def no_teacher(*_: object) -> None:
        raise GenaudioError("there is no checkpoint, and no teacher is asked")

    monkeypatch.setattr(renderer_train, "teacher_sets", no_teacher)
    (tmp_path / "empty").mkdir()
    (tmp_path / "tiny.yaml").write_text(YAML)
    monkeypatch.chdir(tmp_path)
    result = run("train", "renderer", "--config", "tiny.yaml", "--codec", codec_file, "--device", "cpu", *words)
    assert result.exit_code == code, result.stderr
    assert message in result.stderr
    assert not list(tmp_path.glob("**/model.safetensors"))


def test_weights_of_another_kind_are_refused(takes: Path, tmp_path: Path, codec_file: Path) -> None:
    with pytest.raises(IncompatibleError, match="where a 'renderer' model is needed"):
        train_on_pairs(RECIPE, OwnPairs(takes, tmp_path / "out", codec_file, codec_file), 0.5, "cpu")
