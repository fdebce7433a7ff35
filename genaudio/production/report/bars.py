"""Bar numbers of passages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genaudio.score import Melody


def bars_of(melody: Melody, place: Mapping[str, Any]) -> tuple[int, int]:
    """Return the first and the last bar that a span covers; the first full bar is bar 1, a pickup bar 0.

    Raises:
        ScoreError: the melody has no metre.
    """
    if melody.metre is None:
        melody.bar_position(melody.notes[0])  # says what is missing
    bar = float(melody.metre.bar) if melody.metre is not None else 1.0
    start, end = float(place["start_beat"]), float(place["end_beat"])
    return int((start - melody.pickup) // bar) + 1, int((end - 1e-6 - melody.pickup) // bar) + 1
