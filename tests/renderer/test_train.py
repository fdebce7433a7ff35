"""Training the score model: the loss falls, a kill loses nothing, the result renders."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genaudio.codec.codec import Codec
from genaudio.codec.excitation import Stretch, excite
from genaudio.codec.model import CodecConfig, CodecModel
from genaudio.errors import GenaudioError
from genaudio.renderer import Renderer
from genaudio.renderer import train as renderer_train
from genaudio.renderer.model import ScoreModelConfig
from genaudio.renderer.train import RendererRecipe, RendererTraining, train_renderer
from genaudio.score import Melody, Note, Score
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE, Performance, TeacherRecipe, TeacherSet
from genaudio.weights import save_weights

RECIPE = RendererRecipe(
    TeacherRecipe(1),
    TeacherRecipe(1, split="validation"),
    model=ScoreModelConfig(width=24, dilations=(1, 2), kernel=3, latent=8),
    batch=4,
    frames=48,
    listen_batch=2,
    listen_frames=32,
    warmup_steps=5,
    evaluate_every=1e9,
    save_every=1e9,
)


@pytest.fixture
def codec_file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = CodecConfig(width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=2, bins=16)
    model = CodecModel(config, 64).train()
    with torch.no_grad():
        model.quantizer.vq(torch.randn(4, 8, 64))
    path = tmp_path / "codec.safetensors"
    save_weights(path, model.state_dict(), config.to_json())
    return path


@pytest.fixture(autouse=True)
def _no_soundfont(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = (Sounding(0.1, 0.9, 60, 100), Sounding(1.0, 1.8, 67, 80))
    audio = excite(Stretch(notes), 10 * SAMPLE_RATE, SAMPLE_RATE).sum(0)[None].repeat(2, axis=0)
    teacher = TeacherSet((audio * 32767).astype(np.int16), (Performance("piano", "melody", notes),) * 2)
    monkeypatch.setattr(renderer_train, "teacher_sets", lambda *_: (teacher, teacher))


def test_the_latents_come_nearer_and_the_sound_joins(tmp_path: Path, codec_file: Path) -> None:
    training = RendererTraining(RECIPE, tmp_path, tmp_path / "out", Codec.load(codec_file, "cpu"))
    rows = [training.train_step(step / 60) for step in range(60)]
    distances = [row["latent"] for row in rows]
    assert np.mean(distances[-5:]) < 0.8 * np.mean(distances[:5])
    assert ["spectral" in row for row in rows] == [step / 60 >= RECIPE.listen_after for step in range(60)]


def test_a_training_ends_with_weights_that_render(tmp_path: Path, codec_file: Path) -> None:
    rows: list[dict[str, Any]] = []
    path = train_renderer(
        RECIPE, tmp_path / "out", time_budget=0.5, device="cpu", on_progress=rows.append, codec=codec_file
    )
    assert {"log_mel_rendered", "log_mel_codec"} <= rows[-1].keys()
    renderer = Renderer.load(path, "cpu", Codec.load(codec_file, "cpu"))
    assert np.isfinite(renderer.render(Score.from_melody(Melody([Note(0, 1, 60)]))).audio).all()


def test_a_resumed_training_goes_on_where_it_stopped(tmp_path: Path, codec_file: Path) -> None:
    codec = Codec.load(codec_file, "cpu")
    first = RendererTraining(RECIPE, tmp_path, tmp_path / "out", codec)
    first.train_step(0.1)
    first.train_step(0.9)
    first.save(7.0)
    second = RendererTraining(RECIPE, tmp_path, tmp_path / "out", codec)
    second.resume()
    assert (second.step, second.spent) == (2, 7.0)
    torch.testing.assert_close(second.model.state_dict(), first.model.state_dict())


def test_a_checkpoint_of_another_codec_is_refused(tmp_path: Path, codec_file: Path) -> None:
    codec = Codec.load(codec_file, "cpu")
    RendererTraining(RECIPE, tmp_path, tmp_path / "out", codec).save(0.0)
    other = Codec(codec.model, codec.device, digest="f" * 64)
    with pytest.raises(GenaudioError, match="another codec"):
        RendererTraining(RECIPE, tmp_path, tmp_path / "out", other).resume()


def test_programs_that_it_cannot_tell_apart_are_refused(tmp_path: Path, codec_file: Path) -> None:
    wide = replace(RECIPE, teacher=replace(RECIPE.teacher, program_clips=2))
    with pytest.raises(GenaudioError, match="program_clips"):
        RendererTraining(wide, tmp_path, tmp_path / "out", Codec.load(codec_file, "cpu"))
