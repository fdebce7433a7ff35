"""The excitation of drums: what the score knows of a hit, as a waveform for the decoder to shape.

Each hit is a burst of noise from its onset on, and beside it, for drums that have a pitch, the first harmonics of that
pitch. Both begin with a blow, and fall away as fast as such a drum does. So onsets are right to the sample, and the
decoder's gains have tone where there is tone; which drum it is, and all else, is up to the codes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from genaudio.codec.excitation import LOUDNESS, blow, place, pulses
from genaudio.codec.noise import LEVEL, white_noise
from genaudio.percussion import DRUMS
from genaudio.sounding import Sounding

ATTACK = 0.0005
"""Linear rise of a hit in seconds."""
FALLS = 5.0
"""A hit's excitation ends after so many times the fall of its drum."""
HARMONICS = 8
"""Harmonics of a drum's tone at most."""
_NOISE, _TONE = 0.7, 1.0


def strike(notes: Iterable[Sounding], samples: int, sample_rate: int, start: int = 0) -> np.ndarray:
    """Turn hits into the excitation of a stretch of audio.

    Args:
        notes: hits in seconds, their pitch a key of `DRUMS` (others are silent); their length does not matter.
        samples: length of the stretch.
        sample_rate: samples a second.
        start: first sample of the stretch. The result does not depend on how a piece is cut into stretches.

    Returns:
        what begins, and what lasts: float32 [2, samples].
    """
    out = np.zeros((2, samples), np.float32)
    for note in notes:
        drum = DRUMS.get(note.pitch)
        first = round(note.start * sample_rate)
        stop = first + int(FALLS * drum.fall * sample_rate) if drum else first
        low, high = max(first, start), min(stop, start + samples)
        if drum is None or low >= high:
            continue
        since = np.arange(low - first, high - first) / sample_rate
        rise = np.minimum(1.0, (since * sample_rate + 1) / (ATTACK * sample_rate))
        left = np.clip(2 * (1 - since / (FALLS * drum.fall)), 0, 1)  # the second half fades to nothing
        wave = _NOISE / LEVEL * white_noise(low, high - low, note.pitch)
        if drum.tone:
            count = max(1, min(HARMONICS, int(0.45 * sample_rate / drum.tone)))
            wave = wave + _TONE * np.sqrt(2 / count) * pulses(since * drum.tone, count)
        loud = LOUDNESS * (0.3 + 0.7 * note.velocity / 127)
        wave = loud * rise * left * (np.exp(-since / drum.fall) + blow(since)) * wave
        place(out, wave.astype(np.float32), low - start, low - first, sample_rate)
    return out
