"""Alignments against cases worked out by hand, and against a plain loop."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.alignment import Costs, Gains, align, scores
from checks.background import NO_RATIO, Notes

COSTS = Costs(mismatch=2.0, gap=2.0, rhythm_weight=1.0, rhythm_mismatch=0.5)


def notes(pitches, ratios=None, bits=1.0, starts=None):
    """Make notes of which each is worth `bits`, and its rhythm a quarter bit."""
    count = len(pitches)
    ratios = ratios if ratios is not None else [NO_RATIO] + [0] * (count - 1)
    return Notes(
        np.array(pitches, np.int16),
        np.array(ratios[:count], np.int8),
        np.full(count, bits),
        np.full(count, 0.25),
        np.array([0, count] if starts is None else starts),
    )


def test_a_passage_is_found_in_its_place():
    query, work = notes([50, 60, 62, 64, 50]), notes([71, 71, 67, 69, 71, 40])
    found = align(query, work, -7, COSTS)
    assert found.pairs == ((1, 2), (2, 3), (3, 4))
    assert found.score == 3 * 1.25  # three pitches, each with its rhythm
    assert found.identity == 1.0


def test_a_wrong_note_costs_a_mismatch():
    query, work = notes([60, 62, 64, 65, 67, 69]), notes([60, 62, 64, 66, 67, 69])
    found = align(query, work, 0, COSTS)
    assert found.matches == 5
    assert found.columns == 6
    assert found.score == 1.0 + 4 * 1.25 - 2.0  # the first note has no rhythm
    assert found.identity == 5 / 6


def test_a_step_may_cost_less_than_a_leap():
    work = notes([60, 61, 62, 63])
    costs = Costs(mismatch=4.0, gap=9.0, step=1.5)
    assert Gains(work, work.pitches, costs).row(notes([60]), 0).tolist() == [1.0, -1.5, -1.5, -4.0]


def test_an_inserted_note_costs_a_gap():
    query, work = notes([60, 62, 64, 72, 65, 67, 69]), notes([60, 62, 64, 65, 67, 69])
    found = align(query, work, 0, COSTS)
    assert found.pairs == ((0, 0), (1, 1), (2, 2), (4, 3), (5, 4), (6, 5))
    assert found.columns == 7
    assert found.score == 1.0 + 5 * 1.25 - 2.0


def test_rhythm_that_differs_costs_and_a_half_octave_is_neutral():
    work = notes([60, 60, 60], [NO_RATIO, 0, 0])
    pitches = work.pitches
    row = [Gains(work, pitches, COSTS).row(notes([60, 60], [NO_RATIO, ratio]), 1).tolist() for ratio in (0, 1, 2)]
    assert row == [[1.0, 1.25, 1.25], [1.0, 1.0, 1.0], [1.0, 0.5, 0.5]]


def test_notes_that_are_not_free_are_left_alone():
    query, work = notes([60, 62, 64, 65]), notes([60, 62, 64, 65])
    found = align(query, work, 0, COSTS, np.array([True, True, False, True]))
    assert found.pairs == ((0, 0), (1, 1))


def test_nothing_in_common_is_no_alignment():
    assert align(notes([60, 61]), notes([70, 75]), 0, COSTS).pairs == ()
    assert scores(notes([60, 61]), notes([70, 75]), np.array([0]), COSTS).tolist() == [0.0]


def test_no_path_leads_from_one_work_into_the_next():
    works = notes([60, 61, 62, 63, 64, 65], starts=[0, 3, 6])
    # with the wall between them taken for a wrong note, six notes would match
    query = notes([60, 61, 62, 99, 63, 64, 65])
    assert scores(query, works, np.array([0, 0]), COSTS).tolist() == [1.0 + 2 * 1.25, 3 * 1.25]


def plain(query, work, shift):
    """Smith and Waterman as they wrote it."""
    pitches = work.pitches + shift
    table = np.zeros((len(query) + 1, len(work) + 1))
    for row in range(len(query)):
        gains = Gains(work, pitches, COSTS).row(query, row)
        for column in range(len(work)):
            table[row + 1, column + 1] = max(
                0.0,
                table[row, column] + gains[column],
                table[row, column + 1] - COSTS.gap,
                table[row + 1, column] - COSTS.gap,
            )
    return table.max()


LINES = st.lists(st.integers(60, 64), min_size=1, max_size=14)


@settings(max_examples=60, deadline=None)
@given(LINES, st.lists(LINES, min_size=1, max_size=4), st.integers(-3, 3))
def test_rows_and_batches_agree_with_the_plain_recursion(query, works, shift):
    ends = np.cumsum([0, *(len(one) for one in works)])
    ratios = [ratio for one in works for ratio in [NO_RATIO] + [0] * (len(one) - 1)]
    together = notes([p for one in works for p in one], ratios, starts=ends)
    found = scores(notes(query), together, np.full(len(works), shift), COSTS)
    expected = [plain(notes(query), notes(one), shift) for one in works]
    assert np.allclose(found, expected)
    assert np.allclose([align(notes(query), notes(one), shift, COSTS).score for one in works], expected)
