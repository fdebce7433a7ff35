"""Learning from what other models predict."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from genaudio.corpus import TrainingWork
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.melody import MelodyRecipe, train_melody
from genaudio.melody.build import load_model, pitch_table
from genaudio.melody.dataset import Batch, collate, make_example
from genaudio.melody.grammar import Grammar
from genaudio.melody.loss import Teaching, likelihood, predict, predict_together
from genaudio.melody.train import Progress
from genaudio.melody.transformer import MelodyTransformer, Shape
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Melody

from .conftest import TINY, tune
from .test_train import RECIPE

TAUGHT = replace(RECIPE, distillation=0.8)


@pytest.fixture
def batch(vocabulary: Vocabulary, grammar: Grammar, jig: Melody) -> Batch:
    short = make_example(tune([62, 64, 66, 67]), vocabulary, grammar, "reel")
    return collate([make_example(jig, vocabulary, grammar, "jig"), short], vocabulary)


@pytest.fixture
def tables(grammar: Grammar) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(grammar.table), pitch_table(grammar)


def test_several_models_predict_the_mean_of_their_probabilities(
    model: MelodyTransformer, vocabulary: Vocabulary, batch: Batch, tables: tuple[torch.Tensor, torch.Tensor]
) -> None:
    torch.manual_seed(7)
    other = MelodyTransformer(vocabulary, replace(TINY, width=16, layers=1)).eval()
    together = predict_together([model, other], batch, *tables)
    each = [predict(one, batch, *tables) for one in (model, other)]
    for name in ("rhythm", "pitch"):
        mean = (getattr(each[0], name).exp() + getattr(each[1], name).exp()) / 2
        assert torch.allclose(getattr(together, name).exp(), mean, atol=1e-6)
        assert torch.allclose(mean.sum(-1), torch.ones(()), atol=1e-5)


def test_a_model_that_is_its_own_teacher_pays_its_entropy(
    model: MelodyTransformer, batch: Batch, tables: tuple[torch.Tensor, torch.Tensor]
) -> None:
    own = predict_together([model], batch, *tables)
    plain = likelihood(model, batch, *tables)
    whole = likelihood(model, batch, *tables, teaching=Teaching(own, 1.0))
    half = likelihood(model, batch, *tables, teaching=Teaching(own, 0.5))
    p = own.rhythm[0, 3].exp()
    entropy = -sum(x * math.log(x) for x in p.tolist() if x > 0)
    assert whole.rhythm[0, 3].item() == pytest.approx(entropy, abs=1e-5)
    assert torch.allclose(half.pitch, (plain.pitch + whole.pitch) / 2, atol=1e-5)
    assert whole.pitch[1, 5].item() == whole.rhythm[1, 5].item() == 0.0, "padding costs nothing"


def test_a_pupil_comes_nearer_to_its_teachers(works: list[TrainingWork], tmp_path: Path) -> None:
    teachers = [
        train_melody(
            replace(RECIPE, seed=seed, shape=Shape(24, 1, 2, 32)), tmp_path / str(seed), device="cpu", works=works
        )
        for seed in (1, 2)
    ]
    seen: list[Progress] = []
    recipe = replace(TAUGHT, steps=30, evaluate_every=10, distillation=1.0)
    path = train_melody(
        recipe, tmp_path / "pupil", device="cpu", on_progress=seen.append, works=works, teachers=teachers
    )
    assert seen[-1].bits < seen[0].bits, "learnt from the teachers alone"
    training = load_model(path)[1]["training"]
    assert training["recipe"]["distillation"] == 1.0
    assert [len(digest) for digest in training["teachers"]] == [64, 64]


def test_teachers_that_cannot_teach_are_refused(works: list[TrainingWork], tmp_path: Path) -> None:
    teacher = train_melody(replace(RECIPE, steps=4), tmp_path / "teacher", device="cpu", works=works)
    with pytest.raises(GenaudioError, match="distillation is 0"):
        train_melody(RECIPE, tmp_path / "a", device="cpu", works=works, teachers=[teacher])
    with pytest.raises(IncompatibleError, match="another alphabet"):
        train_melody(TAUGHT, tmp_path / "b", device="cpu", works=[*works[:2], works[11]], teachers=[teacher])
    with pytest.raises(GenaudioError, match="distillation must be from 0 to 1"):
        replace(RECIPE, distillation=1.5)


def test_without_teachers_the_share_changes_nothing(works: list[TrainingWork], tmp_path: Path) -> None:
    recipes: list[MelodyRecipe] = [replace(RECIPE, steps=4), replace(TAUGHT, steps=4)]
    states = [
        load_model(train_melody(recipe, tmp_path / str(number), device="cpu", works=works))[0].state_dict()
        for number, recipe in enumerate(recipes)
    ]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
