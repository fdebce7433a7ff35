"""The range that is wished, and the octave in which the model writes for it. Needs no torch."""

from __future__ import annotations

import re

from genaudio.errors import GenaudioError
from genaudio.melody.pitch_names import parse_pitch, pitch_name
from genaudio.melody.vocabulary import Vocabulary

LEAST_SPAN = 7
"""Semitones from the lowest to the highest pitch without which there is no melody to speak of: a fifth."""
ENOUGH = 12
"""Semitones of the model's own range that are enough to stay in its octave."""
_PITCH = r"[A-Ga-g](?:#{1,2}|b{1,2}|♯|♭)?-?\d{1,2}|\d{1,3}"


def parse_range(text: str) -> tuple[str, str]:
    """Return the two pitches of a range such as ``D4-B5``.

    Raises:
        GenaudioError: it is no range.
    """
    match = re.fullmatch(rf"\s*({_PITCH})\s*[-–:]\s*({_PITCH})\s*", text)
    if match is None:
        raise GenaudioError(f"{text!r} is no range of pitches; write it like D4-B5")
    return match[1], match[2]


def chosen_range(both: str | None, lowest: str | None, highest: str | None) -> tuple[str | None, str | None]:
    """Return the lowest and the highest pitch of a range given as one or by its ends.

    Raises:
        GenaudioError: it is given in both ways, or is no range.
    """
    if both is None:
        return lowest, highest
    if lowest is not None or highest is not None:
        raise GenaudioError(f"the range {both} names the lowest and the highest pitch; leave the others out")
    return parse_range(both)


def check_range(lowest: str | int | None, highest: str | int | None) -> list[str]:
    """Return what is wrong with a wished range."""
    try:
        low, high = (None if pitch is None else parse_pitch(pitch) for pitch in (lowest, highest))
    except GenaudioError as error:
        return [str(error)]
    if low is None or high is None:
        return []
    if low > high:
        return [f"the range {lowest}-{highest} runs downwards; write it as {highest}-{lowest}"]
    if high - low < LEAST_SPAN:
        return [f"the range {lowest}-{highest} spans {high - low} semitones; a melody needs {LEAST_SPAN} (a fifth)"]
    return []


def reach(
    lowest: str | int | None, highest: str | int | None, vocabulary: Vocabulary, octaves: int | None = None
) -> tuple[int, int, int]:
    """Return by how many octaves the model must write higher than is wished, and its lowest and highest MIDI pitch.

    Args:
        lowest, highest: what is wished; None for as far as the model reaches.
        vocabulary: has the model's range.
        octaves: where given notes have settled the octave.

    Raises:
        GenaudioError: too little of the range is left in that octave.
    """
    width = vocabulary.highest - vocabulary.lowest
    if lowest is None and highest is None:
        return octaves or 0, *_within_midi(vocabulary.lowest, vocabulary.highest, octaves or 0)
    low = max(0, parse_pitch(highest) - width) if lowest is None and highest is not None else parse_pitch(lowest or 0)
    high = min(127, low + width) if highest is None else parse_pitch(highest)

    def span(shift: int) -> int:
        return min(high + 12 * shift, vocabulary.highest) - max(low + 12 * shift, vocabulary.lowest)

    if octaves is None:
        shifts = sorted(range(-8, 9), key=lambda shift: (-span(shift), abs(shift)))
        octaves = 0 if span(0) >= min(high - low, ENOUGH) else shifts[0]
    if span(octaves) < LEAST_SPAN:
        own = (pitch_name(pitch - 12 * octaves) for pitch in (vocabulary.lowest, vocabulary.highest))
        raise GenaudioError(
            f"the range {pitch_name(low)}-{pitch_name(high)} leaves less than {LEAST_SPAN} semitones "
            f"of what the model reaches here, {'-'.join(own)}; wish more of it"
        )
    low, high = max(low + 12 * octaves, vocabulary.lowest), min(high + 12 * octaves, vocabulary.highest)
    return octaves, *_within_midi(low, high, octaves)


def _within_midi(lowest: int, highest: int, octaves: int) -> tuple[int, int]:
    """Bound pitches that will be written so many octaves lower by what MIDI has."""
    return max(lowest, 12 * octaves), min(highest, 127 + 12 * octaves)
