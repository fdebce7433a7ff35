"""Forms such as AABA: sections of equal length, of which those with the same letter are the same. Needs no torch.

Sections follow one another at whole numbers of bars, each with its own pickup, so that a section ends as short as the
next one's pickup is long. Where the last section has been heard before, its last bar is its own: a real ending.
"""

from __future__ import annotations

import re
from dataclasses import replace

from genaudio.errors import GenaudioError
from genaudio.melody.contrast import Contrast, Fresh
from genaudio.melody.grammar import Frame
from genaudio.melody.plan import Copy, Plan

USUAL_BARS = 8
"""Bars of a section where the number of bars is not wished."""
MOST_SECTIONS = 16


def parse_form(text: str) -> str:
    """Return a form in capital letters, such as ``AABB``.

    Raises:
        GenaudioError: it is no row of 1 to 16 letters.
    """
    form = re.sub(r"[\s\-|,.]+", "", text).upper()
    if not re.fullmatch(rf"[A-Z]{{1,{MOST_SECTIONS}}}", form):
        raise GenaudioError(f"{text!r} is no form; write 1 to {MOST_SECTIONS} letters, one a section, such as AABA")
    return form


def check_bars(form: str, bars: int, most: int) -> list[str]:
    """Return what is wrong with a number of bars for a form, naming numbers that fit."""
    sections = len(form)
    if bars % sections == 0:
        return []
    lower = bars // sections * sections
    fitting = [str(number) for number in (lower, lower + sections) if 0 < number <= most]
    return [
        f"the form {form} has {sections} sections of equal length, into which {bars} bars cannot be divided; wish "
        f"{' or '.join(fitting)}"
    ]


def lay_form(form: str, frame: Frame, plan: Plan) -> tuple[Frame, Plan]:
    """Return a frame and a plan in which the sections of a form repeat.

    Args:
        form: letters, their number a divisor of the frame's bars.
        frame: the bar lines, by custom ``bars x bar_ticks`` long.
        plan: what is settled otherwise.
    """
    length = frame.bars // len(form) * frame.bar_ticks
    copies, fresh, ending = [], [], None
    for place, letter in enumerate(form):
        start, end, back = place * length, (place + 1) * length, (place - form.index(letter)) * length
        if not back:
            backs = tuple((place - form.index(other)) * length for other in sorted(set(form[:place])))
            fresh += [Fresh(start, end, backs)] if backs else []
            continue
        if place + 1 == len(form) and length > frame.bar_ticks:
            end = frame.pickup + (frame.bars - 1) * frame.bar_ticks
            ending = (end, back)
        copies.append(Copy(start, end, back))
    stops = tuple(place * length for place in range(1, len(form)))
    contrast = Contrast(tuple(fresh)) if fresh else None
    return replace(frame, stops=stops), replace(plan, copies=tuple(copies), ending=ending, contrast=contrast)
