import numpy as np
import pytest

from genaudio.melody.dataset import IGNORED, batches, collate, condition_numbers, make_example, make_examples
from genaudio.melody.events import UnsuitableError
from genaudio.melody.features import LEFT_COLUMN, LEFT_UNKNOWN
from genaudio.melody.grammar import Grammar
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Key, Melody

from .conftest import tune


def test_conditions(vocabulary: Vocabulary) -> None:
    assert condition_numbers(vocabulary, "jig", Key(2, "dorian"), "6/8", 16) == (1, 2, 2, 4, 15)
    assert condition_numbers(vocabulary, None, None, "17/4", None) == (3, 12, 4, 7, 64)  # "anything" everywhere
    assert condition_numbers(vocabulary, "jig", None, "6/8", 100)[-1] == 63  # long tunes share a number


class OnlyUp:
    """Stands for a generator that moves every tune up by a chosen number of semitones and drops nothing."""

    def __init__(self, up: int) -> None:
        self.up = up

    def random(self, size: int | None = None) -> object:
        return 0.5 if size is None else np.full(size, 0.5)

    def integers(self, high: int) -> int:
        return self.up


@pytest.mark.parametrize("up", range(12))
def test_moving_the_key_gives_the_same_as_a_transposed_tune(
    vocabulary: Vocabulary, grammar: Grammar, jig: Melody, up: int
) -> None:
    example = make_example(jig, vocabulary, grammar, "jig")
    moved = collate([example], vocabulary, None, OnlyUp(up), drop=0.1, transpose=1.0)  # type: ignore[arg-type]
    melody = jig.transposed(up if up <= 6 else up - 12)
    expected = collate([make_example(melody, vocabulary, grammar, "jig")], vocabulary)
    assert (moved.features == expected.features).all()
    assert (moved.pitch == expected.pitch).all()
    assert (moved.conditions == expected.conditions).all()


def test_padding_is_ignored_and_cuts_keep_their_place(vocabulary: Vocabulary, grammar: Grammar, jig: Melody) -> None:
    short = make_example(tune([62, 64, 66, 67]), vocabulary, grammar, "reel")
    long = make_example(jig, vocabulary, grammar, "jig")
    batch = collate([short, long], vocabulary)
    assert batch.rhythm.shape == (2, 19)
    assert (batch.rhythm[0, 4:] == IGNORED).all()
    cut = collate([long], vocabulary, 8, np.random.default_rng(3))
    start = next(s for s in range(12) if (cut.features[0].numpy() == long.features[s : s + 8]).all())
    assert (cut.pitch[0].numpy() == long.pitch[start : start + 8]).all()


def test_hidden_length_hides_the_bars_left(vocabulary: Vocabulary, grammar: Grammar, jig: Melody) -> None:
    example = make_example(jig, vocabulary, grammar, "jig")
    batch = collate([example], vocabulary, None, np.random.default_rng(0), drop=1.0)
    assert batch.conditions.tolist() == [[3, 12, 4, 7, 64]]
    assert (batch.features[..., LEFT_COLUMN] == LEFT_UNKNOWN).all()


def test_batches_cover_an_epoch(vocabulary: Vocabulary, grammar: Grammar, works: list) -> None:
    examples, rejects = make_examples(works, vocabulary, grammar)
    assert not rejects
    groups = list(batches(examples, 40, 64, np.random.default_rng(1)))
    assert sorted(number for group in groups for number in group) == list(range(len(examples)))
    assert all(max(len(examples[number]) for number in group) * len(group) <= 40 for group in groups)


def test_a_tune_out_of_range_is_refused(vocabulary: Vocabulary, grammar: Grammar) -> None:
    with pytest.raises(UnsuitableError, match="range"):
        make_example(tune([40, 42]), vocabulary, grammar, "air")
    with pytest.raises(UnsuitableError, match="key"):
        make_example(Melody(tune([62]).notes, tune([62]).metre), vocabulary, grammar, "air")
