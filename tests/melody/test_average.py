"""Means of weights."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.melody.average import average_models, main
from genaudio.melody.build import load_model, save_model
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.vocabulary import Vocabulary

from .conftest import TINY


@pytest.fixture
def files(vocabulary: Vocabulary, tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.safetensors" for number in range(3)]
    for number, path in enumerate(paths):
        torch.manual_seed(number)
        shape = TINY if number < 2 else replace(TINY, layers=1)
        save_model(path, MelodyTransformer(vocabulary, shape), {}, {"step": number})
    return paths


def test_the_mean_is_weighted(files: list[Path]) -> None:
    mean, config = average_models(files[:2], [3, 1])
    one, other = (load_model(path)[0].state_dict() for path in files[:2])
    for name, tensor in mean.state_dict().items():
        assert torch.allclose(tensor, 0.75 * one[name] + 0.25 * other[name], atol=1e-7), name
    account = config["training"]["mean"]
    assert [(part["share"], part["training"]["step"]) for part in account] == [(0.75, 0), (0.25, 1)]


def test_what_has_no_mean_is_refused(files: list[Path]) -> None:
    with pytest.raises(IncompatibleError, match=r"2\.safetensors have other sizes"):
        average_models(files)
    with pytest.raises(GenaudioError, match=r"\[1.0\] for 2"):
        average_models(files[:2], [1.0])
    with pytest.raises(GenaudioError, match="more than 0"):
        average_models(files[:2], [1.0, 0.0])


def test_the_command_measures_and_writes(
    files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from genaudio.corpus import load_works

    works = load_works("validation")[:3]
    monkeypatch.setattr("genaudio.melody.average.load_works", lambda split: works)
    out = tmp_path / "mean.safetensors"
    assert main([*map(str, files[:2]), "--out", str(out)]) == 0
    bits = json.loads(capsys.readouterr().out)
    assert bits["bits_per_note"] > bits["bits_per_pitch"] > 0
    assert load_model(out)[1]["training"]["validation"] == bits
    assert main([*map(str, files), "--out", str(out)]) == 3
    assert "other sizes" in capsys.readouterr().err
