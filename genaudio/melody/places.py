"""Where a played note stands: the places of the grid to which what is a little off belongs.

Notation programs shorten every note they export, and players are never quite on time. What stands on the grid of 1/16
quarter notes and of triplets is left alone; the rest belongs to the nearest place of a semiquaver or a quaver triplet,
failing that of a demisemiquaver or a semiquaver triplet, if that is near enough.
"""

from __future__ import annotations

GRIDS = (((120, 160), 20), ((60, 80), 10))
"""Ticks between places, and by how many a note may be off: semiquavers and quaver triplets; demisemiquavers and
semiquaver triplets, so strictly that quintuplets are neither."""
SEMIQUAVER = 120
EXACT = (30, 40)
"""What is a multiple of one of these is taken as it is."""


def placed(tick: int) -> int | None:
    """Return the place that a tick stands for, or None where it is near to none."""
    if any(tick % step == 0 for step in EXACT):
        return tick
    for steps, near in GRIDS:
        nearest = min((round(tick / step) * step for step in steps), key=lambda place: abs(place - tick))
        if abs(nearest - tick) <= near:
            return nearest
    return None
