"""The two sets of teacher audio that every training needs: one to learn from, one from other tunes to measure on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from genaudio.corpus import load_works
from genaudio.teacher.dataset import TeacherRecipe, TeacherSet, make_teacher_set


def teacher_sets(teacher: TeacherRecipe, held_out: TeacherRecipe, folder: Path) -> tuple[TeacherSet, TeacherSet]:
    """Make or open training audio and held-out audio in a folder, each from the works of its recipe's split.

    Both are equally loud: the held-out clips of a family have the gain of its training clips.

    Raises:
        GenaudioError: as `make_teacher_set`.
    """

    def one(recipe: TeacherRecipe, name: str, gains: Mapping[str, float] | None = None) -> TeacherSet:
        return make_teacher_set(recipe, [work.melody for work in load_works(recipe.split)], folder / name, gains=gains)

    learnt = one(teacher, "teacher")
    return learnt, one(held_out, "held-out", learnt.gains)
