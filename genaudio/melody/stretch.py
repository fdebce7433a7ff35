"""A tune written in twice or half its note values: the same music, as another collection may have notated it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from genaudio.score import Melody, Metre

if TYPE_CHECKING:
    from genaudio.corpus import TrainingWork

OTHERWISE = {"2/4": ("4/4", 2.0), "4/4": ("2/4", 0.5), "2/2": ("2/4", 0.5), "3/8": ("3/4", 2.0)}
"""For a metre the one in which its tunes are written too, and by what their note values change."""


def stretch(melody: Melody) -> Melody | None:
    """Return a melody in the other metre, with as many bars, or None where there is no other."""
    metre, factor = OTHERWISE.get(str(melody.metre), (None, 1.0))
    if metre is None:
        return None
    notes = (replace(n, onset=n.onset * factor, duration=n.duration * factor) for n in melody.notes)
    return replace(melody, notes=tuple(notes), metre=Metre.parse(metre), pickup=melody.pickup * factor)


def stretched(works: Iterable[TrainingWork]) -> list[TrainingWork]:
    """Return the works of a list that can be written otherwise, written so."""
    pairs = ((work, stretch(work.melody)) for work in works)
    return [replace(work, melody=melody) for work, melody in pairs if melody is not None]
