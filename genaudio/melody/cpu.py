"""A decoder whose steps suit a CPU: what is small is done by numpy, which takes less time to begin an operation.

Keys and values of many lines do not fit a core's caches, so a step waits for memory more than it computes. What a line
hears is one product of a vector and a matrix for each head, which numpy's BLAS does as fast as memory gives the matrix:
in half the time of torch's attention while keys and values are in the caches, in nine tenths where they are not. The
products of the weights stay torch's. In half precision: `genaudio.melody.bfloat`.

Letters as in `genaudio.melody.decoder`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from genaudio.melody.batching import Numbers
from genaudio.melody.decoder import Decoder
from genaudio.melody.memory import Memory
from genaudio.melody.transformer import Shape

Floats = NDArray[np.float32]

ALONE = 9000
"""Numbers in a matrix that OpenBLAS still multiplies by a vector on one thread: it sends more than 9215 to others."""


class Bench:
    """Places for what is computed on the way, each as numpy and as torch see it.

    Args:
        lines: B.
        shape: of the network.
    """

    def __init__(self, lines: int, shape: Shape) -> None:
        width, heads = shape.width, shape.heads
        self.normed = np.zeros((lines, width), np.float32)
        self.qkv = np.zeros((lines, 3 * width), np.float32)
        self.pairs = self.qkv[:, : 2 * width].view(np.complex64)
        self.values = self.qkv[:, 2 * width :].reshape(lines, heads, -1)
        self.turned = np.zeros((lines, width), np.complex64)
        turned = self.turned.view(np.float32).reshape(lines, 2 * heads, -1)
        self.queries, self.keys = turned[:, :heads, None], turned[:, heads:]
        heard = np.zeros((lines, width), np.float32)
        self.heard = heard.reshape(lines, heads, 1, -1)
        self.normed_rows, self.qkv_rows, self.heard_rows = map(torch.from_numpy, (self.normed, self.qkv, heard))
        self.feed_rows = torch.zeros(lines, 2 * shape.hidden)
        self.gate, self.value = self.feed_rows.chunk(2, dim=-1)


class CpuDecoder(Decoder):
    """As `Decoder`, for a CPU and weights in single precision."""

    _tiled = np.zeros((0, 0), np.complex64)

    def advance(self, memory: Memory, features: Numbers) -> torch.Tensor:
        """As `Decoder.advance`; beginnings of several events are passed through as there."""
        if features.shape[1] > 1:
            return super().advance(memory, features)
        self._make_room(memory, memory.length + 1)
        bench = memory.bench
        if not isinstance(bench, Bench) or len(bench.normed) != len(features):
            memory.bench = bench = Bench(len(features), self.shape)
        x = functional.embedding_bag(torch.from_numpy(self._inputs(features)), self._table, mode="sum")
        x += memory.base
        self._through(x, x.numpy(), memory, bench)
        memory.length += 1
        return self._norm(x, self.model.norm.weight)

    def _norm(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        rows = x.numpy()
        return torch.from_numpy(np.divide(rows, root_mean_squares(rows))).mul_(weight)

    def _room(self, size: tuple[int, ...]) -> torch.Tensor:
        """Return room as numpy allots it: of that much memory, in huge pages where the system has them."""
        return torch.from_numpy(np.empty(size, np.float32))

    def _through(self, x: torch.Tensor, rows: Floats, memory: Memory, bench: Bench) -> None:
        """Pass a step's inputs [B, D], which are also given as numpy sees them, through all blocks."""
        turn = self._tiled_turns(memory.room)[memory.length]
        for layer, weights in enumerate(self.layers):
            np.divide(rows, root_mean_squares(rows), out=bench.normed)
            torch.mm(bench.normed_rows, weights.qkv, out=bench.qkv_rows)
            np.multiply(bench.pairs, turn, out=bench.turned)
            self._hear(bench, memory, layer)
            x.addmm_(bench.heard_rows, weights.out)
            np.divide(rows, root_mean_squares(rows), out=bench.normed)
            torch.mm(bench.normed_rows, weights.feed_in, out=bench.feed_rows)
            x.addmm_(functional.silu(bench.gate).mul_(bench.value), weights.feed_out)

    def _tiled_turns(self, room: int) -> NDArray[np.complex64]:
        """Return the turns of places for all heads' queries, scaled for the softmax, and their keys, [room, D]."""
        if room > len(self._tiled):
            turns, heads = self._turn(0, room).numpy()[:, 0], self.shape.heads
            scale = np.float32((2 * turns.shape[1]) ** -0.5)
            self._tiled = np.concatenate([np.tile(turns * scale, heads), np.tile(turns, heads)], axis=1)
        return self._tiled

    def _hear(self, bench: Bench, memory: Memory, layer: int) -> None:
        """Put what the used lines hear in a layer into `heard`, and their new keys and values among the old.

        What the lines hear that only fill the batch up does not matter.
        """
        used, place, end = memory.used, memory.length, memory.length + 1
        keys, values = memory.keys[layer].numpy(), memory.values[layer].numpy()
        keys[:, :, place], values[:, :, place] = bench.keys[:used], bench.values[:used]
        queries, heard = bench.queries[:used], bench.heard[:used]
        span = max(ALONE // keys.shape[3], 1)
        parts = [slice(start, min(start + span, end)) for start in range(0, end, span)]
        scores = np.empty((*queries.shape[:3], end), np.float32)
        for part in parts:
            np.matmul(queries, keys[:, :, part].swapaxes(2, 3), out=scores[..., part])
        shares = torch.softmax(torch.from_numpy(scores), -1).numpy()
        np.matmul(shares[..., parts[0]], values[:, :, parts[0]], out=heard)
        for part in parts[1:]:
            heard += np.matmul(shares[..., part], values[:, :, part])


def root_mean_squares(rows: Floats) -> Floats:
    """Return the root mean squares of rows [B, D], [B, 1]."""
    return np.sqrt(np.vecdot(rows, rows) / np.float32(rows.shape[1]) + np.finfo(np.float32).eps)[:, None]
