"""Variants: what ranks works, against cases worked out by hand."""

import numpy as np
import pytest

from checks import Catalogue, Screener, Work, background
from checks.alignment import Costs, Gains, scores
from checks.candidates import Proposer
from checks.line import Line
from checks.ranking import COSTS, likeness, pitch_times, transpositions, weigh
from tests.checks.melodies import melody_of, random_melody
from tests.checks.test_alignment import notes


def test_a_mutual_match_is_worth_the_mean_of_both():
    query, work = notes([60, 62], bits=4.0), notes([60, 62], bits=2.0)
    costs = Costs(mismatch=1.0, gap=1.0, rhythm_weight=1.0, mutual=True)
    assert Gains(work, work.pitches, costs).row(query, 0).tolist() == [3.0, -1.0]
    # rhythm: a quarter bit in either
    assert Gains(work, work.pitches, costs).row(query, 1).tolist() == [-1.0, 3.25]
    assert scores(query, work, np.array([0]), costs) == scores(work, query, np.array([0]), costs) == [6.25]


def test_time_on_pitches_by_hand():
    # an eighth, a quarter, and a whole note that counts as a half: 240, 480, 960 of 1680 ticks
    times = pitch_times(Line.of([melody_of([60, 62, 64], [0.5, 1.0, 4.0])]))
    assert times[0, [60, 62, 64]].tolist() == pytest.approx([240 / 1680, 480 / 1680, 960 / 1680])
    assert times.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("shift", [-19, -12, -1, 0, 5, 24])
def test_the_transposition_is_found_for_all_works_at_once(shift):
    generator = np.random.default_rng(5)
    tunes = [random_melody(generator, 60) for _ in range(3)]
    query = Line.of([tunes[1].transposed(shift)])
    assert transpositions(query, Line.of(tunes))[1] == shift


def test_a_melody_is_wholly_like_itself_in_any_key_and_others_are_less():
    generator = np.random.default_rng(6)
    tunes = [random_melody(generator, 60) for _ in range(6)]
    tables = background.shipped()
    query, works = Line.of([tunes[2].transposed(4)]), Line.of(tunes)
    alike = likeness(weigh(tables, query), weigh(tables, works), transpositions(query, works))
    assert alike[2] == pytest.approx(1.0)
    assert (np.delete(alike, 2) < 0.6).all()
    assert COSTS.mutual


def test_long_notes_are_worth_more():
    weighed = weigh(background.shipped(), Line.of([melody_of([60, 62, 64, 62], [0.5, 0.5, 2.0, 0.5])]))
    plain = background.shipped().notes(Line.of([melody_of([60, 62, 64, 62], [0.5, 0.5, 2.0, 0.5])]))
    assert weighed.pitch_bits[1] == pytest.approx(1.25 + plain.pitch_bits[1] / 2)
    assert weighed.pitch_bits[2] == pytest.approx(2 * (1.25 + plain.pitch_bits[2] / 2))  # four times as long


def varied(melody, generator, share):
    pitches = [p + int(generator.choice([-2, 2])) if generator.random() < share else p for p in melody.pitches]
    return melody_of(pitches, [note.duration for note in melody.notes])


def test_relatives_of_the_nearest_are_moved_up(tmp_path):
    generator = np.random.default_rng(9)
    theme = random_melody(generator, 60)
    near, works = theme, []
    for step in range(6):  # each varies the one before
        near = varied(near, generator, 0.15)
        works.append(Work(f"variant {step}", melody=near))
    works += [Work(f"other {n}", melody=random_melody(generator, 60)) for n in range(40)]
    ranked = Screener(Catalogue.build(works, tmp_path / "c")).rank(theme, limit=10)
    assert {name for name, _ in ranked[:5]} >= {f"variant {n}" for n in range(4)}
    assert ranked[0][0] == "variant 0"
    assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)


def test_a_work_that_is_the_melody_comes_first_and_says_nothing_of_others(catalogue, works):
    ranked = Screener(catalogue).rank(works[5].melody.transposed(-3), limit=60)
    assert ranked[0][0] == "w5"
    assert len(ranked) == 60
    assert len({name for name, _ in ranked}) == 60


def test_few_works_are_all_compared_and_many_are_chosen_by_their_ngrams(catalogue, works):
    query = Line.of([works[7].melody])
    assert len(Proposer(catalogue).alike(query, 60)) == 60
    chosen = Proposer(catalogue).alike(query, 5)
    assert 7 in chosen.tolist()
    assert 5 <= len(chosen) < 25


def test_works_of_several_catalogues_are_ranked_together(catalogue, works, tmp_path):
    twin = Catalogue.build([Work("twin", melody=works[7].melody.transposed(5))], tmp_path / "twin")
    ranked = Screener(catalogue, twin).rank(works[7].melody, limit=3)
    assert {name for name, _ in ranked[:2]} == {"w7", "twin"}
    assert ranked[0][1] == pytest.approx(ranked[1][1], rel=0.2)
