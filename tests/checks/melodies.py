"""Melodies for the tests."""

from __future__ import annotations

import numpy as np

from genaudio.score import Melody, Note

SCALE = (0, 2, 4, 5, 7, 9, 11)


def melody_of(pitches: list[int], durations: list[float] | None = None, **settings: float) -> Melody:
    """Make a melody of pitches, eighth notes where no durations are given."""
    durations = durations or [0.5] * len(pitches)
    onsets = np.cumsum([0.0, *durations])[: len(pitches)]
    notes = [Note(float(onset), d, pitch) for onset, d, pitch in zip(onsets, durations, pitches, strict=True)]
    return Melody(notes, **settings)  # type: ignore[arg-type]


def random_melody(generator: np.random.Generator, notes: int) -> Melody:
    """Walk through a major scale in uneven rhythm."""
    walk = np.cumsum(generator.integers(-4, 5, notes))
    place = abs((walk + 9) % 36 - 18) - 9  # turns back at nine steps from the middle
    pitches = [int(66 + 12 * (step // 7) + SCALE[step % 7]) for step in place]
    durations = generator.choice([0.5, 0.5, 1.0, 1.5, 0.25], notes)
    return melody_of(pitches, [float(duration) for duration in durations])


def spliced(host: Melody, source: Melody, first: int, count: int, shift: int, at: int) -> Melody:
    """Put `count` notes of a source, transposed, before note `at` of a host."""
    rows = [(note.duration, note.pitch) for note in host.notes]
    passage = [(note.duration, note.pitch + shift) for note in source.notes[first : first + count]]
    rows[at:at] = passage
    return melody_of([pitch for _, pitch in rows], [duration for duration, _ in rows])
