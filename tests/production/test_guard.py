"""The copy guard over small works made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from checks.line import Line
from genaudio.corpus import load_works, work_families
from genaudio.melody import Composer, Wish
from genaudio.melody.guard import held_back
from genaudio.production.closeness import longest_runs
from genaudio.production.guard import COMMON, REACH, RunGuard, TrainingGuard
from genaudio.score import Melody, Note
from tests.production.doubles import random_tune


def guard_of(*melodies: Melody, families: list[int] | None = None) -> RunGuard:
    return RunGuard(Line.of(melodies), np.array(families or range(len(melodies))))


def weigh(guard: RunGuard, melody: Melody) -> np.ndarray:
    line = Line.of([melody])
    return held_back(guard, line.pitches, line.onsets)


WORK = random_tune(1)


@pytest.mark.parametrize("semitones", [0, 5, -12])
@pytest.mark.parametrize("tempo", [1.0, 2.0])
def test_the_next_note_of_a_work_is_held_back_from_the_eighth_on(semitones: int, tempo: float) -> None:
    copy = replace(WORK.transposed(semitones), notes=tuple(
        replace(note, onset=note.onset * tempo, duration=note.duration * tempo)
        for note in WORK.transposed(semitones).notes
    ))  # fmt: skip
    found = weigh(guard_of(WORK, random_tune(2)), copy)
    assert not found[:7].any()
    assert (found[7:].argmax(1) == copy.pitches[7:]).all()
    assert ((found > 0).sum(1)[7:] == 1).all()  # nothing else is held back
    assert found[15].max() > found[9].max() > found[7].max() > 0  # longer runs more


def test_other_notes_and_other_rhythms_are_free() -> None:
    guard = guard_of(WORK, random_tune(2))
    assert not weigh(guard, random_tune(3)).any()
    even = [Note(0.5 * place, 0.5, pitch) for place, pitch in enumerate(WORK.pitches)]
    assert not weigh(guard, replace(WORK, notes=even)).any()


def test_what_many_families_have_is_free_and_variants_of_one_family_do_not_make_it_so() -> None:
    strengths = []
    for count in (1, 2, COMMON - 1, COMMON):
        others = [random_tune(seed) for seed in range(10, 10 + COMMON)]
        guard = guard_of(*([WORK] * count), *others[count:])
        strengths.append(weigh(guard, WORK)[20].max())
    assert strengths[0] > strengths[1] > strengths[2] > strengths[3] == 0
    variants = guard_of(*([WORK] * COMMON), *[random_tune(9)] * 0, families=[0] * COMMON)
    assert weigh(variants, WORK)[20].max() == pytest.approx(strengths[0], rel=0.2)  # a few notes more, and so less


def test_scales_and_arpeggios_of_a_work_are_nearly_free() -> None:
    scale = [60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60]
    chord = [60, 64, 67, 72, 67, 64, 60] * 3
    even = [Melody([Note(0.5 * n, 0.5, pitch) for n, pitch in enumerate(pitches)]) for pitches in (scale, chord)]
    guard = guard_of(*even, *(random_tune(seed) for seed in range(60)))
    rare = weigh(guard, random_tune(5))[:21].max(1)
    for generic in even:  # each in one family only
        held = weigh(guard, generic).max(1)
        assert not held[:11].any()
        assert (held <= rare[: len(held)] / 6).all()


def test_a_guard_of_nothing_holds_nothing_back() -> None:
    assert not weigh(guard_of(), WORK).any()
    assert not weigh(guard_of(random_tune(1, notes=5)), WORK).any()
    assert guard_of(WORK).penalties(*(np.zeros((0, REACH), np.int64),) * 2, np.zeros(0, np.int64)).shape == (0, 128)


def test_rows_do_not_depend_on_one_another() -> None:
    guard = guard_of(WORK)
    line = Line.of([WORK])
    together = held_back(guard, line.pitches, line.onsets)
    last, onsets = line.pitches[20 - REACH : 20], line.onsets[20 - REACH : 20]
    alone = guard.penalties(last[None].astype(np.int64), onsets[None].astype(np.int64), line.onsets[[20]])
    assert np.array_equal(together[20], alone[0])


@pytest.fixture(scope="module")
def memoriser() -> Composer:
    """The shipped model with all chance taken out of it: what it writes once, it writes again."""
    return Composer.load(device="cpu")


def test_a_model_that_knows_a_work_by_heart_is_steered_away_from_it(memoriser: Composer) -> None:
    wish = Wish("reel", "D", metre="4/4", bars=16, temperature=0.8, guard=4.0)
    learnt = memoriser.compose(wish, 7)[0]
    assert memoriser.compose(wish, 7)[0] == learnt
    guard = guard_of(learnt, *(random_tune(seed) for seed in range(5)))
    guarded = Composer(memoriser.model, memoriser.config, "cpu", guard)
    steered = guarded.compose(wish, 7)[0]
    assert guarded.compose(wish, 7)[0] == steered
    longest = longest_runs(Line.of([learnt, steered]), Line.of([learnt])).tolist()
    assert longest[0] == len(learnt) > 60
    assert longest[1] < 20
    assert steered.bars == 16
    assert steered.notes[-1].pitch % 12 == 2
    assert guarded.compose(replace(wish, guard=0), 7)[0] == learnt


def test_the_shipped_guard_knows_the_training_works() -> None:
    work = load_works("train")[100]
    line = Line.of([work.melody])
    found = held_back(TrainingGuard(), line.pitches, line.onsets)
    held = found[np.arange(len(line)), line.pitches]
    assert np.median(held[16:]) > 5
    assert not held[:7].any()


def test_families_are_read_without_the_notes() -> None:
    families = work_families()
    works = load_works()
    assert families == {work.id: work.family for work in works}
