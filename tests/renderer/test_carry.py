"""A renderer carried over to another codec."""

from pathlib import Path

import numpy as np
import pytest
import torch

from genaudio.codec.codec import Codec
from genaudio.codec.model import CodecConfig, CodecModel
from genaudio.codec.train import shipped_state
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.renderer import carry as carry_module
from genaudio.renderer.carry import carry, main, translate, translated
from genaudio.renderer.model import ScoreModel, ScoreModelConfig
from genaudio.renderer.renderer import Renderer
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE, Performance, TeacherSet
from genaudio.weights import load_weights, save_weights

SMALL = ScoreModelConfig(width=16, dilations=(1,), latent=8, families=("piano", "flute"))


def related(noise: float) -> tuple[list[tuple[torch.Tensor, torch.Tensor]], torch.Tensor, torch.Tensor]:
    """Latents of 8 channels and others of 5 that follow from them but for noise; the map, and the offset."""
    torch.manual_seed(0)
    matrix, offset = torch.randn(5, 8), torch.randn(5) * 3
    old = [torch.randn(frames, 8) * 4 + 2 for frames in (300, 200, 40)]
    return [(one, one @ matrix.T + offset + noise * torch.randn(len(one), 5)) for one in old], matrix, offset


def test_the_map_is_found() -> None:
    pairs, matrix, offset = related(0.0)
    by = translate(pairs)
    torch.testing.assert_close(by.matrix, matrix, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(by.offset, offset, atol=1e-3, rtol=1e-3)
    new = torch.cat([one for _, one in pairs])
    torch.testing.assert_close(by.mean, new.mean(0), atol=1e-4, rtol=1e-4)
    assert by.deviation == pytest.approx(float(new.std()), rel=1e-4)
    assert by.explained == pytest.approx(1, abs=1e-6)


def test_what_does_not_follow_is_told() -> None:
    pairs, _, _ = related(6.0)
    by = translate(pairs)
    new = torch.cat([one for _, one in pairs])
    missed = torch.cat([one @ by.matrix.T + by.offset for one, _ in pairs]) - new
    expected = 1 - float(missed.pow(2).sum() / (new - new.mean(0)).pow(2).sum())
    assert by.explained == pytest.approx(expected, abs=1e-4)
    assert 0.5 < by.explained < 0.9
    with pytest.raises(GenaudioError, match="no sound"):
        translate([])


def test_a_translated_model_predicts_what_the_map_makes_of_its_latents() -> None:
    pairs, matrix, offset = related(0.0)
    torch.manual_seed(1)
    model = ScoreModel(SMALL).eval()
    model.scale.fill_(3.0)
    model.offset.normal_()
    other = ScoreModel(ScoreModelConfig(width=16, dilations=(1,), latent=5, families=SMALL.families)).eval()
    other.load_state_dict(translated(model.state_dict(), translate(pairs)))
    features, family = torch.rand(2, 30, 512), torch.tensor([0, 1])
    with torch.no_grad():
        expected = torch.einsum("nd,bdf->bnf", matrix, model(features, family)) + offset[:, None]
        torch.testing.assert_close(other(features, family), expected, atol=1e-2, rtol=1e-3)


def codec_file(path: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    config = CodecConfig(width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=2, bins=16)
    model = CodecModel(config, 64).train()
    with torch.no_grad():
        model.quantizer.vq(torch.randn(4, 8, 64))
    save_weights(path, shipped_state(model), config.to_json())
    return path


def takes() -> TeacherSet:
    audio = np.random.default_rng(0).integers(-9000, 9000, (2, SAMPLE_RATE)).astype(np.int16)
    notes = (Sounding(0.1, 0.9, 60, 100),)
    return TeacherSet(audio, (Performance("piano", "melody", notes), Performance("flute", "melody", notes)))


def test_a_renderer_plays_with_the_codec_it_was_carried_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = (codec_file(tmp_path / f"codec{seed}.safetensors", seed) for seed in (0, 1))
    mine, carried = tmp_path / "renderer.safetensors", tmp_path / "carried.safetensors"
    save_weights(mine, ScoreModel(SMALL).state_dict(), {**SMALL.to_json(), "codec": Codec.load(old).digest})
    monkeypatch.setattr(carry_module, "teacher_set", lambda *_: takes())
    command = [str(mine), "--codec", str(old), "--to", str(new), "--out", str(carried), "--device", "cpu"]
    assert main(command) == 0
    assert "% of the new latents' variance" in capsys.readouterr().out
    state, config = load_weights(carried, "renderer")
    assert config == {**SMALL.to_json(), "codec": Codec.load(new).digest}
    assert Renderer.load(carried, "cpu", Codec.load(new, device="cpu")).model.config == SMALL
    assert bool(torch.isfinite(state["leave.weight"]).all())
    with pytest.raises(IncompatibleError, match="another codec"):
        carry(carried, Codec.load(old), Codec.load(new), pytest.fail, tmp_path / "again")
    assert main([str(mine), "--codec", str(new), "--to", str(old), "--out", str(tmp_path / "again")]) == 3
    assert not (tmp_path / "again").exists()
