"""A copy guard's place in sampling: what it is told, and that what it holds back is avoided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genaudio.melody import Composer, Wish, evaluate_melodies
from genaudio.melody.draft import Draft, Taste
from genaudio.melody.guard import NONE, Nats, Steering, Whole, held_back
from genaudio.melody.sampling import Sampler
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Melody
from tests.melody.conftest import tune
from tests.melody.test_sampling import draft


class Spy:
    """Holds one pitch back, and remembers what it was asked."""

    reach = 3

    def __init__(self, pitch: int = 0, nats: float = 0.0) -> None:
        self.pitch, self.nats = pitch, nats
        self.asked: list[tuple[list[list[int]], list[list[int]], list[int]]] = []

    def penalties(self, pitches: Whole, onsets: Whole, ticks: Whole) -> Nats:
        self.asked.append((pitches.tolist(), onsets.tolist(), ticks.tolist()))
        out = np.zeros((len(pitches), 128))
        out[:, self.pitch] = self.nats
        return out


def pitches_of(drafts: list[Draft]) -> set[int]:
    return {event.pitch for one in drafts for event in one.events if event.pitch is not None}


def test_the_guard_hears_the_last_notes_of_each_row(model, vocabulary: Vocabulary) -> None:
    spy, rows = Spy(), [draft(model, number, taste=Taste(guard=1.0)) for number in (0, 7)]
    steering = Steering(spy, rows, vocabulary)

    def hear(row: int, pitch: int, tick: int) -> None:
        number = vocabulary.pitch_number(pitch, rows[row].tonic)
        steering.hear(np.array([row]), np.array([number]), np.array([tick]))

    steering.penalties(np.array([0, 0]))
    for pitch, tick in ((60, 0), (64, 840)):
        hear(0, pitch, tick)
    steering.penalties(np.array([1320, 0]))
    for pitch, tick in ((65, 1320), (67, 1560)):
        hear(0, pitch, tick)
    hear(1, 71, 0)
    steering.keep(np.array([1, 0]))
    steering.penalties(np.array([480, 1800]))
    nothing = [NONE, NONE, NONE]
    assert spy.asked == [
        ([nothing, nothing], [[0, 0, 0], [0, 0, 0]], [0, 0]),
        ([[NONE, 60, 64], nothing], [[0, 0, 840], [0, 0, 0]], [1320, 0]),
        ([[NONE, NONE, 71], [64, 65, 67]], [[0, 0, 0], [840, 1320, 1560]], [480, 1800]),
    ]


def test_rests_and_ties_count_in_the_onsets_that_the_guard_hears(tiny_composer: Composer) -> None:
    """What it is asked before the last note is what was written."""
    spy = Spy()
    composer = Composer(tiny_composer.model, tiny_composer.config, "cpu", spy)
    melody = composer.compose(Wish(bars=8, guard=1.0), 3)[0]
    last = melody.notes[-4:]
    pitches, onsets, ticks = spy.asked[-1]
    assert pitches == [[note.pitch for note in last[:-1]]]
    assert onsets == [[note.onset_ticks for note in last[:-1]]]
    assert ticks == [last[-1].onset_ticks]


def test_penalties_stand_at_the_relative_pitches_times_the_strength(model, vocabulary: Vocabulary) -> None:
    rows = [draft(model, number, taste=Taste(guard=strength)) for number, strength in ((2, 0.5), (9, 0.0), (0, 2.0))]
    found = Steering(Spy(69, 3.0), rows, vocabulary).penalties(np.zeros(3, np.int64))
    assert found is not None
    for row, (one, nats) in enumerate(zip(rows, (1.5, 0.0, 6.0), strict=True)):
        assert found[row].sum() == found[row, vocabulary.pitch_number(69, one.tonic)] == nats


def test_what_is_held_back_is_avoided_and_strength_decides(model, grammar) -> None:
    plain = [draft(model, number) for number in range(8)]
    Sampler(model, grammar).write(plain)
    heard = [event.pitch for one in plain for event in one.events if event.pitch is not None]
    favourite = max(set(heard), key=heard.count)
    guard = Spy(favourite, 1000.0)
    for strength, avoided in ((1.0, True), (0.0, False)):
        rows = [draft(model, number, taste=Taste(guard=strength)) for number in range(8)]
        Sampler(model, grammar, guard=guard).write(rows)
        assert (favourite not in pitches_of(rows)) == avoided
        if not avoided:
            assert [one.events for one in rows] == [one.events for one in plain]


def test_a_strength_of_0_asks_no_guard(model, grammar) -> None:
    spy = Spy()
    Sampler(model, grammar, guard=spy).write([draft(model, 1)])
    assert spy.asked == []


def test_a_guarded_tune_is_the_same_alone_and_among_others(model, grammar) -> None:
    sampler = Sampler(model, grammar, guard=Spy(62, 2.0))
    many = [draft(model, number, taste=Taste(guard=0.5 * (number % 3))) for number in range(18)]
    sampler.write(many)
    for number in (0, 1, 17):
        alone = draft(model, number, taste=Taste(guard=0.5 * (number % 3)))
        sampler.write([alone])
        assert alone.events == many[number].events


class Everything:
    """Holds every pitch back alike, as strongly as a number can say."""

    reach = 1

    def penalties(self, pitches: Whole, onsets: Whole, ticks: Whole) -> Nats:
        return np.full((len(pitches), 128), 1e300)


def test_there_is_no_dead_end_even_where_everything_is_held_back(model, grammar) -> None:
    rows = [draft(model, number, taste=Taste(0.95, 0.97, 0.02, guard=10.0)) for number in range(6)]
    for one in rows:
        one.closed = True
    Sampler(model, grammar, guard=Everything()).write(rows)
    for one in rows:
        last = [event.pitch for event in one.events if event.pitch is not None][-1]
        assert (last - one.tonic) % 12 == 0
        assert sum(event.duration for event in one.events) == one.frame.end


def test_a_wish_carries_the_strength(tiny_composer: Composer) -> None:
    wish = Wish(bars=8, guard=2.0)
    plain = tiny_composer.compose(wish, 3)[0]
    spy = Spy(plain.pitches[0], 1000.0)
    guarded = Composer(tiny_composer.model, tiny_composer.config, "cpu", spy)
    assert plain.pitches[0] not in guarded.compose(wish, 3)[0].pitches
    assert guarded.compose(replace(wish, guard=0), 3) == tiny_composer.compose(replace(wish, guard=0), 3) == [plain]


def test_given_notes_are_kept_and_heard(tiny_composer: Composer) -> None:
    from genaudio.melody import Given

    given = tune([62, 66, 69, 66, 74, 73, 71, 69])
    spy = Spy(69, 1000.0)
    composer = Composer(tiny_composer.model, tiny_composer.config, "cpu", spy)
    melody = composer.compose(Wish(bars=8, guard=1.0), 3, given=Given(given))[0]
    assert melody.pitches[:8] == given.pitches  # 69 is held back, and yet the user's own
    assert 69 not in melody.pitches[8:-1]
    assert spy.asked[0][0] == [[73, 71, 69]]
    changed = composer.compose(Wish(guard=1.0), 3, given=Given(given, (2, 2)))[0]
    assert [note for note in changed.notes if note.onset < 2] == [note for note in given.notes if note.onset < 2]


def test_a_finished_melody_is_weighed_note_by_note() -> None:
    spy = Spy(60, 2.0)
    found = held_back(spy, np.array([64, 60, 62, 65]), np.array([0, 240, 480, 960]))
    assert found.shape == (4, 128)
    assert spy.asked == [
        (
            [[NONE, NONE, NONE], [NONE, NONE, 64], [NONE, 64, 60], [64, 60, 62]],
            [[0, 0, 0], [0, 0, 0], [0, 0, 240], [0, 240, 480]],
            [0, 240, 480, 960],
        )
    ]


def cost(model, melodies: list[Melody], guard: Spy | None, strength: float = 1.0) -> float:
    return evaluate_melodies(model, melodies, guard=guard, strength=strength).bits_per_pitch


def test_likelihood_under_a_guard(model) -> None:
    melodies = [tune([62, 66, 69, 66, 62, 66, 69, 62])]
    plain = cost(model, melodies, None)
    assert cost(model, melodies, Spy(66, 5.0), 0.0) == plain
    assert cost(model, melodies, Spy(65, 5.0)) < plain  # what it never has costs nothing, and leaves more for the rest
    assert cost(model, melodies, Spy(66, 5.0)) > plain
    everywhere = Everything()
    everywhere.penalties = lambda pitches, onsets, ticks: np.full((len(pitches), 128), 7.0)  # type: ignore[method-assign]
    assert cost(model, melodies, everywhere) == pytest.approx(plain, abs=1e-4)  # type: ignore[arg-type]
