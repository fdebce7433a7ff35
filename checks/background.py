"""How surprising each note is in music at large: the information that a match of it carries.

A match of notes that any tune may have (a scale, a cadence) says little, one of a rare turn says much. Every note is
therefore worth -log2 p(interval into it | the intervals before), its rhythm -log2 p(ratio class | the classes before),
with p from tables that are counted once, over the training works, and ship with the package. Notes that continue a
short cycle (a scale's steps, an arpeggio, a trill) are discounted, as low-complexity regions are in sequence search.

A turn must not look common because the very work that it is matched with was counted. Where the families of the works
are known, what c places in f families have in common counts c (f - 1) / f times: as often as the families but one have
it, and nothing if it is in one only. So it does not matter whether a work was among those counted. The clean queries of
a calibration, which stand for tunes that were not, are weighed with tables from which their families are left out.
Pearce and Wiggins (2006), Expectation in melody; MacKay and Peto (1995), A hierarchical Dirichlet language model;
Wootton and Federhen (1993), Statistics of local complexity.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from checks.errors import IncompatibleCatalogue
from checks.line import Ints, Line
from checks.ngrams import RATIO_LIMIT, intervals, ratio_classes

VERSION = 2
CLASSES = 25  # intervals -12..12, wider ones at the edge
RATIOS = 2 * RATIO_LIMIT + 1
_UNITS = 16.0  # a stored byte is 1/16 bit
_STRENGTH = 8.0  # observations that the shorter context counts for
LONGEST_CYCLE = 8
CYCLE_DISCOUNT = 0.25
NO_RATIO = 99
"""Ratio class of a melody's first note, which has none."""

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
FILE = Path(__file__).with_name("background.npz")


@dataclass(frozen=True)
class Depth:
    """How far tables look back, and the most that they give.

    Attributes:
        pitch, rhythm: intervals and ratio classes before a note that its own depends on.
        pitch_limit, rhythm_limit: bits beyond which a note's worth does not rise, 1/16 to 15; a turn that nobody ever
            wrote says no more than a rare one.
    """

    pitch: int = 2
    rhythm: int = 1
    pitch_limit: float = 8.0
    rhythm_limit: float = 8.0


SHIPPED = Depth(pitch=3, rhythm=4, pitch_limit=5.0, rhythm_limit=3.0)
"""Depth of the tables that ship."""


@dataclass(frozen=True, eq=False)
class Notes:
    """What alignment compares, for one or several melodies end to end.

    Attributes:
        pitches: [N] MIDI numbers, int16.
        ratios: [N] ratio class of the IOI of this note to the one before, int8; `NO_RATIO` for a first note.
        pitch_bits, rhythm_bits: [N] information of the note's interval and of its ratio class.
        starts: [M + 1] where each melody begins, and N.
    """

    pitches: Ints
    ratios: Ints
    pitch_bits: Floats
    rhythm_bits: Floats
    starts: Ints

    def __len__(self) -> int:
        return len(self.pitches)

    def worth(self, rhythm_weight: float, counted: npt.NDArray[np.bool_]) -> float:
        """Return the most that a match of some of these notes can be worth, in bits."""
        return float((self.pitch_bits + rhythm_weight * self.rhythm_bits)[counted].sum())


@dataclass(frozen=True, eq=False)
class Background:
    """Tables of information in 1/16 bit.

    Attributes:
        pitch: [26, .., 26, 25] uint8, by the intervals before, the earliest first, and the interval (index 25: none).
        rhythm: [14, .., 14, 13] uint8, by the ratio classes before (index 13: none), and the ratio class.
    """

    pitch: Bytes
    rhythm: Bytes

    @classmethod
    def count(cls, line: Line, families: Ints | None = None, depth: Depth | None = None) -> Background:
        """Estimate the tables from works: each context smoothed by the next shorter one (Dirichlet prior).

        Args:
            line: the works.
            families: [works] the family of each by number; what one family alone has then counts as unseen. None:
                every occurrence counts.
            depth: how far the tables look back.
        """
        depth = depth or Depth()
        owners = None if families is None else np.asarray(families)[line.owners()][_later(line)]
        return cls(
            _quantised(_estimate(_steps(line, depth.pitch), CLASSES, owners), depth.pitch_limit),
            _quantised(_estimate(_ratios(line, depth.rhythm), RATIOS, owners), depth.rhythm_limit),
        )

    def save(self, path: Path) -> None:
        """Write the tables, a byte a number."""
        np.savez_compressed(path, version=np.array(VERSION), pitch=self.pitch, rhythm=self.rhythm)

    @classmethod
    def load(cls, path: Path = FILE) -> Background:
        """Read the tables that `save` wrote.

        Raises:
            IncompatibleCatalogue: the file is missing, damaged or of another version.
        """
        try:
            with np.load(path, allow_pickle=False) as tables:
                version = int(tables["version"])
                if version != VERSION:
                    raise ValueError(f"version {version}, not {VERSION}")
                found = cls(tables["pitch"], tables["rhythm"])
            found._check()
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise IncompatibleCatalogue(f"cannot use the background {path}: {error}; calibrate again") from error
        return found

    def _check(self) -> None:
        for name, table, classes in (("pitch", self.pitch, CLASSES), ("rhythm", self.rhythm, RATIOS)):
            if table.dtype != np.uint8 or table.shape != (classes + 1,) * (table.ndim - 1) + (classes,):
                raise ValueError(f"its {name} table is {table.dtype} {table.shape}")

    def notes(self, line: Line) -> Notes:
        """Weigh every note of some melodies; a first note carries nothing."""
        count = len(line)
        ratios = np.full(count, NO_RATIO, np.int8)
        pitch_bits, rhythm_bits = np.zeros(count), np.zeros(count)
        later = _later(line)
        if len(later):
            steps, classes = _steps(line, self.pitch.ndim - 1), _ratios(line, self.rhythm.ndim - 1)
            weight = np.where(cyclic(line)[later], CYCLE_DISCOUNT, 1.0) / _UNITS
            ratios[later] = classes[-1] - RATIO_LIMIT
            pitch_bits[later] = self.pitch[steps] * weight
            rhythm_bits[later] = self.rhythm[classes] * weight
        return Notes(line.pitches, ratios, pitch_bits, rhythm_bits, line.starts)


