"""A decoder for a CPU in bfloat16: what goes into products, and keys and values, have 8 significant bits.

Sums, norms, scores and what is handed from block to block stay in single precision. A step is compiled as a whole
(`genaudio.melody.kernels`), so that nothing is lost between its operations: to begin one from Python takes as long as
many a one itself. Without AMX torch multiplies the same rounded numbers in single precision.

Needs numba, which the extra `fast` installs. Letters as in `genaudio.melody.decoder`.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from genaudio.melody import tiles
from genaudio.melody.batching import Numbers
from genaudio.melody.cpu import CpuDecoder, Floats
from genaudio.melody.features import RHYTHM_COPIES
from genaudio.melody.kernels import Workspace, pass_through, score_pitches, score_rhythms
from genaudio.melody.memory import Memory
from genaudio.melody.tiles import STEP, packed
from genaudio.melody.transformer import MelodyTransformer, Shape

Halves = NDArray[np.uint16]
"""Numbers in bfloat16."""


def has_tiles(shape: Shape) -> bool:
    """Return whether this machine multiplies a network's matrices by AMX."""
    return shape.width % STEP == 0 and shape.hidden % STEP == 0 and tiles.available()


class BfloatDecoder(CpuDecoder):
    """As `CpuDecoder`, in bfloat16.

    Args:
        model: in evaluation mode; later changes of its weights are not seen.
        tiles: multiply by AMX; by default, where the machine does.
    """

    def __init__(self, model: MelodyTransformer, tiles: bool | None = None) -> None:
        super().__init__(model)
        self.tiles = has_tiles(self.shape) if tiles is None else tiles
        names = ("qkv", "out", "feed_in", "feed_out")
        self._blocks = tuple(self._prepared(*(getattr(layer, name) for layer in self.layers)) for name in names)
        self._rhythm_head = self._head(self._rhythm, self._rhythm_bias)
        self._pitch_head = self._head(self._pitch, self._pitch_bias)
        self._mixing = self._head(self._mix, model.pitch_mix.bias)
        self._norms = [norm.weight.numpy(force=True) for norm in (model.norm, model.pitch_norm)]

    def _prepared(self, *matrices: torch.Tensor) -> Halves | torch.Tensor:
        """Return matrices [K, N] as `genaudio.melody.tiles.multiply` takes them."""
        if self.tiles:
            return np.stack([packed(matrix.numpy(force=True)) for matrix in matrices])
        return torch.stack(matrices).bfloat16().float()

    def _head(self, weight: torch.Tensor, bias: torch.Tensor) -> tuple[Halves | torch.Tensor, Floats]:
        """Return a matrix [K, N] and a bias [N] for the kernels, with N filled up to a multiple of `STEP`."""
        more = (0, -len(bias) % STEP)
        return self._prepared(functional.pad(weight, more))[0], functional.pad(bias, more).numpy(force=True)

    def _kernel(self, kernel: Any) -> Any:
        """Return a kernel as this machine runs it."""
        return kernel if self.tiles else kernel.py_func

    def _room(self, size: tuple[int, ...]) -> torch.Tensor:
        """As `CpuDecoder._room`, with all heads of an event, and all that a line remembers, side by side."""
        layers, used, heads, room, width = size
        halves = torch.from_numpy(np.empty((used, layers, room, heads, width), np.uint16))
        return halves.view(torch.bfloat16).permute(1, 0, 3, 2, 4)

    def advance(self, memory: Memory, features: Numbers) -> torch.Tensor:
        """As `Decoder.advance`; beginnings of several events are passed through in single precision."""
        if features.shape[1] > 1:
            return super().advance(memory, features)
        self._make_room(memory, memory.length + 1)
        lines, space = len(features), memory.bench
        if not isinstance(space, Workspace) or not lines <= len(space.rows) < lines + STEP:
            memory.bench = space = Workspace.of(lines, self.shape.width, self.shape.hidden)
        numbers, base = self._inputs(features), memory.base.numpy()
        keys, values = _lines_first(memory.keys), _lines_first(memory.values)
        turn = self._tiled_turns(memory.room)[memory.length]

        def work(part: slice) -> None:
            self._kernel(pass_through)(
                numbers[part], self._table.numpy(), base[part], self._blocks, self._norms[0], turn, keys[part],
                values[part], memory.length, self.shape.heads, space.part(part),
            )  # fmt: skip

        self._share(work, lines)
        memory.length += 1
        return torch.from_numpy(space.rows[:lines].copy())

    def _share(self, work: Callable[[slice], None], lines: int) -> None:
        """Do the work for all lines, some on each thread; torch has threads of its own."""
        steps = -(-lines // STEP)
        threads = min(torch.get_num_threads(), steps) if self.tiles else 1
        edges = [STEP * (steps * number // threads) for number in range(threads + 1)]
        parts = list(map(slice, edges[:-1], edges[1:]))
        others = [Thread(target=work, args=(part,)) for part in parts[1:]]
        for other in others:
            other.start()
        work(parts[0])
        for other in others:
            other.join()

    def rhythm_scores(self, hidden: torch.Tensor, features: Numbers) -> torch.Tensor:
        """As `Decoder.rhythm_scores`."""
        count = self.rhythm_count
        scores = self._kernel(score_rhythms)(hidden.numpy(), features[:, RHYTHM_COPIES], *self._rhythm_head, count)
        return torch.from_numpy(scores[: len(hidden), :count])

    def pitch_scores(self, hidden: torch.Tensor, features: Numbers, rhythm: Numbers, arrival: Numbers) -> torch.Tensor:
        """As `Decoder.pitch_scores`."""
        chosen, seen = self._pitch_inputs(features, rhythm, arrival)
        scores = self._kernel(score_pitches)(
            hidden.numpy(), chosen, self._chosen.numpy(force=True), self._norms[1], *self._mixing, seen,
            *self._pitch_head, self._intervals.numpy(), self.pitch_count,
        )  # fmt: skip
        return torch.from_numpy(scores[: len(hidden), : self.pitch_count])


def _lines_first(store: torch.Tensor) -> Halves:
    """Return keys or values [layers, used, H, room, D/H] as the kernels see them, [used, layers, room, D]."""
    return store.permute(1, 0, 3, 2, 4).flatten(3).view(torch.uint16).numpy()
