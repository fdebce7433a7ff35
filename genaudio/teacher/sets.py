"""The two sets of teacher audio that every training needs: one to learn from, one from other tunes to measure on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from genaudio.corpus import load_works
from genaudio.teacher.dataset import TeacherRecipe, TeacherSet, make_teacher_set


def teacher_sets(teacher: TeacherRecipe, held_out: TeacherRecipe, folder: Path) -> tuple[TeacherSet, TeacherSet]:
    """Make or open training audio and held-out audio, each from the works of its recipe's split.

    Both are equally loud: the held-out clips of a family have the gain of its training clips.

    Args:
        teacher, held_out: what to make.
        folder: where sets of many recipes may lie side by side, each in a folder named after its recipe.

    Raises:
        GenaudioError: as `make_teacher_set`.
    """
    learnt = teacher_set(teacher, folder)
    return learnt, teacher_set(held_out, folder, "held-out", learnt.gains)


def teacher_set(
    recipe: TeacherRecipe, folder: Path, kind: str = "teacher", gains: Mapping[str, float] | None = None
) -> TeacherSet:
    """Make or open teacher audio from the works of its recipe's split.

    Args:
        recipe: what to make.
        folder: where sets of many recipes may lie side by side, each in a folder named after its kind and recipe.
        gains: of voices, those of another set.

    Raises:
        GenaudioError: as `make_teacher_set`.
    """
    melodies = [work.melody for work in load_works(recipe.split)]
    return make_teacher_set(recipe, melodies, folder / f"{kind}-{_digest(recipe, gains)}", gains=gains)


def _digest(recipe: TeacherRecipe, gains: Mapping[str, float] | None) -> str:
    """Eight hexadecimal digits that say which recipe a set follows from."""
    told = json.dumps([asdict(recipe), gains and dict(gains)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:8]
