import math
from collections import Counter

import numpy as np
import pytest

from genaudio.errors import GenaudioError
from genaudio.melody.comparison import compare, density_overlap, intra_and_inter, jensen_shannon, overlap, wasserstein
from genaudio.melody.distributions import FEATURES, ORDERED, count, pooled
from genaudio.melody.phrases import approach, breaths, cadences, full_cadences, half_cadences, phrase_lengths
from genaudio.melody.qualities import QUALITIES
from genaudio.score import Key, Melody, Note

from .conftest import tune

SCALE = [62, 64, 66, 67, 69, 71, 73, 74]


def test_distances_counted_by_hand() -> None:
    one, two = {0: 0.5, 1: 0.5}, {1: 0.25, 4: 0.75}
    assert overlap(one, two) == 0.25
    assert wasserstein(one, two) == pytest.approx(0.5 * 1 + 0.75 * 3)  # half crosses 0-1, three quarters cross 1-4
    middle = {0: 0.25, 1: 0.375, 4: 0.375}
    by_hand = (0.5 * math.log2(0.5 / middle[0]) + 0.5 * math.log2(0.5 / middle[1])
               + 0.25 * math.log2(0.25 / middle[1]) + 0.75 * math.log2(0.75 / middle[4])) / 2  # fmt: skip
    assert jensen_shannon(one, two) == pytest.approx(by_hand)
    assert jensen_shannon({0: 1.0}, {1: 1.0}) == 1.0
    assert jensen_shannon(one, one) == wasserstein(one, one) == 0.0


def test_every_tune_weighs_the_same() -> None:
    assert pooled([Counter({0: 1}), Counter({0: 1, 1: 99})]) == pytest.approx({0: 0.505, 1: 0.495})


def test_densities_of_the_same_sample_overlap_wholly_and_far_ones_not() -> None:
    sample = np.random.default_rng(0).normal(size=400)
    assert density_overlap(sample, sample) == pytest.approx((1.0, 0.0))
    area, divergence = density_overlap(sample, sample + 50)
    assert area < 0.001
    assert divergence > 10
    assert density_overlap(np.ones(3), np.ones(4)) == (1.0, 0.0)


def test_a_set_that_is_too_uniform_differs_tune_by_tune_though_its_mean_is_right() -> None:
    people = [Counter({0: 9, 1: 1}), Counter({0: 1, 1: 9})] * 20
    uniform = [Counter({0: 5, 1: 5})] * 40
    assert overlap(pooled(people), pooled(uniform)) == pytest.approx(1.0)
    assert intra_and_inter(people, people)[0] > 0.9
    assert intra_and_inter(uniform, people)[0] < 0.5


def test_breaths_are_long_notes_between_shorter_ones() -> None:
    lengths = [0.5, 0.5, 0.5, 1.5, 0.5, 0.5, 0.5, 0.5, 2.0]
    onsets = np.cumsum([0.0, *lengths[:-1]])
    melody = Melody([Note(float(on), length, 62) for on, length in zip(onsets, lengths, strict=True)])
    assert breaths(melody) == [3, 8]
    assert phrase_lengths(melody) == [4, 5]
    assert phrase_lengths(Melody([Note(0.0, 1.0, 60)])) == [1]


def test_cadences_end_every_fourth_bar_before_the_next_pickup() -> None:
    # 2/4 in quavers with a quaver's pickup: bars of four notes, the last of which belongs to the next phrase
    pitches = [62, *[62 + place for place in range(31)]]
    melody = tune(pitches, pickup=0.5)
    found = dict(cadences(melody))
    assert {bar: note.onset for bar, note in found.items()} == {4: 0.5 + 14 * 0.5, 8: 0.5 + 30 * 0.5}
    assert [note.pitch for note in half_cadences(melody)] == [62 + 14]
    plain = tune(SCALE * 4)
    assert {bar: note.onset for bar, note in cadences(plain)} == {4: 7.5, 8: 15.5}
    assert [note.pitch for note in full_cadences(plain)] == [74]


def test_the_approach_is_the_last_other_step() -> None:
    assert approach(tune([62, 64, 62, 74]), Key(2)) == (2, 0)
    assert approach(tune([62, 74, 62]), Key(2)) is None


def test_features_of_a_tune_without_metre_or_key() -> None:
    melody = Melody(tune(SCALE).notes)
    told = {name: count(melody, name) for name in FEATURES}
    assert {name for name, counts in told.items() if counts is None} == {"bar_rhythm", "half_cadence", "full_cadence"}
    assert told["pitch_class"] == Counter({0: 480, 2: 240, 4: 240, 5: 240, 7: 240, 9: 240, 11: 240})  # D major is found


def test_a_set_compared_with_itself_is_the_same() -> None:
    tunes = [tune(SCALE * 4), tune(SCALE[::-1] * 4), tune([62, 66, 69, 66] * 8), tune([74, 73, 71, 69] * 8)]
    found = compare(tunes, tunes)
    assert found["tunes"] == found["reference_tunes"] == 4
    assert set(found["features"]) == set(FEATURES)
    for name, row in found["features"].items():
        assert row["overlap"] == pytest.approx(1.0), name
        assert row["jensen_shannon"] == pytest.approx(0.0, abs=1e-9), name
        assert ("wasserstein" in row) == (name in ORDERED)
    for name, row in found["qualities"].items():
        assert row["mean"] == row["reference_mean"] == pytest.approx(np.mean([QUALITIES[name](one) for one in tunes]))
        assert row["overlap"] == pytest.approx(1.0)


def test_nothing_is_said_of_bars_where_no_tune_has_a_metre() -> None:
    free, barred = [Melody(tune(SCALE).notes)] * 3, [tune(SCALE * 4)] * 3
    found = compare(free, barred)
    assert found["features"]["bar_rhythm"] == {
        "tunes": 0, "reference_tunes": 3, "overlap": None, "jensen_shannon": None, "overlapping_area": None,
        "kl_divergence": None,
    }  # fmt: skip
    assert found["qualities"]["repeated_bars"]["mean"] is None
    assert found["features"]["interval"]["overlap"] > 0.5


def test_a_comparison_needs_two_tunes_on_either_side() -> None:
    with pytest.raises(GenaudioError, match="two tunes or more on either side, not 2 and 1"):
        compare([tune(SCALE)] * 2, [tune(SCALE), Melody([])])
