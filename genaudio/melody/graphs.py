"""A decoder whose step is recorded once and played back as CUDA graphs, without the host's work in between.

Recorded work cannot change its shapes: attention goes over the whole room, what has not been written yet masked out,
and where the next event is written is itself a number on the device. On other devices the same work is done anew each
time, which is how the tests run it. **It has not been run on a GPU yet**, so it has to be asked for:
``composer.sampler = Sampler(composer.model, composer.grammar, graphs=True)``.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from genaudio.melody.batching import Numbers
from genaudio.melody.decoder import Decoder
from genaudio.melody.features import COLUMNS, PITCH_COPIES, PLACE_COLUMNS, RHYTHM_COPIES
from genaudio.melody.memory import Memory

WARMING = 3
"""Times that work is done before it is recorded, as CUDA graphs ask for."""

Work = Callable[[], tuple[torch.Tensor, ...]]


class Recording:
    """Work on tensors that stay where they are, recorded where the device can.

    Args:
        work: reads its inputs from fixed places, and returns new tensors.
        device: on which.
    """

    def __init__(self, work: Work, device: torch.device) -> None:
        self.work, self.graph = work, None
        if device.type != "cuda":
            return
        stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(stream):
            for _ in range(WARMING):
                work()
        torch.cuda.current_stream(device).wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.results = work()

    def play(self) -> tuple[torch.Tensor, ...]:
        """Return the results for what stands in the inputs now."""
        if self.graph is None:
            return self.work()
        self.graph.replay()
        return self.results


class GraphDecoder(Decoder):
    """As `Decoder`, for batches that keep their size."""

    _keys: torch.Tensor | None = None

    def advance(self, memory: Memory, features: Numbers) -> torch.Tensor:
        """As `Decoder.advance`; beginnings of several events are passed through without a recording."""
        if features.shape[1] > 1:
            return super().advance(memory, features)
        self._make_room(memory, memory.length + 1)
        if self._keys is not memory.keys:
            self._record(memory, len(features))
        self._place.fill_(memory.length)
        self._numbers.copy_(torch.from_numpy(self._inputs(features)))
        self._rhythm_places.copy_(torch.from_numpy(features[:, 0, RHYTHM_COPIES]))
        memory.length += 1
        hidden, self._rhythms = self._first.play()
        if hidden is not self._hidden:
            self._hidden.copy_(hidden)
        return self._hidden

    def _record(self, memory: Memory, lines: int) -> None:
        """Make room for the inputs of a batch, and record both halves of a step on them."""

        def numbers(*size: int) -> torch.Tensor:
            return torch.zeros(size, dtype=torch.long, device=self.device)

        self._keys, self._place = memory.keys, numbers(1).fill_(memory.length)
        self._numbers, self._rhythm_places = numbers(lines, len(COLUMNS) + 1), numbers(lines, len(RHYTHM_COPIES))
        self._chosen_rows = numbers(lines, 1 + len(PLACE_COLUMNS))
        self._seen = numbers(lines, 1 + len(PITCH_COPIES))
        self._hidden = memory.base.new_zeros(lines, self.shape.width)
        turns, places = self._turn(0, memory.room), torch.arange(memory.room, device=self.device)
        heard = memory.base.new_zeros(memory.room)

        def first() -> tuple[torch.Tensor, ...]:
            self._mask = heard.masked_fill(places > self._place, -torch.inf)[None, None, None]
            hidden = self._pass(self._numbers, memory, lines, turns.index_select(0, self._place))
            return hidden, self._rhythm_scores(hidden, self._rhythm_places)

        self._first = Recording(first, self.device)
        self._second = Recording(
            lambda: (self._pitch_scores(self._hidden, self._chosen_rows, self._seen),), self.device
        )

    def _attend(self, qkv: torch.Tensor, turn: torch.Tensor, memory: Memory, layer: int) -> torch.Tensor:
        """As `Decoder._attend`, over the whole room."""
        if qkv.shape[1] > 1:
            return super()._attend(qkv, turn, memory, layer)
        q, k, v = self._turned(qkv[: memory.used], turn)
        keys, values = memory.keys[layer], memory.values[layer]
        keys.index_copy_(2, self._place, k)
        values.index_copy_(2, self._place, v)
        heard = functional.scaled_dot_product_attention(q, keys, values, attn_mask=self._mask)
        return self._filled_up(heard, len(qkv))

    def rhythm_scores(self, hidden: torch.Tensor, features: Numbers) -> torch.Tensor:
        """Return the scores [B, S] that belong to the last events, which `advance` has found already."""
        assert hidden is self._hidden
        return self._rhythms

    def pitch_scores(self, hidden: torch.Tensor, features: Numbers, rhythm: Numbers, arrival: Numbers) -> torch.Tensor:
        """As `Decoder.pitch_scores`, of the last events."""
        assert hidden is self._hidden
        chosen, seen = self._pitch_inputs(features, rhythm, arrival)
        self._chosen_rows.copy_(torch.from_numpy(chosen))
        self._seen.copy_(torch.from_numpy(seen))
        return self._second.play()[0]
