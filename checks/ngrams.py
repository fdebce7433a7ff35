"""N-grams of intervals and of intervals with rhythm, and the shingles that are made of them.

Definitions, for notes 0..N-1 of a melody:

- interval k: pitch of note k+1 less pitch of note k, in semitones, cut to +-31. Independent of transposition.
- IOI k (inter-onset interval): onset of note k+1 less onset of note k; for the last note its duration.
- ratio class k: log2(IOI k+1 / IOI k) in half octaves, rounded, cut to +-6 (0: equal, 2: twice as long).
  Independent of tempo.
- n-gram k of length n: intervals k .. k+n-1, so notes k .. k+n. One with rhythm holds the ratio classes as well.

Uitdenbogerd and Zobel (1999), Melodic matching techniques for large music databases; Doraisamy and Rueger (2003),
Robust polyphonic music retrieval with n-grams.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.line import Ints, Line

INTERVAL_LIMIT = 31
RATIO_LIMIT = 6
RATIO_STEPS = 2  # classes in an octave of the IOI ratio
INTERVAL_BITS = 6
_RATIO_BITS = 4

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Shingling:
    """Which n-grams stand for a melody; versioned, and written into every catalogue.

    Attributes:
        version: changes with the meaning of anything in this module.
        interval_lengths: lengths in intervals of the n-grams of a whole tune's shingles.
        rhythm_lengths: the same for n-grams with ratio classes.
        window_notes, window_hop: size and step in notes of the windows that look for passages.
        window_length: length in intervals of the n-grams of a window's shingles.
        index_length: length in intervals of the n-grams that are looked up exactly.
        shortest: notes that a melody needs to be searched for.
    """

    version: int = 1
    interval_lengths: tuple[int, ...] = (3, 4, 5)
    rhythm_lengths: tuple[int, ...] = (3,)
    window_notes: int = 16
    window_hop: int = 8
    window_length: int = 3
    index_length: int = 4
    shortest: int = 8

    def __post_init__(self) -> None:
        longest = max((*self.interval_lengths, self.index_length, self.window_length))
        if longest * INTERVAL_BITS > 60 or max(self.rhythm_lengths, default=0) > 6:
            raise ValueError("n-grams may have 10 intervals, or 6 with rhythm")
        if self.window_notes <= self.window_length or self.window_hop < 1:
            raise ValueError("a window must be longer than its n-grams and its hop 1 or more")

    def as_manifest(self) -> dict[str, Any]:
        """Return the definition as JSON values."""
        values = asdict(self)
        values.update(interval_limit=INTERVAL_LIMIT, ratio_limit=RATIO_LIMIT, ratio_steps=RATIO_STEPS)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def intervals(line: Line) -> Ints:
    """Return interval k for every note k, [N] int64; meaningless for the last note of a melody."""
    pitches = line.pitches.astype(np.int64)
    steps = np.diff(pitches, append=pitches[-1:])
    return np.clip(steps, -INTERVAL_LIMIT, INTERVAL_LIMIT)


def ratio_classes(line: Line) -> Ints:
    """Return ratio class k for every note k, [N] int64; meaningless for the last note of a melody."""
    if not len(line):
        return np.zeros(0, np.int64)
    onsets = line.onsets.astype(np.int64)
    iois = np.diff(onsets, append=onsets[-1:])
    ends = line.starts[1:][np.diff(line.starts) > 0] - 1
    iois[ends] = line.durations[ends]
    logs = np.log2(np.maximum(iois, 1))
    ratios = np.diff(logs, append=logs[-1:])
    return np.clip(np.rint(ratios * RATIO_STEPS), -RATIO_LIMIT, RATIO_LIMIT).astype(np.int64)


def complete(line: Line, length: int) -> Ints:
    """Return the notes at which an n-gram of `length` intervals begins and ends within its melody."""
    counts = np.maximum(np.diff(line.starts) - length, 0)
    offsets = np.repeat(line.starts[:-1] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    return np.arange(int(counts.sum()), dtype=np.int64) + offsets


def interval_ngrams(line: Line, length: int) -> tuple[Keys, Ints]:
    """Pack every complete n-gram into one number, without collisions (6 bits an interval).

    Returns:
        keys [G] uint64, and the note at which each begins [G] int64.
    """
    return _pack(line, intervals(line) + INTERVAL_LIMIT, INTERVAL_BITS, length)


def rhythm_ngrams(line: Line, length: int) -> tuple[Keys, Ints]:
    """Pack every complete n-gram of (interval, ratio class) into one number (10 bits a pair)."""
    symbols = (intervals(line) + INTERVAL_LIMIT) << _RATIO_BITS | (ratio_classes(line) + RATIO_LIMIT)
    return _pack(line, symbols, INTERVAL_BITS + _RATIO_BITS, length)


def _pack(line: Line, symbols: Ints, bits: int, length: int) -> tuple[Keys, Ints]:
    places = complete(line, length)
    keys = np.zeros(len(places), np.uint64)
    values = symbols.astype(np.uint64)
    for step in range(length):
        keys = keys << np.uint64(bits) | values[places + step]
    return keys, places


def hash_ngrams(keys: Keys, kind: int, length: int) -> npt.NDArray[np.uint32]:
    """Turn packed n-grams into 32-bit shingles; `kind` and `length` keep equal numbers of two kinds apart.

    The mixing is SplitMix64's finalizer, of which the upper half is taken.
    """
    mixed = keys + np.uint64((kind * 64 + length) * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ mixed >> np.uint64(31)) >> np.uint64(32)).astype(np.uint32)


def tune_shingles(line: Line, shingling: Shingling) -> tuple[npt.NDArray[np.uint32], Ints]:
    """Return the shingles of whole melodies.

    Returns:
        shingles [G] uint32 and the melody that each belongs to [G] int32, in the order of the melodies.
    """
    owners = line.owners()
    hashes: list[npt.NDArray[np.uint32]] = []
    melodies: list[Ints] = []
    for length in shingling.interval_lengths:
        keys, places = interval_ngrams(line, length)
        hashes.append(hash_ngrams(keys, 0, length))
        melodies.append(owners[places])
    for length in shingling.rhythm_lengths:
        keys, places = rhythm_ngrams(line, length)
        hashes.append(hash_ngrams(keys, 1, length))
        melodies.append(owners[places])
    groups = np.concatenate(melodies)
    order = np.argsort(groups, kind="stable")
    return np.concatenate(hashes)[order], groups[order]


def windows(line: Line, shingling: Shingling, hop: int) -> Ints:
    """Return the first notes of the passage windows, [W] int64; a melody's last window ends with it."""
    room = np.diff(line.starts) - shingling.window_notes  # notes by which a window can move
    begins, room = line.starts[:-1][room >= 0], room[room >= 0]
    counts = (room + hop - 1) // hop + 1
    inner = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(begins, counts) + np.minimum(inner * hop, np.repeat(room, counts))


def window_shingles(line: Line, firsts: Ints, shingling: Shingling) -> npt.NDArray[np.uint32]:
    """Return the shingles of passage windows, [W, window_notes - window_length] uint32."""
    count = shingling.window_notes - shingling.window_length
    keys, places = interval_ngrams(line, shingling.window_length)
    hashes = np.zeros(len(line), np.uint32)
    hashes[places] = hash_ngrams(keys, 0, shingling.window_length)
    return hashes[firsts[:, None] + np.arange(count)] if len(firsts) else np.zeros((0, count), np.uint32)
