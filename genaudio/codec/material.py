"""Sound that a codec learns from: clips of one length, with the notes that they play where those are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from genaudio.errors import GenaudioError
from genaudio.instruments import Family
from genaudio.sounding import Sounding


class Material(Protocol):
    """Audio in clips of one length, with the notes that it plays where they are known."""

    @property
    def samples(self) -> int:
        """Samples of a clip."""
        ...

    def stretch(self, index: int, start: int, samples: int) -> np.ndarray:
        """Return a part of a clip, float32 [samples] in -1..1."""
        ...

    def played(self, index: int) -> tuple[Family, tuple[Sounding, ...]] | None:
        """Return who plays what in a clip, None where that is not known."""
        ...

    def __len__(self) -> int: ...


def check_room(material: Material, samples: int) -> None:
    """Make sure that examples of so many samples can be cut.

    Raises:
        GenaudioError: the clips are shorter than an example.
    """
    if material.samples <= samples:
        raise GenaudioError(f"clips of {material.samples} samples are too short for examples of {samples}")


class Joined:
    """Several materials as one: the clips of the first, then those of the next.

    Raises:
        GenaudioError: their clips are of different lengths.
    """

    def __init__(self, parts: Sequence[Material]) -> None:
        lengths = sorted({part.samples for part in parts})
        if len(lengths) != 1:
            raise GenaudioError(f"clips of one length are needed, not of {' and '.join(map(str, lengths))} samples")
        self.parts, self.samples = parts, lengths[0]
        self._ends = np.cumsum([len(part) for part in parts])

    def _at(self, index: int) -> tuple[Material, int]:
        """Return whose clip a number means, and which of its clips."""
        part = int(np.searchsorted(self._ends, index, side="right"))
        return self.parts[part], index - int(self._ends[part - 1] if part else 0)

    def stretch(self, index: int, start: int, samples: int) -> np.ndarray:
        """Return a part of a clip, float32 [samples] in -1..1."""
        part, clip = self._at(index)
        return part.stretch(clip, start, samples)

    def played(self, index: int) -> tuple[Family, tuple[Sounding, ...]] | None:
        """Return who plays what in a clip, None where that is not known."""
        part, clip = self._at(index)
        return part.played(clip)

    def __len__(self) -> int:
        return int(self._ends[-1])
