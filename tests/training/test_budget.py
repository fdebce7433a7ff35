"""Budgets, learning rates, checkpoints."""

from pathlib import Path

import pytest
import torch

from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.training import Budget, cosine, load_checkpoint, parse_seconds, save_checkpoint


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("25m", 1500), ("2.5h", 9000), ("1h30m", 5400)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "25", "m", "25 minutes", "-5m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(GenaudioError, match="no duration"):
        parse_seconds(text)


def test_a_budget_ends_with_the_first_limit() -> None:
    assert Budget(None, 10).fraction(5) == 0.5
    assert Budget(1000.0, 10, spent_seconds=900).fraction(1) == pytest.approx(0.9, abs=0.01)
    assert Budget(1.0, None, spent_seconds=5).fraction(0) == 1.0


@pytest.mark.parametrize(("seconds", "steps"), [(None, None), (0.0, None), (None, 0), (-1.0, 5)])
def test_a_budget_needs_a_limit(seconds: float | None, steps: int | None) -> None:
    with pytest.raises(GenaudioError):
        Budget(seconds, steps)


def test_the_rate_rises_then_falls() -> None:
    assert cosine(0.0, 0, peak=1.0, warmup=10) == pytest.approx(0.1)
    assert cosine(0.0, 9, peak=1.0, warmup=10) == pytest.approx(1.0)
    assert cosine(0.5, 100, peak=1.0, warmup=10, floor=0.0) == pytest.approx(0.5)
    assert cosine(1.0, 100, peak=1.0, warmup=10, floor=0.02) == pytest.approx(0.02)


def test_checkpoints_round_trip_and_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a" / "checkpoint.pt"
    save_checkpoint(path, {"step": 3, "w": torch.ones(2)})
    assert load_checkpoint(path)["step"] == 3
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(IncompatibleError, match="cannot be read"):
        load_checkpoint(path)
    with pytest.raises(GenaudioError, match="no checkpoint"):
        load_checkpoint(tmp_path / "none.pt")
