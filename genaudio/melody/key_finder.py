"""The key that a melody's notes show, for melodies that do not say it. Needs no torch.

The sounding time of each pitch class is correlated with the profile of each key (C. Krumhansl, *Cognitive Foundations
of Musical Pitch*, 1990) with the profiles of J. Albrecht and D. Shanahan (*The use of large corpora to train a new type
of key-finding algorithm*, Music Perception 31, 2013). Dorian and mixolydian take those of minor and major with their
own sixth or seventh.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genaudio.score import Key, Melody

MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
"""Shares of the pitch classes above the tonic."""


def _profiles() -> dict[str, NDArray[np.float64]]:
    """Return the profile of each mode, [12] from the tonic up."""
    major, minor = np.array(MAJOR), np.array(MINOR)
    mixolydian, dorian = major.copy(), minor.copy()
    mixolydian[[10, 11]] = major[[11, 10]]
    dorian[[8, 9]] = minor[[9, 8]]
    return {"major": major, "minor": minor, "dorian": dorian, "mixolydian": mixolydian}


def find_key(melody: Melody, mode: str | None = None) -> Key:
    """Return the likeliest key of a melody in major, minor, dorian or mixolydian.

    Args:
        melody: one note or more.
        mode: the mode, where it is known to be one of these four.

    Where all twelve pitch classes sound equally long, the last note is taken for the tonic.
    """
    sounding = np.zeros(12)
    for note in melody.notes:
        sounding[note.pitch % 12] += note.duration
    if np.ptp(sounding) == 0:  # all twelve alike say nothing, and correlate with nothing
        return Key(int(melody.notes[-1].pitch) % 12, mode if mode in _profiles() else "major")
    profiles = _profiles()
    names = (mode,) if mode is not None and mode in profiles else tuple(profiles)
    ranked = [
        (float(np.corrcoef(sounding, np.roll(profiles[name], tonic))[0, 1]), -place, tonic, name)
        for place, name in enumerate(names)
        for tonic in range(12)
    ]
    _, _, tonic, name = max(ranked)
    return Key(tonic, name)
