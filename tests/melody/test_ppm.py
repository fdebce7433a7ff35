"""The n-gram models of the melody prediction benchmark."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from melody_ppm import IntervalPpm, Mixer, Ppm, combine


def test_orders_are_mixed_by_escape_c() -> None:
    ppm = Ppm(2, 1)
    ppm.learn_all([0, 0, 1])
    # order 0: 3 notes, 2 kinds: (2 + 2 x .5) / 5 = .6; after 0: 2 notes, 2 kinds: (1 + 2 x .6) / 4 = .55
    assert ppm.predict([]) == pytest.approx([0.6, 0.4])
    assert ppm.predict([1, 0]) == pytest.approx([0.55, 0.45])
    assert ppm.predict([1]) == pytest.approx([0.6, 0.4])  # nothing came after 1


def test_a_deterministic_context_ends_the_search() -> None:
    plain, star = Ppm(2, 2), Ppm(2, 2, deterministic=True)
    for model in (plain, star):
        model.learn_all([0, 1, 0, 1])
    # order 0: 1/2; after 1, always 0: 1 note, 1 kind: (1 + .5) / 2 = .75; after 0 1, the same again: (1 + .75) / 2
    assert star.predict([0, 1]) == pytest.approx([0.75, 0.25])
    assert plain.predict([0, 1]) == pytest.approx([0.875, 0.125])


def test_learning_note_by_note_is_learning_the_piece() -> None:
    piece, one, two = [0, 2, 1, 2, 0, 2], Ppm(3, 3), Ppm(3, 3)
    one.learn_all(piece)
    for place, symbol in enumerate(piece):
        two.learn(piece[:place], symbol)
    assert one.counts == two.counts


def test_intervals_are_the_same_in_every_key() -> None:
    model = IntervalPpm([60, 62, 64, 65, 67, 69], 2)
    model.learn_all([0, 1, 2])  # C D E: two whole tones
    p = model.predict([3, 4])  # F G: a whole tone further is A
    assert p.argmax() == 5
    assert p.sum() == pytest.approx(1)
    assert model.predict([]) == pytest.approx([1 / 6] * 6)


def test_the_surer_model_counts_more() -> None:
    sure, unsure = np.array([0.9, 0.1]), np.array([0.4, 0.6])
    # the plain geometric mean of .9, .4 against .1, .6 is .6 : .2449
    assert combine([sure, unsure], 0) == pytest.approx([0.7101, 0.2899], abs=1e-4)
    assert combine([sure, unsure], 2)[0] > 0.75


def test_a_mixer_learns_whom_to_believe() -> None:
    right, wrong = np.array([0.9, 0.1]), np.array([0.2, 0.8])
    mixer = Mixer((0.5, 0.5), 0.1)
    before = mixer.predict([right, wrong])
    assert before == pytest.approx([0.6, 0.4])  # sqrt(.18) : sqrt(.08) is 3 : 2
    mixer.learn(0)
    # log .9 - (.6 log .9 + .4 log .1) = .4 log 9 = .8789 and .4 log .25 = -.5545, a tenth of which is the step
    assert mixer.weights == pytest.approx([0.58789, 0.44455], abs=1e-5)
    assert mixer.predict([right, wrong])[0] > before[0]
