"""Silence where nothing sounds: a stem is closed between its notes, when the last of them has rung out.

What the decoder gives there is at most the dither of the teacher's 16 bits, at -90 dBFS, but a mix of many stems adds
it up, and a transcriber hears notes in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genaudio.sounding import Sounding

OPENS = 0.05
"""Seconds before a note in which a stem opens."""
CLOSES = 0.3
"""Seconds after a note has rung out in which a stem closes."""


def openness(notes: Sequence[Sounding], rings: float, first: int, length: int, rate: int) -> np.ndarray:
    """How far a stem is open, sample by sample: float32 [length], 1 while notes sound and ring, 0 where nothing does.

    Args:
        notes: all that begin until `OPENS` after the stretch, and have not ended `rings` and `CLOSES` before it.
        rings: seconds that a note rings after its end.
        first: first sample of the stretch, counted from the beginning of the piece.
        length: samples of the stretch.
        rate: samples a second.
    """
    gain = np.zeros(length, np.float32)
    if not notes:
        return gain
    order = sorted(notes, key=lambda note: note.start)
    begins = np.array([note.start for note in order])
    ends = np.maximum.accumulate([note.end + rings for note in order])
    alone = np.flatnonzero(begins[1:] > ends[:-1]) + 1  # notes before which the stem was silent
    for begin, end in zip(begins[[0, *alone]], ends[[*(alone - 1), -1]], strict=True):
        low = max(0, int((begin - OPENS) * rate) - first)
        high = min(length, int((end + CLOSES) * rate) + 2 - first)
        time = (first + np.arange(low, max(low, high))) / rate
        here = np.clip(np.minimum((time - begin) / OPENS + 1, (end - time) / CLOSES + 1), 0, 1)
        gain[low : max(low, high)] = np.maximum(gain[low : max(low, high)], here)
    return gain
