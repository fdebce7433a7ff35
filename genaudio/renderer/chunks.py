"""Cutting stems into chunks of one shape, so that many go through the networks at once, whatever piece they are from.

Of every chunk a number of frames is wanted. The decoder sees more on both sides, the score model more still, so that
where a chunk ends cannot be heard:

    score model   |---------------------------------|   `Shape.seen` frames
    decoder               |-----------------|           `Shape.decoded` frames
    wanted                   |-----------|              `Shape.wanted` frames, fewer at a piece's end

At the ends of a piece all three begin, or end, together, as they do when it is rendered in one stretch. A piece shorter
than a window is followed by silence.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from genaudio.errors import GenaudioError
from genaudio.renderer.mix import LOUDNESS
from genaudio.score import Score
from genaudio.sounding import Sounding

FLOAT32, BFLOAT16 = "float32", "bfloat16"
PRECISIONS = (FLOAT32, BFLOAT16)
"""What the networks' blocks may be computed in; phases, transforms and codes are in single precision or better."""
MOST_CHUNKS = 256
_SLACK = 0.1  # seconds, more than any rounding


@dataclass(frozen=True)
class Batching:
    """How stems are rendered together. All of it decides the last bits of the audio.

    Attributes:
        chunks: that go through the networks at once; a batch that is not full is filled up with silence.
        frames: that are wanted of a chunk (1024 are 12 s).
        precision: of the networks' blocks, one of `PRECISIONS`.
        compiled: let torch compile the blocks; where it cannot, they run as they are, and a warning says so.

    Raises:
        GenaudioError: a number or a precision that there is not.
    """

    chunks: int = 16
    frames: int = 1024
    precision: str = FLOAT32
    compiled: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.chunks <= MOST_CHUNKS:
            raise GenaudioError(f"from 1 to {MOST_CHUNKS} chunks are rendered at once, not {self.chunks}")
        if not 64 <= self.frames <= 8192:
            raise GenaudioError(f"a chunk has from 64 to 8192 frames, not {self.frames}")
        if self.precision not in PRECISIONS:
            raise GenaudioError(f"the precision is {' or '.join(PRECISIONS)}, not {self.precision}")


def usual_batching(device: str) -> Batching | None:
    """How stems are rendered on a kind of device as a rule; None for one after the other."""
    return Batching(precision=BFLOAT16) if device.startswith("cuda") else None


@dataclass(frozen=True)
class Piece:
    """A score to be rendered; the fields are arguments of `Renderer.render`."""

    score: Score
    seed: int = 0
    loudness: float = LOUDNESS
    reverb: float = 0.12
    stems: bool = False


class Chunk(NamedTuple):
    """Where a chunk lies in its piece, in frames.

    Attributes:
        first, last: what is wanted.
        decoded: where the decoder's window begins. seen: where the score model's begins.
    """

    first: int
    last: int
    decoded: int
    seen: int


@dataclass(frozen=True)
class Shape:
    """Frames of the windows; see the module's drawing.

    Attributes:
        wanted, decoded, seen: frames of each.
    """

    wanted: int
    decoded: int
    seen: int

    @classmethod
    def around(cls, wanted: int, decoder_reach: int, model_reach: int) -> Shape:
        """Give windows the margins that the networks need."""
        decoded = wanted + 2 * decoder_reach
        return cls(wanted, decoded, decoded + 2 * model_reach)

    def chunks(self, frames: int) -> Iterator[Chunk]:
        """Cut a piece of so many frames."""
        before = (self.decoded - self.wanted) // 2
        around = (self.seen - self.decoded) // 2
        for first in range(0, frames, self.wanted):
            decoded = max(0, min(first - before, frames - self.decoded))
            seen = max(0, min(decoded - around, frames - self.seen))
            yield Chunk(first, min(first + self.wanted, frames), decoded, seen)


class Timeline:
    """Notes that can be asked for by their time, so that a long piece is not gone through again for each chunk.

    Args:
        notes: in any order; they are given in the order of their onsets.
    """

    def __init__(self, notes: Sequence[Sounding]) -> None:
        self.notes = sorted(notes)
        self._starts = [note.start for note in self.notes]
        self._latest = list(accumulate((note.end for note in self.notes), max))

    def between(self, start: float, end: float, ring: float) -> Sequence[Sounding]:
        """Return all notes that sound from `start` to `end`, and few others; each rings on for so many seconds."""
        first = bisect_left(self._latest, start - ring - _SLACK)
        return self.notes[first : bisect_left(self._starts, end + _SLACK)]
