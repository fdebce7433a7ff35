"""What the score model sees of the notes: four planes of 128 pitches for each frame.

Plane 0 holds the velocity while a note is held; plane 1 the velocity in the frame of its onset; plane 2 the time since
the onset while it is held and, negative, since its end for a while after; plane 3 where in its frame the onset lies.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from torch import Tensor

from genaudio.sounding import Sounding

PLANES = 4
WIDTH = PLANES * 128
"""Features of one frame."""
_AGES = 5
"""Logarithms of frames are divided by it, so that plane 2 is as large as the others."""
RINGS = 0.7
"""Seconds after a note's end in which the model is as a rule told that it rings on."""


def ages(plane: Tensor) -> Tensor:
    """Return how many frames ago held notes began, from what plane 2 says; 0 where nothing is held."""
    return (_AGES * plane).expm1().clamp_min(0)


def score_features(
    notes: Iterable[Sounding], start: int, frames: int, frame_rate: float, rings: float = RINGS
) -> np.ndarray:
    """Describe a stretch of frames.

    Args:
        notes: soundings in seconds. No two of one pitch may overlap.
        start: first frame of the stretch; the result does not depend on how a piece is cut into stretches.
        frames: length of the stretch.
        frame_rate: frames a second.
        rings: seconds after a note's end in which it may still be heard (see `Family.rings`).

    Returns:
        float32 [frames, 512].
    """
    planes = np.zeros((frames, PLANES, 128), np.float32)
    for note in notes:
        onset, end = note.start * frame_rate, note.end * frame_rate
        first, stop = int(onset), int(end) + 1
        ring = stop + round(rings * frame_rate)
        if ring <= start or first >= start + frames:
            continue
        pitch, level = int(note.pitch), note.velocity / 127
        if first >= start:
            planes[first - start, 1, pitch] = level
            planes[first - start, 3, pitch] = 1 - (onset - first)
        low, high = max(first, start), min(stop, start + frames)
        if low < high:
            planes[low - start : high - start, 0, pitch] = level
            planes[low - start : high - start, 2, pitch] = np.log1p(np.arange(low - first, high - first)) / _AGES
        low, high = max(stop, start), min(ring, start + frames)
        if low < high:
            free = planes[low - start : high - start, 0, pitch] == 0
            after = -np.log1p(np.arange(low - stop, high - stop)) / _AGES - 0.1
            column = planes[low - start : high - start, 2, pitch]
            planes[low - start : high - start, 2, pitch] = np.where(free, after, column)
    return planes.reshape(frames, WIDTH)
