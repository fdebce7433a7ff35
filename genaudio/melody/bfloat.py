"""A decoder for a CPU that remembers keys and values in bfloat16, for batches of many lines.

To hear what many lines remember is to wait for memory, and in bfloat16 there is half as much to wait for. Queries, keys
and values are rounded to 8 significant bits; what is heard is added up in single precision, and all else is as in
`CpuDecoder`. A seed gives another melody now and then, and maybe another one on another processor, as torch has kernels
for several.

Products in bfloat16 were tried as well. With AMX, those of a block take two thirds of the time for 64 lines as long as
the weights are in the caches; but keys and values drive them out at every block, and what torch does around such a
product takes longer than a small product itself. All in all 64 tunes gained a twentieth at most. Without AMX such
products take twice the time of single precision.

Letters as in `genaudio.melody.decoder`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from genaudio.melody.cpu import Bench, CpuDecoder
from genaudio.melody.memory import Memory
from genaudio.melody.transformer import Shape


class BfloatBench(Bench):
    """As `Bench`, with what goes to and comes from the keys and values by heads, as torch sees it.

    Args:
        lines: B.
        shape: of the network.
    """

    def __init__(self, lines: int, shape: Shape) -> None:
        super().__init__(lines, shape)
        self.rounded_queries = torch.zeros(self.queries.shape, dtype=torch.bfloat16)
        self.query_heads, self.key_heads, self.value_heads, self.heard_heads = map(
            torch.from_numpy, (self.queries, self.keys, self.values, self.heard)
        )


class BfloatDecoder(CpuDecoder):
    """As `CpuDecoder`, with keys and values in bfloat16."""

    bench_kind = BfloatBench

    def _room(self, size: tuple[int, ...]) -> torch.Tensor:
        return torch.from_numpy(np.empty(size, np.int16)).view(torch.bfloat16)

    def _hear(self, bench: Bench, memory: Memory, layer: int) -> None:
        assert isinstance(bench, BfloatBench)
        used, place, end = memory.used, memory.length, memory.length + 1
        keys, values = memory.keys[layer, :, :, :end], memory.values[layer, :, :, :end]
        keys[:, :, place], values[:, :, place] = bench.key_heads[:used], bench.value_heads[:used]
        queries = bench.rounded_queries.copy_(bench.query_heads)[:used]
        heard = functional.scaled_dot_product_attention(queries, keys, values, scale=1.0)  # they are scaled already
        bench.heard_heads[:used] = heard
