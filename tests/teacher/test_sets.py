"""The sets of a training, side by side in one folder."""

from pathlib import Path

import pytest

from genaudio.teacher import TeacherRecipe, sets
from genaudio.teacher.dataset import TeacherSet


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    calls: list[tuple] = []

    def make(recipe: TeacherRecipe, melodies: list, folder: Path, gains: dict | None = None) -> TeacherSet:
        calls.append((recipe, len(melodies), folder, gains))
        return TeacherSet(None, (), {"violin": recipe.clips / 10})

    monkeypatch.setattr(sets, "make_teacher_set", make)
    return calls


def test_held_out_audio_is_as_loud_as_what_is_learnt(made: list[tuple]) -> None:
    learnt, measured = TeacherRecipe(5), TeacherRecipe(2, split="test")
    sets.teacher_sets(learnt, measured, Path("data"))
    (first, tunes, _, none), (second, others, _, gains) = made
    assert (first, second, none, gains) == (learnt, measured, None, {"violin": 0.5})
    assert tunes > others > 100


def test_sets_of_other_recipes_lie_beside(made: list[tuple]) -> None:
    for clips in (5, 6, 5):
        sets.teacher_sets(TeacherRecipe(clips), TeacherRecipe(2, split="test"), Path("data"))
    folders = [folder for _, _, folder, _ in made]
    assert folders[:2] == folders[4:]
    assert len(set(folders)) == 4, "held-out audio as loud as another set's is another set"
    assert {folder.parent for folder in folders} == {Path("data")}
    assert [folder.name.rsplit("-", 1)[0] for folder in folders[:2]] == ["teacher", "held-out"]


def test_a_set_by_itself_is_the_one_of_a_training(made: list[tuple]) -> None:
    sets.teacher_sets(TeacherRecipe(5), TeacherRecipe(2, split="test"), Path("data"))
    sets.teacher_set(TeacherRecipe(5), Path("data"))
    assert made[0] == made[2]
