"""Sampling of many melodies side by side, each with its own source of chance.

Every tune draws from its own generator, one number for its rhythm and one for its pitch at every step. Tunes go through
the network in batches in which each comes out as it would by itself (see `genaudio.melody.batching`), and what
else is done for several tunes is done row by row: a tune depends on its seed and wish alone, not on what is sampled
beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import torch

from genaudio.errors import GenaudioError
from genaudio.melody.cpu import CpuDecoder
from genaudio.melody.decoder import Decoder
from genaudio.melody.draft import Draft
from genaudio.melody.grammar import Grammar
from genaudio.melody.graphs import GraphDecoder
from genaudio.melody.guard import Guard
from genaudio.melody.judging import judge
from genaudio.melody.mixing import is_guided
from genaudio.melody.page import Page
from genaudio.melody.transformer import MelodyTransformer

PRECISIONS = ("float32", "bfloat16")
"""Of products, keys and values."""
INSTALL = "pip install 'genaudio[fast]'"


class Sampler:
    """Writes melodies with a model under the bar grammar.

    Args:
        model: the network, in evaluation mode; later changes of its weights are not seen.
        grammar: of the same vocabulary.
        graphs: record the network's steps as CUDA graphs (see `genaudio.melody.graphs`; not yet run on a GPU).
        guard: knows what not to copy; None for nothing.
        precision: one of `PRECISIONS`; bfloat16 is for a CPU and makes large batches much faster (see
            `genaudio.melody.bfloat`), but a seed gives another melody with it now and then. Needs numba.

    Raises:
        GenaudioError: there is no such precision, the model is not on a CPU in single precision, or numba is missing.
    """

    def __init__(
        self,
        model: MelodyTransformer,
        grammar: Grammar,
        graphs: bool = False,
        guard: Guard | None = None,
        precision: str = "float32",
    ) -> None:
        self.model, self.grammar, self.vocabulary, self.guard = model, grammar, model.vocabulary, guard
        self.decoder = _decoder(model, graphs, precision)

    @torch.inference_mode()
    def write(self, drafts: Sequence[Draft]) -> None:
        """Fill the drafts' events until every last bar is full."""
        alike: dict[tuple[int, bool, int], list[Draft]] = {}
        for draft in drafts:
            if not draft.plan.given:  # what is given was checked where it was laid out
                self.grammar.check(draft.frame)
            kind = (len(draft.parts), is_guided(draft), len(draft.plan.beginning()))
            alike.setdefault(kind, []).append(draft)
        for (styles, guided, _), some in alike.items():
            most = self.decoder.batching.most // (styles + guided)
            some.sort(key=lambda draft: draft.frame.end)  # so that those beside each other are done together
            for start in range(0, len(some), most):
                Page(self.decoder, self.grammar, some[start : start + most], self.guard).write()
        for draft in drafts:
            if draft.plan.judged_from is not None:
                judge(self.model, draft)


def _decoder(model: MelodyTransformer, graphs: bool, precision: str) -> Decoder:
    """Return the decoder that suits the model's device and precision."""
    weight = model.norm.weight
    plain = weight.device.type == "cpu" and weight.dtype == torch.float32 and not graphs
    if precision not in PRECISIONS:
        raise GenaudioError(f"the precision must be {' or '.join(PRECISIONS)}, not {precision}")
    if precision == "bfloat16":
        if not plain:
            raise GenaudioError(f"bfloat16 is for a CPU without graphs, not {weight.device.type}; use float32")
        if find_spec("numba") is None:
            raise GenaudioError(f"bfloat16 needs numba: {INSTALL}")
        from genaudio.melody.bfloat import BfloatDecoder

        return BfloatDecoder(model)
    if graphs:
        return GraphDecoder(model)
    return CpuDecoder(model) if plain else Decoder(model)
