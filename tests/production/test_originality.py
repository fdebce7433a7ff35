"""Nearness to works, with values worked out by hand, and its account for several groups."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from checks import Screener
from checks.line import Line
from genaudio.corpus import TrainingWork
from genaudio.errors import GenaudioError
from genaudio.melody.wish import Wish
from genaudio.production.closeness import (
    MEASURES,
    by_length,
    cardinality_score,
    difference,
    distribution,
    longest_runs,
    measure,
)
from genaudio.production.originality import compose_like, evaluate_originality, flagged_shares
from genaudio.score import Key, Melody, Metre, Note
from tests.production.doubles import random_tune


def tune(pitches: list[int], quarters: float = 0.5) -> Melody:
    return Melody([Note(place * quarters, quarters, pitch) for place, pitch in enumerate(pitches)])


WORK = [60, 64, 61, 67, 62, 69, 65, 70, 60, 63]


@pytest.mark.parametrize(
    ("melody", "with_rhythm", "intervals_alone"),
    [
        (tune(WORK), 10, 10),
        (tune([pitch - 7 for pitch in WORK], 0.25), 10, 10),
        (tune([60, *WORK[2:8], 90]), 6, 6),
        (tune([60, 72, 84, 96, 108]), 0, 0),
        (Melody([Note(0, 1, 64), Note(1, 0.5, 61), Note(1.5, 0.5, 67), Note(2, 0.5, 62), Note(2.5, 0.5, 69)]), 4, 5),
        (tune([60, 64]), 0, 0),
    ],
)
def test_longest_run_by_hand(melody: Melody, with_rhythm: int, intervals_alone: int) -> None:
    works = Line.of([tune([50, 55, 48, 59]), tune(WORK)])
    assert longest_runs(Line.of([melody]), works).tolist() == [with_rhythm]
    assert longest_runs(Line.of([melody]), works, rhythm=False).tolist() == [intervals_alone]


def test_cardinality_score_by_hand() -> None:
    work = Line.of([tune([60, 62, 64, 65, 67])])
    # every second note of the work, a fifth higher and later; one of four notes is beside it
    query = Line.of([Melody([Note(3, 1, 67), Note(4, 1, 71), Note(5, 1, 74), Note(6, 1, 90)])])
    assert cardinality_score(query, work) == 0.75
    assert cardinality_score(query, Line.of([Melody([])])) == 0.0


def test_a_copy_is_nearest_in_every_measure(protected) -> None:
    copy, other = random_tune(3), random_tune(900)
    measured, verdicts = measure([copy, other], Screener(protected))
    assert verdicts == ["match", "clear"]
    assert tuple(measured) == MEASURES
    assert [measured[name][0] for name in MEASURES[1:]] == [64, 64, 1.0, 1.0]
    assert all(values[1] < values[0] / 2 for values in measured.values())


def test_quantiles_and_their_intervals() -> None:
    values = np.append(np.arange(101.0), np.nan)
    found = distribution(values, np.random.default_rng(0))
    assert found["melodies"] == 101
    assert [found[name][0] for name in ("median", "p90", "p95", "p99", "max")] == [50, 90, 95, 99, 100]
    value, low, high = found["median"]
    assert low < value < high < 65
    assert found == distribution(values, np.random.default_rng(0))
    assert distribution(np.array([np.nan]), np.random.default_rng(0)) == {"melodies": 0}


def test_what_is_nearer_than_people_is_told_from_chance() -> None:
    generator = np.random.default_rng(1)
    people, alike, nearer = generator.normal(30, 3, 300), generator.normal(30, 3, 300), generator.normal(36, 3, 300)
    value, low, high = difference(alike, people, generator)["median"]
    assert low < 0 < high
    value, low, high = difference(nearer, people, generator)["median"]
    assert 4 < low < value < high < 8
    assert difference(np.zeros(0), people, generator) == {}


def test_melodies_of_like_lengths_are_compared() -> None:
    lengths = (63, 64, 127, 128)
    line = Line.of(tune([60 + place % 7 for place in range(length)]) for length in lengths)
    found = by_length(line, {"run": np.array([1.0, 3.0, 5.0, 7.0]), "bits": np.array([np.nan, 2.0, np.nan, 4.0])})
    assert found["0-63 notes"] == {"melodies": 1, "run": [1.0, 1.0]}
    assert found["64-127 notes"] == {"melodies": 2, "run": [4.0, 4.9], "bits": [2.0, 2.0]}
    assert found["128 notes and more"]["melodies"] == 1


def test_flagged_shares() -> None:
    shares = flagged_shares(["clear", "match", "review", "clear", "not-screened"])
    assert shares == {"tunes": 5, "clear": 2, "review": 1, "match": 1, "not-screened": 1, "flagged": 0.5}
    assert flagged_shares([])["flagged"] is None


def test_groups_are_set_beside_people(protected) -> None:
    told = []
    people = [random_tune(seed) for seed in range(900, 910)]
    found = evaluate_originality(
        {"copies": [random_tune(0), random_tune(1)], "new": [random_tune(800)]},
        people,
        Screener(protected),
        tell=lambda share, what: told.append(share),
    )
    assert list(found) == ["copies", "new", "held_out_by_people"]
    assert [found[name]["match"] for name in found] == [2, 0, 0]
    assert found["copies"]["notes"] == 64.0
    assert found["copies"]["closeness"]["run"]["median"] == [64.0, 64.0, 64.0]
    assert found["copies"]["beyond_people"]["run"]["median"][1] > 40
    assert "beyond_people" not in found["held_out_by_people"]
    assert told == [number / 13 for number in range(1, 14)]


@dataclass
class Wished:
    """Remembers the wishes."""

    wishes: list[Wish] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)

    def compose_each(self, wishes: list[Wish], seeds: list[int]) -> list[Melody]:
        self.wishes, self.seeds = list(wishes), list(seeds)
        return [random_tune(seed % 1000) for seed in seeds]


def work_of(style: str, metre: Metre, bars: int) -> TrainingWork:
    melody = Melody([Note(0, bars * metre.bar_ticks / 480, 62)], metre=metre, key=Key(2, "dorian"))
    return TrainingWork(style, style, style, "test", "none", style, "test", (), melody)


def test_tunes_are_composed_like_those_of_people() -> None:
    composer = Wished()
    works = [work_of("reel", Metre(4, 4), 16), work_of("air", Metre(3, 4), 200), work_of("jig", Metre(6, 8), 8)]
    tunes = compose_like(composer, works, seed=5, count=3, guard=0.5)
    assert len(tunes) == 3
    found = [(wish.style, wish.key, wish.metre, wish.bars, wish.guard) for wish in composer.wishes]
    reel, jig = ("reel", "D dorian", "4/4", 16, 0.5), ("jig", "D dorian", "6/8", 8, 0.5)
    assert found == [reel, jig, reel]  # no wish can ask for 200 bars
    assert composer.seeds[0] == 5
    assert len(set(composer.seeds)) == 3
    with pytest.raises(GenaudioError, match="1 or more, not 0"):
        compose_like(composer, works, count=0)
    with pytest.raises(GenaudioError, match="no held-out tunes"):
        compose_like(composer, works[1:2])
