"""Means of renderers."""

from pathlib import Path

import pytest
import torch

from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.renderer.average import average_renderers, main
from genaudio.renderer.model import ScoreModel, ScoreModelConfig
from genaudio.weights import load_weights, save_weights


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two of one codec, and one of another."""
    paths = [tmp_path / f"{number}.safetensors" for number in range(3)]
    config = ScoreModelConfig(width=16, dilations=(1,))
    for number, path in enumerate(paths):
        torch.manual_seed(number)
        save_weights(path, ScoreModel(config).state_dict(), {**config.to_json(), "codec": "ab"[number // 2] * 64})
    return paths


def test_the_mean_is_weighted(files: list[Path], tmp_path: Path) -> None:
    assert main([*map(str, files[:2]), "--shares", "3", "1", "--out", str(tmp_path / "mean")]) == 0
    (mean, config), (one, first), (other, _) = (
        load_weights(path, "renderer") for path in (tmp_path / "mean", *files[:2])
    )
    assert config == first
    assert any(not torch.equal(one[name], other[name]) for name in one)
    for name, tensor in mean.items():
        torch.testing.assert_close(tensor, 0.75 * one[name] + 0.25 * other[name], atol=1e-3, rtol=1e-3)


def test_what_has_no_mean_is_refused(files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(IncompatibleError, match=r"2\.safetensors are of other"):
        average_renderers(files, None, tmp_path / "mean")
    with pytest.raises(GenaudioError, match="more than 0"):
        average_renderers(files[:2], [1.0, 0.0], tmp_path / "mean")
    with pytest.raises(GenaudioError, match="for 0"):
        average_renderers([], None, tmp_path / "mean")
    assert main([str(files[0]), "--shares", "1", "2", "--out", str(tmp_path / "mean")]) == 2
    assert "for 1" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()
