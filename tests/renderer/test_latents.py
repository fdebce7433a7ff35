"""Latents that are kept: coded once, found again, and not mistaken for others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from genaudio.codec import Codec
from genaudio.codec.model import CodecConfig, CodecModel
from genaudio.renderer import latents as latents_module
from genaudio.renderer.latents import KeptLatents
from genaudio.renderer.takes import TeacherTakes, coded
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE, Performance, TeacherSet

NOTES = (Sounding(0.1, 0.9, 60, 100), Sounding(0.5, 1.8, 67, 80))
AUDIO = np.random.default_rng(0).integers(-9000, 9000, (2, 2 * SAMPLE_RATE)).astype(np.int16)


def takes(audio: np.ndarray = AUDIO, notes: tuple[Sounding, ...] = NOTES, family: str = "piano") -> TeacherTakes:
    return TeacherTakes(
        TeacherSet(audio, (Performance(family, "melody", notes), Performance("drums", "groove", notes)))
    )


@pytest.fixture
def codec() -> Codec:
    torch.manual_seed(0)
    config = CodecConfig(width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=2, bins=16)
    model = CodecModel(config, 64).train()
    with torch.no_grad():
        model.quantizer.vq(torch.randn(4, 8, 64))
    return Codec(model, torch.device("cpu"), digest="a" * 64)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The takes that are coded."""
    calls: list[int] = []

    def count(given: TeacherTakes, take: int, codec: Codec) -> torch.Tensor:
        calls.append(take)
        return coded(given, take, codec)

    monkeypatch.setattr(latents_module, "coded", count)
    return calls


def test_they_are_coded_once(codec: Codec, counted: list[int], tmp_path: Path) -> None:
    first = [KeptLatents(tmp_path / "kept", codec)(takes(), take) for take in (0, 1)]
    again = [KeptLatents(tmp_path / "kept", codec)(takes(), take) for take in (0, 1)]
    assert counted == [0, 1]
    for take, (one, other) in enumerate(zip(first, again, strict=True)):
        assert one.dtype == torch.float16
        assert torch.equal(one, other)
        assert torch.equal(one, coded(takes(), take, codec))
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_what_changes_them_is_coded_anew(
    codec: Codec, counted: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    KeptLatents(tmp_path, codec)(takes(), 0)
    touched = AUDIO.copy()
    touched[0, -1] += 1
    for other in (takes(touched), takes(notes=NOTES[:1]), takes(family="harp")):
        KeptLatents(tmp_path, codec)(other, 0)
    KeptLatents(tmp_path, Codec(codec.model, codec.device, digest="b" * 64))(takes(), 0)
    assert len(counted) == 5
    latents_module._excited.cache_clear()
    monkeypatch.setattr(latents_module, "perform", lambda *given, made=latents_module.perform: 2 * made(*given))
    KeptLatents(tmp_path, codec)(takes(), 0)
    latents_module._excited.cache_clear()
    assert len(counted) == 6, "a family that is excited otherwise"


def test_a_take_of_another_number_is_the_same(codec: Codec, counted: list[int], tmp_path: Path) -> None:
    KeptLatents(tmp_path, codec)(takes(), 0)
    whole = takes().teacher
    swapped = TeacherTakes(replace(whole, audio=AUDIO[::-1], performances=whole.performances[::-1]))
    KeptLatents(tmp_path, codec)(swapped, 1)
    assert counted == [0]
