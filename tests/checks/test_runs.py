"""Numbers of runs: equal exactly where the runs are."""

import numpy as np
import pytest

from checks.line import Line
from checks.ngrams import intervals, ratio_classes
from checks.runs import Sums, line_steps, runs, steps, with_last
from tests.checks.melodies import melody_of, random_melody

TURN = [60, 62, 59, 67, 64, 61]
UNEVEN = [1.0, 0.5, 0.5, 1.5, 0.5, 1.0]


def test_steps_by_hand():
    # intervals 2, -5; IOIs 1, .5, 1.5 quarters: half octaves of the ratios -2, 3.17
    found = steps(np.array([60, 62, 57]), np.array([0, 480, 720, 1440]))
    assert found.tolist() == [(2 + 31) * 13 - 2 + 6, (-5 + 31) * 13 + 3 + 6]


@pytest.mark.parametrize(
    ("other", "with_rhythm", "intervals_alone"),
    [
        (melody_of([pitch + 5 for pitch in TURN], UNEVEN), True, True),  # another key
        (melody_of(TURN, [2 * duration for duration in UNEVEN]), True, True),  # half the tempo
        (melody_of(TURN, [*UNEVEN[:-1], 3.0]), True, True),  # how long the last note is says no IOI
        (melody_of(TURN), False, True),
        (melody_of([*TURN[:-1], 62], UNEVEN), False, False),
    ],
)
def test_a_run_is_the_same_in_any_key_and_tempo(other, with_rhythm, intervals_alone):
    line = Line.of([melody_of(TURN, UNEVEN), other])
    for rhythm, expected in ((True, with_rhythm), (False, intervals_alone)):
        keys, places = runs(line, 6, rhythm)
        assert places.tolist() == [0, 6]
        assert (keys[0] == keys[1]) == expected


@pytest.mark.parametrize("notes", [3, 5, 9])
def test_numbers_are_equal_exactly_where_runs_are(notes):
    generator = np.random.default_rng(3)
    line = Line.of([random_melody(generator, 60) for _ in range(20)])
    pitch, ratio = intervals(line).tolist(), ratio_classes(line).tolist()
    keys, places = runs(line, notes)
    assert len(places) == 20 * (60 - notes + 1)  # none goes from one melody into the next
    spelt = [(*pitch[a : a + notes - 1], *ratio[a : a + notes - 2]) for a in places.tolist()]
    numbers = dict(zip(spelt, keys.tolist(), strict=True))
    assert [numbers[one] for one in spelt] == keys.tolist()
    assert len(set(keys.tolist())) == len(numbers) < len(spelt) + (notes > 3)


def test_what_leads_up_to_a_run_and_its_last_interval_give_its_number():
    line = Line.of([melody_of(TURN, UNEVEN)])
    contexts = Sums(line_steps(line)).hashes(np.array([0, 1]), 3)
    assert with_last(contexts, intervals(line)[[3, 4]] + 31).tolist() == runs(line, 5)[0].tolist()


def test_hashes_of_several_lengths_and_rows_at_once():
    line = Line.of([melody_of(TURN, UNEVEN)])
    found = line_steps(line)[:4]
    rows = Sums(np.stack([found, found[::-1]])).hashes(np.array([1, 2]), np.array([3, 2]))
    first, second = (Sums(found[begin:]).hashes(np.array([0]), 4 - begin)[0] for begin in (1, 2))
    assert rows[0].tolist() == [first, second]
    assert rows[1].tolist() != rows[0].tolist()


def test_melodies_too_short_have_none():
    assert len(runs(Line.of([melody_of([60, 62]), melody_of([])]), 3)[0]) == 0
    assert len(runs(Line.of([]), 3)[0]) == 0
