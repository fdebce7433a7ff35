from dataclasses import replace
from pathlib import Path

import pytest
import torch

from genaudio.corpus import TrainingWork
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.melody import Composer, MelodyRecipe, Wish, train_melody
from genaudio.melody.train import Progress, main
from genaudio.melody.transformer import Shape
from genaudio.training import load_checkpoint, load_recipe
from genaudio.weights import load_weights

ROOT = Path(__file__).parents[2]
RECIPE = MelodyRecipe(
    time_budget="", steps=16, seed=3, batch_tokens=64, length=64, learning_rate=1e-2, warmup=2, weight_decay=0.01,
    label_smoothing=0.0, average=0.8, condition_drop=0.1, transpose=0.5, evaluate_every=4, patience=10,
    precision="float32", shape=Shape(width=16, layers=1, heads=2, hidden=32, dropout=0.1, blindness=0.1),
)  # fmt: skip


@pytest.mark.parametrize("name", ["melody.yaml", "melody-gpu.yaml", "melody-pupil.yaml", "melody-own.yaml"])
def test_recipes_load(name: str) -> None:
    assert load_recipe(ROOT / "configs" / name, MelodyRecipe).shape.width % 8 == 0


def test_all_mistakes_of_a_recipe_are_named() -> None:
    with pytest.raises(GenaudioError) as caught:
        replace(RECIPE, steps=0, average=1.0, precision="int8", learning_rate=0.0, shape=Shape(width=30, heads=4))
    for part in ("steps", "average", "int8", "learning_rate", "30"):
        assert part in str(caught.value)


def test_training_lowers_the_held_out_loss_and_the_result_composes(works: list[TrainingWork], tmp_path: Path) -> None:
    seen: list[Progress] = []
    path = train_melody(RECIPE, tmp_path, device="cpu", on_progress=seen.append, works=works)
    assert [progress.step for progress in seen] == [4, 8, 12, 16]
    assert seen[-1].bits < seen[0].bits
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 4
    melody = Composer.load(path, "cpu").compose(Wish(style="reel", metre="2/4", bars=2), seed=1)[0]
    assert melody.bars == 2


def test_an_interrupted_training_goes_on(works: list[TrainingWork], tmp_path: Path) -> None:
    train_melody(replace(RECIPE, steps=8), tmp_path, device="cpu", works=works)
    path = train_melody(RECIPE, tmp_path, resume=True, device="cpu", works=works)
    assert load_checkpoint(tmp_path / "checkpoint.pt")["step"] == 16
    assert load_weights(path, "melody")[1]["training"]["step"] > 8


def test_the_same_seed_gives_the_same_weights(works: list[TrainingWork], tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps=4)
    states = [
        load_weights(train_melody(recipe, tmp_path / name, device="cpu", works=works), "melody")[0] for name in "ab"
    ]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_foreign_checkpoint_is_refused(works: list[TrainingWork], tmp_path: Path) -> None:
    recipe = replace(RECIPE, steps=4)
    train_melody(recipe, tmp_path, device="cpu", works=works)
    other = replace(recipe, shape=replace(recipe.shape, layers=2))
    with pytest.raises(GenaudioError, match="another network"):
        train_melody(other, tmp_path, resume=True, device="cpu", works=works)
    with pytest.raises(GenaudioError, match="no checkpoint"):
        train_melody(recipe, tmp_path / "empty", resume=True, device="cpu", works=works)


def test_works_without_validation_are_refused(works: list[TrainingWork], tmp_path: Path) -> None:
    with pytest.raises(GenaudioError, match="0 validation tunes"):
        train_melody(RECIPE, tmp_path, device="cpu", works=works[:10])
    with pytest.raises(GenaudioError, match="no works"):
        train_melody(RECIPE, tmp_path, device="cpu", works=[])


def test_patience_ends_a_training(works: list[TrainingWork], tmp_path: Path) -> None:
    seen: list[Progress] = []
    recipe = replace(RECIPE, learning_rate=1e-12, average=0.0, evaluate_every=1, patience=2, steps=1000)
    train_melody(recipe, tmp_path, device="cpu", on_progress=seen.append, works=works)
    assert len(seen) < 100


def test_the_command_names_a_missing_recipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(tmp_path / "none.yaml"), "--out", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_training_begins_with_given_weights(works: list[TrainingWork], tmp_path: Path) -> None:
    base = train_melody(RECIPE, tmp_path / "base", device="cpu", works=works)
    seen: list[Progress] = []
    still = replace(RECIPE, learning_rate=1e-12, steps=4, average=0.0)
    train_melody(still, tmp_path / "on", device="cpu", on_progress=seen.append, works=works, base=base)
    best = load_weights(base, "melody")[1]["training"]
    expected = best["validation_rhythm_bits"] + best["validation_pitch_bits"]
    assert seen[0].bits == pytest.approx(expected, abs=0.01)  # the file holds half precision
    other = replace(RECIPE, shape=replace(RECIPE.shape, layers=2))
    with pytest.raises(IncompatibleError, match=r"\(16, 1, 2, 32\) where the recipe has \(16, 2, 2, 32\)"):
        train_melody(other, tmp_path / "other", device="cpu", works=works, base=base)
    with pytest.raises(IncompatibleError, match="another alphabet"):
        train_melody(RECIPE, tmp_path / "fewer", device="cpu", works=[*works[:2], works[11]], base=base)
