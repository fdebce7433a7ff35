"""A model that takes on new words says of old music what it said before."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from genaudio.errors import IncompatibleError
from genaudio.melody import Composer, Wish
from genaudio.melody.build import pitch_table, save_model
from genaudio.melody.dataset import collate, condition_sizes, make_example
from genaudio.melody.grammar import Grammar
from genaudio.melody.growth import grow_model, grow_usual, grow_vocabulary, grow_weights
from genaudio.melody.loss import likelihood
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.usual import words
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Melody


@pytest.fixture
def larger(vocabulary: Vocabulary) -> Vocabulary:
    own = replace(
        vocabulary, styles=("beguine", "jig"), metres=("5/4",), modes=("lydian", "major"), notes=(100, 240),
        rests=(360,), ties=(240,), lowest=40, highest=50,
    )  # fmt: skip
    return grow_vocabulary(vocabulary, own)


def test_an_alphabet_has_what_either_has(vocabulary: Vocabulary, larger: Vocabulary) -> None:
    assert larger.styles == ("air", "beguine", "jig", "reel")
    assert larger.metres == ("2/2", "2/4", "3/4", "4/4", "5/4", "6/8", "9/8", "12/8")
    assert larger.modes == ("major", "minor", "dorian", "mixolydian", "lydian")
    assert (larger.notes[:3], larger.rests) == ((80, 100, 120), (120, 240, 360, 480))
    assert (larger.lowest, larger.highest) == (vocabulary.lowest, vocabulary.highest)


def costs(model: MelodyTransformer, melody: Melody, style: str | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rhythm and pitch costs, no rhythm being forbidden, so that alphabets of other sizes compare."""
    grammar = Grammar(model.vocabulary)
    batch = collate([make_example(melody, model.vocabulary, grammar, style)], model.vocabulary)
    found = likelihood(model, batch, torch.from_numpy(grammar.table), pitch_table(grammar))
    return found.rhythm, found.pitch


@torch.no_grad()
def test_old_music_costs_nearly_what_it_did(model: MelodyTransformer, larger: Vocabulary, jig: Melody) -> None:
    grown = grow_weights(model, larger)
    for style in ("jig", None):
        before, after = costs(model, jig, style), costs(grown, jig, style)
        assert torch.allclose(before[1], after[1], atol=1e-5), "pitches cost the same"
        assert (after[0] >= before[0] - 1e-5).all()
        assert (after[0] <= before[0] + 0.1).all(), "a rare duration takes at most a twentieth of its nearest one"


@torch.no_grad()
def test_new_rows_begin_where_they_should(model: MelodyTransformer, larger: Vocabulary) -> None:
    grown, old = grow_weights(model, larger), model.vocabulary
    place = larger.rhythm_index["note", 100]  # as far from 80 as from 120: the shorter counts
    assert torch.equal(grown.rhythm_out.weight[place], model.rhythm_out.weight[old.rhythm_index["note", 80]])
    assert grown.rhythm_out.bias[place] == model.rhythm_out.bias[old.rhythm_index["note", 80]] - 3.0
    before = model.inputs.weight[-sum(condition_sizes(old)) :][:4]  # air, jig, reel, anything
    after = grown.inputs.weight[-sum(condition_sizes(larger)) :][:5]
    expected = torch.stack([before[0], before[:3].mean(0), before[1], before[2], before[3]])
    assert torch.allclose(after, expected)


def test_ones_own_styles_are_drawn_and_the_others_are_known() -> None:
    def table(works: int, **tonics: dict[str, int]) -> dict[str, object]:
        return {"works": works, "metres": {"4/4": 1}, "modes": {"major": 1}, "bars": {"8": 1}, "tonics": tonics,
                "pickups": {}}  # fmt: skip

    base = {"*": table(5, dorian={"2": 1}), "reel": table(4), "air": table(1)}
    own = {"*": table(2, major={"7": 1}), "reel": table(2)}
    grown = grow_usual(base, own)
    assert {style: grown[style]["works"] for style in grown} == {"*": 2, "reel": 2, "air": 0}
    assert grown["*"]["tonics"] == {"dorian": {"2": 1}, "major": {"7": 1}}


def test_a_grown_model_composes_in_its_new_style(tiny_composer: Composer, larger: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "grown.safetensors"
    usual = {**tiny_composer.config["usual"], "beguine": tiny_composer.config["usual"]["reel"]}
    save_model(path, grow_weights(tiny_composer.model, larger), usual, {})
    wish = Wish(style="beguine", metre="5/4", bars=2, **words(path))
    (melody,) = Composer.load(path, "cpu").compose(wish, 1)
    assert (str(melody.metre), melody.bars) == ("5/4", 2)
    assert words(None) == {}


def test_a_foreign_alphabet_is_refused(tiny_composer: Composer, vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_model(path, tiny_composer.model, tiny_composer.config["usual"], {})
    smaller = replace(vocabulary, styles=("air",))
    with pytest.raises(IncompatibleError, match="another alphabet"):
        grow_model(path, smaller, [])
