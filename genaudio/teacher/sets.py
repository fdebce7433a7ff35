"""The two sets of teacher audio that every training needs: one to learn from, one from other tunes to measure on."""

from __future__ import annotations

from pathlib import Path

from genaudio.corpus import load_works
from genaudio.teacher.dataset import TeacherRecipe, TeacherSet, make_teacher_set


def teacher_sets(teacher: TeacherRecipe, held_out: TeacherRecipe, folder: Path) -> tuple[TeacherSet, TeacherSet]:
    """Make or open training audio and held-out audio in a folder, each from the works of its recipe's split.

    Raises:
        GenaudioError: as `make_teacher_set`.
    """

    def one(recipe: TeacherRecipe, name: str) -> TeacherSet:
        return make_teacher_set(recipe, [work.melody for work in load_works(recipe.split)], folder / name)

    return one(teacher, "teacher"), one(held_out, "held-out")
