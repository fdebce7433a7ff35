"""Training the codec: the loss falls, a kill loses nothing, the result decodes."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genaudio.codec import train as codec_train
from genaudio.codec.codec import Codec
from genaudio.codec.crops import CropRecipe, Crops
from genaudio.codec.excitation import Stretch, excite
from genaudio.codec.hearing import KEYS, LOWEST
from genaudio.codec.model import CodecConfig
from genaudio.codec.recipe import CodecRecipe
from genaudio.codec.train import CodecTraining, train_codec
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE, Performance, TeacherRecipe, TeacherSet
from genaudio.weights import load_weights

SMALL = CodecConfig(width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=2, bins=16)
RECIPE = CodecRecipe(
    TeacherRecipe(1),
    TeacherRecipe(1, split="validation"),
    model=SMALL,
    crops=CropRecipe(batch=4, frames=32),
    rate=5e-3,
    warmup_steps=5,
    quantize_after=0.5,
    evaluate_every=1e9,
    save_every=1e9,
)


def teacher() -> TeacherSet:
    """Five seconds of two notes, played by the excitation itself."""
    notes = (Sounding(0.1, 0.9, 60, 100), Sounding(1.0, 1.8, 67, 80))
    audio = 0.2 * excite(Stretch(notes), 5 * SAMPLE_RATE, SAMPLE_RATE).sum(0)[None].repeat(24, axis=0)
    return TeacherSet((audio * 32767).astype(np.int16), (Performance("violin", "melody", notes),) * 24)


@pytest.fixture(autouse=True)
def _no_soundfont(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec_train, "teacher_sets", lambda *_: (teacher(), teacher()))


def collected() -> tuple[list[dict[str, Any]], Callable[[dict[str, Any]], None]]:
    """A list, and a function that fills it."""
    rows: list[dict[str, Any]] = []
    return rows, rows.append


def test_the_loss_falls_before_and_with_the_quantizer(tmp_path: Path) -> None:
    steady = dataclasses.replace(RECIPE, crops=CropRecipe(batch=4, frames=32, alone=0.0), scales=4)
    training = CodecTraining(steady, teacher(), teacher(), tmp_path / "out", "cpu")
    losses = [training.train_step(step / 120)["loss"] for step in range(120)]
    assert training.quantizing
    assert np.mean(losses[50:60]) < 0.7 * np.mean(losses[:10])
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])


def test_a_training_ends_with_weights_that_code_sound(tmp_path: Path) -> None:
    rows, tell = collected()
    path = train_codec(RECIPE, tmp_path / "out", time_budget=1.0, device="cpu", on_progress=tell)
    assert rows[-1]["fraction"] == 1.0
    assert {"log_mel_informed", "log_mel_alone"} <= rows[-1].keys()
    assert Codec.load(path, "cpu").encode(teacher().clip(0)[None]).shape[1] == 2


def test_a_resumed_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    first = CodecTraining(RECIPE, teacher(), teacher(), tmp_path / "out", "cpu")
    for _ in range(3):
        first.train_step(0.1)
    first.save(12.5)
    second = CodecTraining(RECIPE, teacher(), teacher(), tmp_path / "out", "cpu")
    second.resume()
    assert (second.step, second.spent) == (3, 12.5)
    for before, after in zip(first.model.parameters(), second.model.parameters(), strict=True):
        np.testing.assert_array_equal(before.detach().numpy(), after.detach().numpy())


def test_critic_and_average_join_and_survive_a_kill(tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, adversary=0.3, adversary_after=0.5, average=0.9, advance=0.5)
    first = CodecTraining(recipe, teacher(), teacher(), tmp_path / "out", "cpu")
    for _ in range(3):
        first.train_step(0.1)
    assert first.adversary is None
    first.train_step(0.6)
    assert first.adversary is not None
    first.save(1.0)
    second = CodecTraining(recipe, teacher(), teacher(), tmp_path / "out", "cpu")
    second.resume()
    assert second.adversary is not None
    assert second.average is not None
    assert second.average.updates == 4
    averaged, raw = second.best.state_dict(), second.model.state_dict()
    assert not torch.equal(averaged["decoder.head.weight"], raw["decoder.head.weight"])
    kept = load_weights(tmp_path / "out" / "model.safetensors", "codec")[0]
    torch.testing.assert_close(kept["decoder.head.weight"], averaged["decoder.head.weight"], atol=1e-3, rtol=1e-3)
    name = "quantizer.vq.layers.0._codebook.embed"
    torch.testing.assert_close(kept[name], raw[name], atol=1e-3, rtol=1e-3)


def test_sizes_of_older_files_have_defaults(tmp_path: Path) -> None:
    old = {name: value for name, value in SMALL.to_json().items() if name != "code_dimension"}
    assert CodecConfig.from_json(old) == SMALL
    with pytest.raises(TypeError):
        CodecConfig.from_json({**old, "colour": 3})


def test_a_codec_of_directions_codes_sound(tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, model=dataclasses.replace(SMALL, code_dimension=4))
    training = CodecTraining(recipe, teacher(), teacher(), tmp_path / "out", "cpu")
    for step in range(4):
        training.train_step(step / 4)
    training.save(1.0)
    codec = Codec.load(tmp_path / "out" / "model.safetensors", "cpu")
    audio = teacher().clip(0)[None, :44_100]
    codes = codec.encode(audio)
    assert codec.model.config.code_dimension == 4
    assert np.isfinite(codec.decode(codes, 44_100)).all()


def test_nothing_to_resume_and_other_sizes_are_said(tmp_path: Path) -> None:
    training = CodecTraining(RECIPE, teacher(), teacher(), tmp_path / "out", "cpu")
    with pytest.raises(GenaudioError, match="no checkpoint"):
        training.resume()
    training.save(0.0)
    other = dataclasses.replace(RECIPE, model=dataclasses.replace(SMALL, width=32))
    with pytest.raises(GenaudioError, match="another size"):
        CodecTraining(other, teacher(), teacher(), tmp_path / "out", "cpu").resume()


def test_crops_hold_the_sound_and_its_excitation_together() -> None:
    informed = Crops(teacher(), CropRecipe(batch=8, frames=32, alone=0.0), hop=512).batch(np.random.default_rng(0))
    assert informed.audio.shape == (8, 32 * 512)
    assert informed.excitation.shape == (8, 2, 32 * 512)
    assert not informed.alone.any()
    for sound, known in zip(informed.audio.numpy(), informed.excitation.sum(1).numpy(), strict=True):
        if known.std() > 1e-2:
            assert np.corrcoef(sound, known)[0, 1] > 0.99
    alone = Crops(teacher(), CropRecipe(batch=8, frames=32, alone=1.0), hop=512).batch(np.random.default_rng(0))
    assert alone.alone.all()
    assert not alone.excitation.any()


def test_crops_say_which_keys_sound() -> None:
    recipe = CropRecipe(batch=12, frames=32, alone=1.0, quiet=0.0, mixed=0.0)
    batch = Crops(teacher(), recipe, hop=512).batch(np.random.default_rng(1))
    assert batch.keys.shape == (12, KEYS, 33)
    for sound, keys in zip(batch.audio.numpy(), batch.keys.numpy(), strict=True):
        loud = np.abs(sound).reshape(32, 512).max(1) > 1e-2
        assert (keys[:, 1:].max(0) > 0)[loud].all()
        assert set(np.flatnonzero(keys.max(1))) <= {60 - LOWEST, 67 - LOWEST}
    quiet = Crops(teacher(), CropRecipe(batch=12, frames=32, alone=1.0, quiet=1.0), hop=512)
    assert not quiet.batch(np.random.default_rng(1)).keys.any()


def test_a_codec_learns_to_hear_its_keys(tmp_path: Path) -> None:
    crops = CropRecipe(batch=4, frames=32, alone=1.0, quiet=0.0, mixed=0.0)
    model = dataclasses.replace(SMALL, hearing=16, fine_window=4096)
    recipe = dataclasses.replace(RECIPE, crops=crops, model=model, quantize_after=2.0, hearing=1.0)
    training = CodecTraining(recipe, teacher(), teacher(), tmp_path / "out", "cpu")
    for step in range(150):
        training.train_step(step / 300)
    measures = training.evaluate(clips=2)
    assert measures["keys_f1"] > 0.8


def test_a_training_begins_with_trained_weights(tmp_path: Path) -> None:
    first = CodecTraining(RECIPE, teacher(), teacher(), tmp_path / "first", "cpu")
    for step in range(30):
        first.train_step(step / 30)
    first.save(1.0)
    before = first.evaluate(clips=2)
    second = CodecTraining(RECIPE, teacher(), teacher(), tmp_path / "second", "cpu")
    second.begin_with(tmp_path / "first" / "model.safetensors")
    assert second.quantizing
    assert second.evaluate(clips=2)["log_mel_informed"] == pytest.approx(before["log_mel_informed"], abs=0.02)
    wider = dataclasses.replace(RECIPE, model=dataclasses.replace(SMALL, beginnings=True))
    third = CodecTraining(wider, teacher(), teacher(), tmp_path / "third", "cpu")
    third.begin_with(tmp_path / "first" / "model.safetensors")
    assert third.evaluate(clips=2)["log_mel_informed"] == pytest.approx(before["log_mel_informed"], abs=0.02)
    for _ in range(8):
        third.train_step(0.0)
    assert third.model.decoder.head.bias[-third.model.decoder.spectrum_bins :].any()
    old = second.model.quantizer.vq.layers[0]._codebook.embed.clone()
    second.train_step(0.0)
    moved = (second.model.quantizer.vq.layers[0]._codebook.embed - old).abs().max()
    assert moved < 0.2 * old.abs().max()
    other = dataclasses.replace(RECIPE, model=dataclasses.replace(SMALL, width=32))
    with pytest.raises(IncompatibleError, match="another size"):
        CodecTraining(other, teacher(), teacher(), tmp_path, "cpu").begin_with(tmp_path / "first/model.safetensors")


def test_what_is_settled_stays_while_the_rest_learns(tmp_path: Path) -> None:
    settled = dataclasses.replace(RECIPE, settled=True, crops=CropRecipe(batch=4, frames=32, alone=1.0, tones=0.5))
    training = CodecTraining(settled, teacher(), teacher(), tmp_path / "out", "cpu")
    training._start_quantizer()
    training.to_training()
    before = {name: value.clone() for name, value in training.model.state_dict().items()}
    for step in range(3):
        training.train_step(0.6 + step / 10)
    changed = {
        name.split(".")[0]
        for name, value in training.model.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == {"decoder"}
    training.evaluate(1, 0.5)
    assert not training.model.encoder.training
    assert training.model.decoder.training


def test_other_sound_is_learnt_beside_the_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = TeacherRecipe(2, soundfont="another.sf2")
    made: list[tuple[TeacherRecipe, Path]] = []
    heard: list[int] = []

    def make(recipe: TeacherRecipe, folder: Path) -> TeacherSet:
        made.append((recipe, folder))
        return teacher()

    def begin(training: CodecTraining, *_: Any) -> Path:
        heard.append(len(training.crops.shares))
        return tmp_path

    monkeypatch.setattr(codec_train, "teacher_set", make)
    monkeypatch.setattr(codec_train, "run", begin)
    train_codec(RECIPE, tmp_path / "out", device="cpu")
    train_codec(dataclasses.replace(RECIPE, others=(other, other)), tmp_path / "out", device="cpu")
    assert made == [(other, tmp_path / "data")] * 2
    assert heard == [24, 3 * 24]
