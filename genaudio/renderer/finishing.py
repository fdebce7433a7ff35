"""The way from decoded chunks to masters: sound leaves the device, and what is whole is mastered in threads.

Neither keeps the device waiting: while it computes a batch, the sound of the one before is copied, mixed and mastered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from genaudio.cores import usable_cores
from genaudio.errors import GenaudioError
from genaudio.renderer.chunks import Piece
from genaudio.renderer.mix import place
from genaudio.renderer.performing import Part
from genaudio.renderer.rendering import Rendering, mastered

MASTERING = 8
"""Threads that master beside a GPU, at most: one of them masters about a hundred seconds of audio a second."""


@dataclass
class Playing:
    """A piece on its way: its mix so far, of how many samples, and how many chunks are still to come."""

    piece: Piece
    mix: np.ndarray
    samples: int
    left_out: tuple[str, ...]
    missing: int
    placed: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, part: Part, first: int, mono: np.ndarray) -> None:
        """Put a chunk of a part's sound in its place, from a sample on."""
        sound = place(mono, part.pan, part.volume)
        where = slice(first, first + len(mono))
        self.mix[:, where] += sound
        if self.piece.stems:
            self.placed.setdefault(part.name, np.zeros((2, self.samples), np.float32))[:, where] = sound
        self.missing -= 1

    def mastered(self, sample_rate: int) -> Rendering:
        """Turn the mix, when nothing is missing any more, into a rendering."""
        reverb, loudness = self.piece.reverb, self.piece.loudness
        return mastered(self.mix, self.samples, sample_rate, reverb, loudness, self.placed, self.left_out)


def threads_beside(device: torch.device) -> int:
    """How many threads master while a device computes; none where it is the processor that computes."""
    return min(MASTERING, usable_cores()) if device.type == "cuda" else 0


class Leaving:
    """Decoded sound on its way from the device, which goes on with the next batch meanwhile.

    Args:
        decoded: [B, T] on the device.
    """

    def __init__(self, decoded: Tensor) -> None:
        self._sound, self._copied = decoded, None
        if decoded.device.type == "cuda":
            self._sound = decoded.to("cpu", non_blocking=True)  # into pinned memory
            self._copied = torch.cuda.current_stream(decoded.device).record_event()

    def arrived(self) -> Tensor:
        """Wait for the sound, and for nothing that was begun after it: [B, T]."""
        if self._copied is not None:
            self._copied.synchronize()
        return self._sound


class Mastery:
    """Masters pieces that are whole, in their order. Used in a ``with`` block.

    Args:
        sample_rate: samples a second.
        threads: that do it, and how many pieces wait for them at most; 0 for none.
    """

    def __init__(self, sample_rate: int, threads: int) -> None:
        self.sample_rate, self.most = sample_rate, threads
        self._pool = ThreadPoolExecutor(self.most) if self.most else None
        self._begun: dict[int, Future[Rendering]] = {}

    def __enter__(self) -> Mastery:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def done(
        self, waiting: deque[Playing | GenaudioError], all_of_them: bool = False
    ) -> Iterator[Rendering | GenaudioError]:
        """Yield from the head of the queue what is mastered or cannot be rendered; wait for all, or for too many."""
        self._begin(waiting)
        while waiting and (isinstance(waiting[0], GenaudioError) or not waiting[0].missing):
            first, mastering = waiting[0], self._begun.get(id(waiting[0]))
            if mastering and not (all_of_them or mastering.done() or len(self._begun) > self.most):
                return
            waiting.popleft()
            if isinstance(first, GenaudioError):
                yield first
            elif mastering is None:
                yield first.mastered(self.sample_rate)
            else:
                del self._begun[id(first)]
                yield mastering.result()

    def _begin(self, waiting: deque[Playing | GenaudioError]) -> None:
        """Let threads master what has become whole."""
        if self._pool is None:
            return
        for piece in waiting:
            if not isinstance(piece, GenaudioError) and not piece.missing and id(piece) not in self._begun:
                self._begun[id(piece)] = self._pool.submit(piece.mastered, self.sample_rate)
