"""Performances for training: training tunes, chords and scattered notes, played with the freedom that players take.

A performance is a list of soundings in seconds; the teacher plays it and the models see the same list.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genaudio.instruments import Family
from genaudio.score import MODES, Key, Melody
from genaudio.sounding import Sounding, without_collisions
from genaudio.teacher.drumming import draw_drumming

LEAD = 0.1
"""Silence before the first note in seconds."""


@dataclass(frozen=True)
class Performance:
    """What one family plays in one clip.

    Attributes:
        family: its name. kind: of playing. notes: in seconds.
        program: the General MIDI program whose sound is heard, where it is not the family's own.
    """

    family: str
    kind: str
    notes: tuple[Sounding, ...]
    program: int | None = None

    @property
    def voice(self) -> str:
        """The name of what is heard."""
        return self.family if self.program is None else f"program {self.program}"


def _velocities(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw velocities that swell in phrases, with single accents: [count], 1-127."""
    base, depth = rng.uniform(45, 100), rng.uniform(0, 22)
    period, phase = rng.uniform(8, 32), rng.uniform(0, 2 * np.pi)
    curve = base + depth * np.sin(2 * np.pi * np.arange(count) / period + phase) + rng.normal(0, 5, count)
    return np.clip(np.round(curve), 1, 127).astype(int)


def _fit(low: int, high: int, family: Family, rng: np.random.Generator) -> int:
    """Draw a transposition that brings pitches low..high into the family's range (or as near as it can)."""
    lowest, highest = family.low - low, family.high - high
    if lowest > highest:
        return (lowest + highest) // 2
    return int(rng.integers(lowest, highest + 1))


def play_melody(melody: Melody, family: Family, seconds: float, rng: np.random.Generator) -> tuple[Sounding, ...]:
    """Play an excerpt of a tune: any transposition in range, any usual tempo, one articulation."""
    beat = 60.0 / rng.uniform(65, 190)
    shift = _fit(min(melody.pitches), max(melody.pitches), family, rng)
    first = int(rng.integers(0, max(1, len(melody) // 2)))
    articulation = rng.choice([rng.uniform(0.55, 0.85), rng.uniform(0.85, 1.0), 1.0])
    velocities = _velocities(len(melody), rng)
    played = []
    for note, velocity in zip(melody.notes[first:], velocities, strict=False):
        start = LEAD + (note.onset - melody.notes[first].onset) * beat
        if start > seconds - 0.3:
            break
        length = max(0.045, note.duration * beat * articulation)
        pitch = int(np.clip(note.pitch + shift, family.low, family.high))
        played.append(Sounding(start, min(start + length, seconds), pitch, int(velocity)))
    return tuple(played)


def _chord(pitch: int, key: Key, voices: int, rng: np.random.Generator) -> list[int]:
    """Draw a triad of the key that holds a pitch class, as `voices` pitches below the pitch."""
    steps = sorted((key.tonic + step) % 12 for step in MODES[key.mode])
    triads = [{steps[i], steps[(i + 2) % 7], steps[(i + 4) % 7]} for i in range(7)]
    fitting = [triad for triad in triads if pitch % 12 in triad] or [{pitch % 12, (pitch + 3) % 12, (pitch + 7) % 12}]
    triad = fitting[int(rng.integers(len(fitting)))]
    below = [p for p in range(pitch - 3, pitch - 27, -1) if p % 12 in triad]
    return below[int(rng.integers(0, 3)) :][:voices]


def play_chords(melody: Melody, family: Family, seconds: float, rng: np.random.Generator) -> tuple[Sounding, ...]:
    """Play a tune with chords of its key below, struck together or broken."""
    tune = play_melody(melody, family, seconds, rng)
    key = melody.key or Key(0)
    shift = tune[0].pitch - melody.notes[0].pitch if tune else 0
    key = Key((key.tonic + shift) % 12, key.mode)
    voices, every = int(rng.integers(1, 4)), rng.uniform(0.45, 1.6)
    spread = rng.choice([0.0, 0.0, rng.uniform(0.01, 0.04), rng.uniform(0.08, 0.25)])
    notes, due = list(tune), 0.0
    for note in tune:
        if note.start < due:
            continue
        due = note.start + every
        for index, pitch in enumerate(_chord(note.pitch, key, voices, rng)):
            start = note.start + index * spread
            if family.low <= pitch <= family.high and start < seconds - 0.1:
                velocity = int(np.clip(note.velocity - rng.integers(0, 25), 1, 127))
                notes.append(Sounding(start, min(start + every * rng.uniform(0.6, 1.0), seconds), pitch, velocity))
    return tuple(sorted(notes))


def play_scattered(family: Family, seconds: float, rng: np.random.Generator) -> tuple[Sounding, ...]:
    """Play notes drawn over the whole range, of all lengths and velocities, now and then with rests between."""
    notes, now = [], LEAD
    while now < seconds - 0.2:
        length = float(np.exp(rng.uniform(np.log(0.06), np.log(2.5))))
        pitch, velocity = int(rng.integers(family.low, family.high + 1)), int(rng.integers(20, 128))
        notes.append(Sounding(now, min(now + length, seconds), pitch, velocity))
        now += length * rng.uniform(0.9, 1.1) + (rng.uniform(0.1, 1.2) if rng.random() < 0.25 else 0.0)
    return tuple(notes)


def play_held(family: Family, seconds: float, rng: np.random.Generator) -> tuple[Sounding, ...]:
    """Play notes and chords that are held, for 1.5 seconds or up to the whole clip, struck together or broken."""
    notes, now = [], LEAD
    while now < seconds - 0.5:
        end = min(now + float(np.exp(rng.uniform(np.log(1.5), np.log(12.0)))), seconds)
        pitch, velocity = int(rng.integers(family.low, family.high + 1)), int(rng.integers(20, 128))
        stack = [0, *np.cumsum(rng.integers(3, 8, 3))][: int(rng.integers(1, 5)) if family.chords else 1]
        stagger = rng.choice([0.0, 0.0, rng.uniform(0.02, 0.5)])
        for place, above in enumerate(stack):
            start = now + place * stagger
            if pitch + above <= family.high and start < end - 0.3:
                touch = int(np.clip(velocity - rng.integers(0, 20), 1, 127))
                notes.append(Sounding(start, end, int(pitch + above), touch))
        now = end + (rng.uniform(0.1, 1.2) if rng.random() < 0.4 else 0.0)
    return tuple(sorted(notes))


def draw_performance(melodies: list[Melody], family: Family, seconds: float, rng: np.random.Generator) -> Performance:
    """Draw one performance of a family: mostly tunes, partly chords, partly scattered notes; drums play grooves."""
    if family.drums:
        return Performance(family.name, *draw_drumming(seconds, rng))
    melody = melodies[int(rng.integers(len(melodies)))]
    kind = rng.random()
    if kind < 0.2:
        notes, name = play_scattered(family, seconds, rng), "scattered"
    elif kind < (0.6 if family.chords else 0.35):
        notes, name = play_chords(melody, family, seconds, rng), "chords"
    else:
        notes, name = play_melody(melody, family, seconds, rng), "melody"
    return Performance(family.name, name, without_collisions(notes))
