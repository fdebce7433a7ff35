"""Pairs of a recording and a MIDI file: found in a folder, read, and checked against each other.

A pair is one instrument alone. The recording may be of any rate and number of channels; the MIDI file has its name, and
its notes are those that the recording plays, at the same time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from genaudio.audio import FORMATS
from genaudio.codec.sources import excite_as
from genaudio.errors import GenaudioError
from genaudio.instruments import Family
from genaudio.renderer.alignment import FURTHEST, FURTHEST_DRIFT, align
from genaudio.renderer.performing import parts_of
from genaudio.score import read_score
from genaudio.score.errors import ScoreError
from genaudio.sounding import Sounding, without_collisions
from genaudio.streams import AudioFile

MIDI = (".mid", ".midi")
SHORTEST = 4.0
"""Seconds of the shortest recording that is learnt from."""
RINGS = 3.0
"""Seconds that are kept of a recording after its last note, at least."""
SILENCE = 1e-4
"""Root mean square below which a recording is silent."""
_SLACK = 2.0
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Found:
    """What lies in a folder: pairs of a recording and a MIDI file, and files that nothing can be paired with."""

    pairs: tuple[tuple[Path, Path], ...]
    unpaired: tuple[tuple[Path, str], ...]


@dataclass(frozen=True)
class Played:
    """What one instrument plays in a recording.

    Attributes:
        family: the instrument.
        notes: soundings in seconds of the recording. modelled: the same as the score model knows them.
        bends: pitch bend as (seconds, semitones).
    """

    family: Family
    notes: tuple[Sounding, ...]
    modelled: tuple[Sounding, ...]
    bends: tuple[tuple[float, float], ...]

    @property
    def end(self) -> float:
        """Where the last note ends in seconds."""
        return max(note.end for note in self.notes)

    def later(self, seconds: float) -> Played:
        """Return the same some seconds later; what would begin before the recording is left out."""

        def moved(notes: tuple[Sounding, ...]) -> tuple[Sounding, ...]:
            shifted = (note._replace(start=note.start + seconds, end=note.end + seconds) for note in notes)
            return tuple(note for note in shifted if note.start >= 0)

        bends = tuple((max(0.0, at + seconds), semitones) for at, semitones in self.bends)
        return Played(self.family, moved(self.notes), moved(self.modelled), bends)


@dataclass(frozen=True)
class Pair:
    """A pair that was read, as the account tells it.

    Attributes:
        name: the recording's path in its folder. family: of the instrument.
        seconds: length that is learnt from. notes: how many.
        rate, channels: of the file.
        offset: seconds by which the recording was late, slow attacks included.
        corrected: whether the notes were moved by it.
        likeness: correlation of the onsets, -1 to 1.
    """

    name: str
    family: str
    seconds: float
    notes: int
    rate: int
    channels: int
    offset: float
    corrected: bool
    likeness: float


def find_pairs(source: Path) -> Found:
    """Pair recordings and MIDI files of one name: those of one folder, else those whose name there is but once.

    Raises:
        GenaudioError: there is no such folder, or it holds no recordings.
    """
    if not source.is_dir():
        raise GenaudioError(f"there is no folder {source}; name one that holds recordings and MIDI files")
    files = sorted(path for path in source.rglob("*") if path.is_file() and not path.name.startswith("."))
    recordings = [path for path in files if path.suffix.lower().lstrip(".") in FORMATS]
    scores = [path for path in files if path.suffix.lower() in MIDI]
    if not recordings:
        raise GenaudioError(f"{source} holds no recordings ({', '.join(FORMATS)})")
    beside: dict[Path, list[Path]] = defaultdict(list)
    anywhere: dict[str, list[Path]] = defaultdict(list)
    for path in scores:
        beside[path.with_suffix("")].append(path)
        anywhere[path.stem].append(path)
    pairs: dict[Path, Path] = {}
    unpaired = []
    for path in recordings:
        fitting = beside[path.with_suffix("")] or anywhere[path.stem]
        if not fitting:
            unpaired.append((path, f"no MIDI file is called {path.stem}.mid"))
        elif len(fitting) > 1:
            unpaired.append((path, f"{len(fitting)} MIDI files are called {path.stem}"))
        elif fitting[0] in pairs:
            unpaired.append((path, f"{pairs[fitting[0]].name} is paired with {fitting[0].name} already"))
        else:
            pairs[fitting[0]] = path
    unpaired += [(path, "no recording is called so") for path in scores if path not in pairs]
    return Found(tuple((path, score) for score, path in pairs.items()), tuple(unpaired))


def read_played(path: Path) -> Played:
    """Read what a MIDI file lets its one instrument play.

    Raises:
        GenaudioError: it cannot be read, plays nothing, or plays several instruments.
    """
    try:
        parts, left_out = parts_of(read_score(path))
    except ScoreError as error:
        raise GenaudioError(str(error)) from error
    if not parts:
        raise GenaudioError("; ".join([f"{path.name} plays no notes that can be learnt", *left_out]))
    families = {part.family.name: part.family for part in parts}
    if len(families) > 1:
        raise GenaudioError(
            f"{path.name} plays {len(families)} instruments ({', '.join(families)}); a pair is one instrument alone"
        )
    notes = without_collisions(tuple(note for part in parts for note in part.notes))
    modelled = without_collisions(tuple(note for part in parts for note in part.modelled))
    return Played(parts[0].family, notes, modelled, next((part.bends for part in parts if part.bends), ()))


def read_pair(recording: Path, score: Path, name: str, out: BinaryIO, sample_rate: int) -> tuple[Pair, Played]:
    """Append a recording to a file of int16 samples, mono, and find where its notes lie.

    Args:
        recording, score: the pair.
        name: what the account calls it.
        out: the file of samples, open for reading and writing; as it was where the pair cannot be used.
        sample_rate: samples a second in that file.

    Raises:
        GenaudioError: the pair cannot be used; the message says why.
    """
    played, first = read_played(score), out.seek(0, 2)
    try:
        with AudioFile(recording, sample_rate) as file:
            _check_length(file.samples / sample_rate, played)
            rings = max(RINGS, played.family.rings)
            samples = min(file.samples, round((played.end + FURTHEST + rings) * sample_rate))
            _copy(file, samples, out)
            rate, channels = file.own_rate, file.channels
        out.flush()
        sound = np.memmap(out.name, np.int16, "r", first, (samples,))
        played, offset, corrected, likeness = _placed(sound, played, sample_rate)
    except GenaudioError:
        out.truncate(first)
        raise
    samples = min(samples, round((played.end + rings) * sample_rate))
    out.truncate(first + 2 * samples)
    seconds, count = round(samples / sample_rate, 2), len(played.notes)
    pair = Pair(name, played.family.name, seconds, count, rate, channels, round(offset, 4), corrected, likeness)
    return pair, played


def _check_length(seconds: float, played: Played) -> None:
    """Refuse a recording that cannot be of these notes by its length.

    Raises:
        GenaudioError: it is shorter than `SHORTEST`, ends before its notes, or goes on long after them.
    """
    if seconds < SHORTEST:
        raise GenaudioError(f"it lasts {seconds:.1f} s; at least {SHORTEST:g} s are needed")
    last = max(note.start for note in played.notes)
    if last > seconds + _SLACK:
        raise GenaudioError(f"it lasts {seconds:.1f} s, but its MIDI file begins notes up to {last:.1f} s")
    if seconds > max(1.5 * played.end, played.end + 30):
        raise GenaudioError(f"it lasts {seconds:.1f} s, but its MIDI file ends after {played.end:.1f} s")


def _copy(file: AudioFile, samples: int, out: BinaryIO) -> None:
    """Write the samples of a file, mixed down.

    Raises:
        GenaudioError: some are no finite numbers, or all are silent.
    """
    energy = 0.0
    for start in range(0, samples, _BLOCK):
        sound = file.read(start, min(_BLOCK, samples - start)).mean(0)
        energy += float(np.square(sound, dtype=np.float64).sum())
        out.write(np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes())
    if file.not_finite:
        raise GenaudioError(f"{file.not_finite} of its samples are no finite numbers; export it again")
    if np.sqrt(energy / samples) < SILENCE:
        raise GenaudioError("it is silent")


def _placed(sound: np.ndarray, played: Played, sample_rate: int) -> tuple[Played, float, bool, float]:
    """Move the notes to where the recording plays them.

    The onsets of bowed and blown notes come late by themselves; up to a tenth of a second is left to them.

    Returns:
        the notes, the recording's offset in seconds, whether the notes were moved by it, and the likeness.

    Raises:
        GenaudioError: the recording does not play these notes, or not at their tempo.
    """

    def heard(start: int, samples: int) -> np.ndarray:
        part = sound[start : start + samples].astype(np.float32) / 32767
        return np.pad(part, (0, samples - len(part)))

    def known(start: int, samples: int) -> np.ndarray:
        return excite_as(played.family, played.notes, samples, sample_rate, start, played.bends).sum(0)

    found = align(heard, known, len(sound), sample_rate)
    if not found.plays or abs(found.drift) > 0.1 * FURTHEST:
        raise GenaudioError(
            "it does not seem to play its MIDI file, or not at its tempo: the onsets correlate by "
            f"{found.likeness:.2f} at best, within {FURTHEST:g} s to either side"
        )
    if abs(found.drift) > FURTHEST_DRIFT:
        raise GenaudioError(
            f"it drifts away from its MIDI file, by {1000 * found.drift:.0f} ms from the first third to the last; "
            "align the MIDI file to the recording's tempo"
        )
    struck = played.family.decay or played.family.drums
    corrected = abs(found.offset) > (0.015 if struck else 0.1)
    moved = played.later(found.offset) if corrected else played
    return moved, found.offset, corrected, round(found.likeness, 3)
