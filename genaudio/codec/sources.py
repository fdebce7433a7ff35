"""The excitation of an instrument family, whether it sings, is struck or is a drum kit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from genaudio.codec.excitation import Stretch, Vibrato, excite
from genaudio.codec.hearing import sounding_keys
from genaudio.codec.striking import strike
from genaudio.instruments import Family
from genaudio.sounding import Sounding


def spoken(family: Family, notes: Iterable[Sounding]) -> Iterator[Sounding]:
    """Yield notes from when they are heard on: a family's latency after they are played."""
    for note in notes:
        yield note._replace(start=min(note.start + family.latency, (note.start + note.end) / 2))


def played_by(
    family: Family,
    notes: Iterable[Sounding],
    start: int = 0,
    bends: Sequence[tuple[float, float]] = (),
    vibrato: Vibrato | None = None,
    cents: float = 0.0,
) -> Stretch:
    """What sounds from a sample on where one player of a family plays notes (see `Stretch`)."""
    heard = tuple(spoken(family, notes))
    return Stretch(heard, start, bends, vibrato, family.decay, family.release, family.overtones, cents)


def excite_as(
    family: Family,
    notes: Iterable[Sounding],
    samples: int,
    sample_rate: int,
    start: int = 0,
    bends: Sequence[tuple[float, float]] = (),
) -> np.ndarray:
    """Turn what a family plays, as it is written, into an excitation: what begins and what lasts, float32 [2, T].

    Args:
        family: decides when notes rise and how they fall away, and whether they are hits of drums.
        notes: soundings in seconds. samples: T. sample_rate: samples a second.
        start: first sample of the stretch.
        bends: pitch bend as (seconds, semitones), each valid until the next; drums do not bend.
    """
    if family.drums:
        return strike(notes, samples, sample_rate, start)
    return excite(played_by(family, notes, start, bends), samples, sample_rate)


def keys_of(
    family: Family, notes: Iterable[Sounding], start: int, frames: int, hop: int, sample_rate: int
) -> np.ndarray:
    """The keys that sound where a family plays, as in `sounding_keys`: float32 [P, F]; drums have none."""
    heard = () if family.drums else notes
    return sounding_keys(heard, start, frames, hop, sample_rate, family.decay, family.release)
