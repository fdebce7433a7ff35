"""Dynamics for melodies that have none: accents by metre, phrases that swell and fade.

The rules are those that measured performances share: stronger beats louder, an arch over each phrase, higher notes a
little louder, the last note softer (Friberg, Bresin and Sundberg 2006, "Overview of the KTH rule system").
"""

from __future__ import annotations

from dataclasses import replace
from math import pi, sin

from genaudio.score.melody import Melody
from genaudio.score.note import Note

BASE = 76
"""Velocity of an unaccented note at a phrase's beginning."""
DOWNBEAT, BEAT = 11, 5
"""What the first beat of a bar, and another beat, add."""
ARCH = 9
"""What the middle of a phrase adds."""
HEIGHT = 0.5
"""What a semitone above the melody's mean pitch adds."""
ENDING = 8
"""What the last note loses."""
PHRASE_BARS = 4


def _accent(melody: Melody, note: Note) -> int:
    """What a note's place in its bar adds."""
    if melody.metre is None:
        return 0
    _, place = melody.bar_position(note)
    if place == 0:
        return DOWNBEAT
    return BEAT if place % melody.metre.beat == 0 else 0


def phrased(melody: Melody) -> Melody:
    """Return the melody with velocities that follow metre and phrases; notes and times stay as they are.

    Phrases are taken to be four bars long, or eight quarter notes where there is no metre.
    """
    if not melody.notes:
        return melody
    phrase = float(melody.metre.bar * PHRASE_BARS) if melody.metre else 8.0
    mean = sum(melody.pitches) / len(melody.pitches)
    shaped = []
    for note in melody.notes:
        position = ((note.onset - melody.pickup) % phrase) / phrase
        velocity = BASE + _accent(melody, note) + ARCH * sin(pi * position) + HEIGHT * (note.pitch - mean)
        if note is melody.notes[-1]:
            velocity -= ENDING
        shaped.append(replace(note, velocity=min(127, max(1, round(velocity)))))
    return replace(melody, notes=tuple(shaped))