@lru_cache(maxsize=1)
def shipped() -> Background:
    """Return the tables that ship with the package."""
    return Background.load()


def _later(line: Line) -> Ints:
    """Return all notes but the first of each melody."""
    first = np.zeros(len(line) + 1, bool)
    first[line.starts[:-1]] = True
    return np.flatnonzero(~first[:-1])


def _steps(line: Line, order: int) -> tuple[Ints, ...]:
    """Return, for all later notes, the classes of the intervals before, the earliest first, and of the one into it."""
    steps = np.clip(intervals(line), -(CLASSES // 2), CLASSES // 2) + CLASSES // 2
    return _history(line, steps, order, CLASSES)


def _ratios(line: Line, order: int) -> tuple[Ints, ...]:
    """Return the same of ratio classes."""
    return _history(line, ratio_classes(line) + RATIO_LIMIT, order, RATIOS)


def _history(line: Line, following: Ints, order: int, none: int) -> tuple[Ints, ...]:
    """Return, for all later notes, what led into the `order` notes before and into the note; `none` before the second.

    `following` says of each note what leads to the next.
    """
    later = _later(line)
    if not len(later):
        return tuple(np.zeros(0, np.int64) for _ in range(order + 1))
    into = np.full(order + len(line), none, np.int64)  # room for contexts before the first note
    into[later + order] = following[later - 1]
    place = later - np.asarray(line.starts)[line.owners()[later]]
    lags = range(order, 0, -1)
    return (*(np.where(place > lag, into[later + order - lag], none) for lag in lags), into[later + order])


def _estimate(history: tuple[Ints, ...], classes: int, owners: Ints | None) -> Floats:
    """Return p(class | classes before), [classes + 1, .., classes + 1, classes]."""
    order = len(history) - 1
    estimate: Floats = np.zeros(0)
    for length in range(order + 1):
        shape = (classes + 1,) * length + (classes,)
        cells = np.ravel_multi_index(history[order - length :], shape)
        counts = _counts(cells, int(np.prod(shape)), owners).reshape(shape)
        if length == 0:
            estimate = (counts + 0.5) / (counts + 0.5).sum()
        else:
            estimate = (counts + _STRENGTH * estimate) / (counts.sum(-1, keepdims=True) + _STRENGTH)
    return estimate


def _counts(cells: Ints, size: int, owners: Ints | None) -> Floats:
    """Count every cell; by families, if there are any, as often as all of them but one have it."""
    counts = np.bincount(cells, minlength=size).astype(np.float64)
    if owners is None or not len(owners):
        return counts
    pairs = np.unique(cells * (int(owners.max()) + 1) + owners)
    families = np.bincount(pairs // (int(owners.max()) + 1), minlength=size)
    return counts * np.maximum(families - 1, 0) / np.maximum(families, 1)


def cyclic(line: Line) -> npt.NDArray[np.bool_]:
    """Mark the notes whose last four intervals stood there up to `LONGEST_CYCLE` notes before as well."""
    steps = intervals(line)
    owners = line.owners()
    size = len(line)
    marked = np.zeros(size, bool)
    for lag in range(1, LONGEST_CYCLE + 1):
        if size <= lag + 4:
            break
        same = np.zeros(size, bool)  # interval into the note equals the one `lag` notes before
        same[lag + 1 :] = (steps[lag:-1] == steps[: -lag - 1]) & (owners[lag + 1 :] == owners[: -lag - 1])
        run = same[4:] & same[3:-1] & same[2:-2] & same[1:-3]
        marked[4:] |= run
    return marked


def _quantised(probabilities: Floats, limit: float) -> Bytes:
    return np.rint(np.clip(-np.log2(probabilities), 0.0, limit) * _UNITS).astype(np.uint8)
