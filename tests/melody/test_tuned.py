"""The fine-tuned network of the melody prediction benchmark."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from melody_tuned import Notes, Tuned, Tuning, likelier_metre, make_piece

from genaudio.melody.features import COLUMNS
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.vocabulary import Vocabulary

ALPHABET = (60, 62, 64, 65, 67)
SCALE: Notes = ((3, 1, 60), (4, 1, 62), (5, 1, 64), (6, 1, 65), (8, 0.5, 67), (8.5, 1.5, 64))


@pytest.mark.parametrize(
    ("onsets", "durations", "metre"),
    [
        ([0, 1, 2, 3], [1, 1, 1, 1], "4/4"),  # a whole bar of four, not of three
        ([0, 1, 2, 3, 4], [1, 1, 1, 1, 2], "3/4"),  # two bars of three
        ([3, 4, 5], [1, 1, 1], "4/4"),  # a first onset on the fourth beat
        ([0, 2, 3, 5, 6, 8, 9, 11], [2, 1] * 4, "3/4"),  # twelve beats are both: the long notes begin every three
    ],
)
def test_the_metre_that_a_rhythm_suggests(onsets: list[int], durations: list[int], metre: str) -> None:
    notes = tuple((onset, duration, 60) for onset, duration in zip(onsets, durations, strict=True))
    assert likelier_metre(notes) == metre


def test_pitches_alone_show_no_time(vocabulary: Vocabulary) -> None:
    piece = make_piece(SCALE, ALPHABET, vocabulary, timed=False)
    assert piece.target.tolist() == [0, 1, 2, 3, 4, 2]
    for name in ("beat", "in_beat", "bar", "phrase", "left"):
        assert len(set(piece.features[:, COLUMNS.index(name)])) == 1
    assert len(set(piece.rhythm.tolist())) == 1


def test_time_is_shown_and_a_gap_is_a_rest(vocabulary: Vocabulary) -> None:
    piece = make_piece(SCALE, ALPHABET, vocabulary, timed=True)
    assert piece.target.tolist() == [0, 1, 2, 3, -100, 4, 2]  # a rest on the last beat of the second bar
    assert piece.features[:, COLUMNS.index("beat")].tolist() == [3, 0, 1, 2, 3, 0, 0]
    assert piece.features[:, COLUMNS.index("bar")].tolist() == [0, 1, 1, 1, 1, 2, 2]


@pytest.mark.parametrize("timed", [False, True])
def test_distributions_sum_to_one_and_do_not_see_ahead(
    model: MelodyTransformer, vocabulary: Vocabulary, timed: bool
) -> None:
    other = (*SCALE[:-1], (8.5, 1.5, 60))
    pieces = [make_piece(notes, ALPHABET, vocabulary, timed) for notes in (SCALE, other)]
    tuned = Tuned(model, ALPHABET, scratch=False, seed=1)
    tuned.train(pieces, Tuning(epochs=2, batch=64, rate=1e-3, decay=0.1))
    one, two = (np.stack(tuned.distributions(piece)) for piece in pieces)
    assert one.shape == (6, 5)
    assert one.sum(1) == pytest.approx(1)
    assert one == pytest.approx(two, abs=1e-6)  # the last pitch differs, what foretold it does not


def test_training_lowers_the_cost(model: MelodyTransformer, vocabulary: Vocabulary) -> None:
    piece = make_piece(SCALE, ALPHABET, vocabulary, timed=True)
    before, after = Tuned(model, ALPHABET, False, 1), Tuned(model, ALPHABET, False, 1)
    before.average.eval()
    after.train([piece], Tuning(epochs=80, batch=64, rate=1e-2, decay=0.0))
    symbols = piece.target[piece.target >= 0]
    costs = [
        -sum(np.log2(p[x]) for p, x in zip(tuned.distributions(piece), symbols, strict=True))
        for tuned in (before, after)
    ]
    assert costs[1] < costs[0] - 1
