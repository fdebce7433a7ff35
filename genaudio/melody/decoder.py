"""The network one event at a time: weights put together beforehand, and a cache of fixed room.

What `MelodyTransformer` computes for whole tunes is computed here for one event of many tunes with as few operations
as it takes: the pitch classes' embeddings are added into those of the pitches, the weights of norms into the matrices
that follow them, outputs that need the same state stand in one matrix, and keys are turned as complex numbers.

Letters as in `genaudio.melody.transformer`; B are the lines of a batch, which are tunes or copies of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from genaudio.melody.batching import Batching, Numbers, find_batching
from genaudio.melody.features import BASE_COLUMNS, COLUMNS, PITCH_COLUMNS, PITCH_COPIES, RHYTHM_COPIES
from genaudio.melody.memory import ROOM, Memory
from genaudio.melody.transformer import INTERVALS, Block, MelodyTransformer


@dataclass(frozen=True)
class _Layer:
    """The matrices of one block, ready to be multiplied from the right."""

    qkv: torch.Tensor
    out: torch.Tensor
    feed_in: torch.Tensor
    feed_out: torch.Tensor

    @classmethod
    def of(cls, block: Block) -> _Layer:
        """Put the norms' weights into the matrices, and the two halves that turn together side by side."""
        heads, width = block.heads, block.to_out.weight.shape[0]
        qkv = block.to_qkv.weight * block.attention_norm.weight
        turned, rest = qkv[: 2 * width], qkv[2 * width :]
        pairs = turned.view(2 * heads, 2, width // heads // 2, width).transpose(1, 2).reshape(2 * width, width)
        feed_in = block.feed_in.weight * block.feed_norm.weight
        return cls(*(w.t().contiguous() for w in (
            torch.cat([pairs, rest]), block.to_out.weight, feed_in, block.feed_out.weight)))  # fmt: skip


class Decoder:
    """A network as it stands, put together for writing.

    Args:
        model: in evaluation mode; later changes of its weights are not seen.
    """

    @torch.no_grad()
    def __init__(self, model: MelodyTransformer) -> None:
        self.model, self.shape, self.device = model, model.shape, model.norm.weight.device
        self.rhythm_count, self.pitch_count = model.vocabulary.rhythm_count, model.vocabulary.pitch_count
        self.layers = [_Layer.of(block) for block in model.blocks]  # type: ignore[arg-type]
        self._build_inputs()
        self._build_outputs()
        self._turns = torch.zeros(0)
        self._batching: dict[int, Batching] = {}

    def _build_inputs(self) -> None:
        """Add the pitch classes' embeddings to those of the pitches."""
        model, p = self.model, self.pitch_count
        starts, table = model.starts.tolist(), model.inputs.weight.detach().clone()
        classes = [*((number + model.vocabulary.below) % 12 for number in range(p)), 12]
        for place, column in enumerate(PITCH_COLUMNS):
            start = starts[len(COLUMNS) + place]
            table[starts[column] : starts[column] + p + 1] += table[start : start + 13][classes]
        interval = len(COLUMNS) + len(PITCH_COLUMNS)
        self._table = table
        self._starts = np.array([*starts[: len(COLUMNS)], starts[interval]])
        self._wish_starts = model.starts[interval + 1 :]
        self.wishes = len(self._wish_starts)

    def _build_outputs(self) -> None:
        """Put outputs that need the same state into one matrix, with an empty column for copies from nowhere."""
        model, p = self.model, self.pitch_count
        width = self.shape.width
        none, no_bias = model.norm.weight.new_zeros(1, width), model.norm.weight.new_zeros(1)
        self._rhythm = torch.cat([model.rhythm_out.weight, none, model.rhythm_copy.weight]).t().contiguous()
        self._rhythm_bias = torch.cat([model.rhythm_out.bias, no_bias, model.rhythm_copy.bias])
        classes = (torch.arange(p, device=self.device) + model.vocabulary.below) % 12
        pitch, bias = model.pitch_out.weight + model.class_out.weight[classes], model.pitch_out.bias
        rows = [pitch, none, model.pitch_copy.weight, model.interval_out.weight]
        biases = [bias + model.class_out.bias[classes], no_bias, model.pitch_copy.bias, model.interval_out.bias]
        self._pitch, self._pitch_bias = torch.cat(rows).t().contiguous(), torch.cat(biases)
        self._mix = model.pitch_mix.weight.t().contiguous()
        self._chosen = torch.cat([model.chosen_rhythm.weight, model.arrival_inputs.weight])
        self._chosen_starts = np.concatenate([[0], model.places.cpu().numpy() + len(model.chosen_rhythm.weight)])
        last = torch.arange(p + 1, device=self.device)[:, None]
        last = torch.where(last == p, -model.vocabulary.below, last)  # the first interval counts from the tonic
        numbers = torch.arange(p, device=self.device)
        self._intervals = (numbers - last).clamp(-INTERVALS, INTERVALS) + INTERVALS

    def start(self, conditions: Numbers, used: int) -> Memory:
        """Return what lines under conditions [B, C] begin with, of which so many are used."""
        shape = self.shape
        wishes = torch.from_numpy(conditions).to(self.device) + self._wish_starts
        size = (shape.layers, used, shape.heads, ROOM, shape.width // shape.heads)
        keys, values = (self._room(size) for _ in range(2))
        base = functional.embedding_bag(wishes, self.model.inputs.weight, mode="sum")
        return Memory(keys, values, base)

    def _room(self, size: tuple[int, ...]) -> torch.Tensor:
        """Return room for keys or values [layers, used, H, room, D/H]."""
        return torch.zeros(size, device=self.device, dtype=self.model.norm.weight.dtype)

    def _make_room(self, memory: Memory, length: int) -> None:
        """Double the room of a memory until so many events fit."""
        *others, room, size = memory.keys.shape
        while room < length:
            room *= 2
        if room > memory.room:
            memory.move(*(self._room((*others, room, size)) for _ in range(2)))

    def advance(self, memory: Memory, features: Numbers) -> torch.Tensor:
        """Pass the next events through and return the state before each, [B x T, D].

        Args:
            memory: of B lines; is advanced.
            features: [B, T, F] as `genaudio.melody.features.COLUMNS` says.
        """
        lines, steps, _ = features.shape
        numbers = torch.from_numpy(self._inputs(features)).to(self.device)
        self._make_room(memory, memory.length + steps)
        hidden = self._pass(numbers, memory, lines, self._turn(memory.length, steps))
        memory.length += steps
        return hidden

    def _pass(self, numbers: torch.Tensor, memory: Memory, lines: int, turn: torch.Tensor) -> torch.Tensor:
        """Pass rows of the table [B x T, F + 1] through all blocks."""
        x = functional.embedding_bag(numbers, self._table, mode="sum")
        x += memory.base if len(x) == lines else memory.base.repeat_interleave(len(x) // lines, 0)
        for layer, weights in enumerate(self.layers):
            qkv = functional.rms_norm(x, x.shape[-1:]).mm(weights.qkv)
            x.addmm_(self._attend(qkv.view(lines, len(x) // lines, -1), turn, memory, layer), weights.out)
            gate, value = functional.rms_norm(x, x.shape[-1:]).mm(weights.feed_in).chunk(2, dim=-1)
            x.addmm_(functional.silu(gate).mul_(value), weights.feed_out)
        return self._norm(x, self.model.norm.weight)

    def _norm(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Return rows [B, D] divided by their root mean squares, times weights [D]."""
        return functional.rms_norm(x, x.shape[-1:], weight)

    def read(self, memory: Memory, features: Numbers, conditions: Numbers) -> None:
        """Pass the first events of lines through, [B, T, F], under conditions [B, C]: each line by itself, and once."""
        used, steps = memory.used, features.shape[1]
        _, first, which = np.unique(
            np.concatenate([features[:used].reshape(used, -1), conditions[:used]], axis=1),
            axis=0,
            return_index=True,
            return_inverse=True,
        )
        self._make_room(memory, steps)
        for number, line in enumerate(first):
            alone = self.start(conditions[line : line + 1], 1)
            self.advance(alone, features[line : line + 1])
            same = torch.from_numpy(np.flatnonzero(which == number)).to(self.device)
            memory.keys[:, same, :, :steps] = alone.keys[:, :, :, :steps]
            memory.values[:, same, :, :steps] = alone.values[:, :, :, :steps]
        memory.length = steps

    def _inputs(self, features: Numbers) -> Numbers:
        """Return rows of the table [B x T, F + 1] for features [B, T, F]."""
        flat, p = features.reshape(-1, features.shape[-1]), self.pitch_count
        last, before = flat[:, BASE_COLUMNS.index("pitch")], flat[:, BASE_COLUMNS.index("before")]
        interval = np.clip(last - before, -INTERVALS, INTERVALS) + INTERVALS
        interval[(last == p) | (before == p)] = 2 * INTERVALS + 1
        return np.concatenate([flat, interval[:, None]], axis=1) + self._starts

    def _turn(self, start: int, steps: int) -> torch.Tensor:
        """Return the turns of rotary positions as complex numbers [T, 1, D/2H]."""
        end = start + steps
        if end > len(self._turns):
            angles = torch.arange(2 * end)[:, None] * self.model.frequencies.cpu()
            self._turns = torch.complex(angles.cos(), angles.sin()).to(self.device)
        return self._turns[start:end, None]

    def _attend(self, qkv: torch.Tensor, turn: torch.Tensor, memory: Memory, layer: int) -> torch.Tensor:
        """Return what lines hear of their events so far, [B x T, D], from [B, T, 3 D], each by itself."""
        q, k, v = self._turned(qkv[: memory.used], turn)
        end = memory.length + qkv.shape[1]
        keys, values = memory.keys[layer, :, :, :end], memory.values[layer, :, :, :end]
        keys[:, :, memory.length :], values[:, :, memory.length :] = k, v
        heard = functional.scaled_dot_product_attention(q.to(keys.dtype), keys, values, is_causal=qkv.shape[1] > 1)
        return self._filled_up(heard.to(qkv.dtype), len(qkv))

    def _turned(self, qkv: torch.Tensor, turn: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return queries, keys and values [used, H, T, D/H], the former two turned to their places."""
        (used, steps, _), heads, width = qkv.shape, self.shape.heads, self.shape.width
        pairs = torch.view_as_complex(qkv[..., : 2 * width].view(used, steps, 2 * heads, -1, 2))
        turned = torch.view_as_real(pairs * turn).view(used, steps, 2 * heads, -1).transpose(1, 2)
        values = qkv[..., 2 * width :].view(used, steps, heads, -1).transpose(1, 2)
        return turned[:, :heads], turned[:, heads:], values

    @staticmethod
    def _filled_up(heard: torch.Tensor, lines: int) -> torch.Tensor:
        """Return [used, H, T, D/H] as [B x T, D], with nothing for the lines that only fill the batch up."""
        used, _, steps, _ = heard.shape
        rows = heard.transpose(1, 2).reshape(used * steps, -1)
        return rows if used == lines else functional.pad(rows, (0, 0, 0, (lines - used) * steps))

    def rhythm_scores(self, hidden: torch.Tensor, features: Numbers) -> torch.Tensor:
        """Return scores of the next rhythm symbol, [B, S], from states [B, D] and features [B, F]."""
        return self._rhythm_scores(hidden, torch.from_numpy(features[:, RHYTHM_COPIES]).to(self.device))

    def _rhythm_scores(self, hidden: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Return scores [B, S] where the copies point at places [B, lags]."""
        count = self.rhythm_count
        scores = torch.addmm(self._rhythm_bias, hidden, self._rhythm)
        return with_copies(scores[:, : count + 1], places, scores[:, count + 1 :])[:, :count]

    def pitch_scores(self, hidden: torch.Tensor, features: Numbers, rhythm: Numbers, arrival: Numbers) -> torch.Tensor:
        """Return scores of the next pitch, [B, P].

        Args:
            hidden: [B, D] from `advance`.
            features: [B, F].
            rhythm: [B] the rhythm symbol chosen for the event.
            arrival: [B, 5] where the event ends, in the order of `genaudio.melody.features.PLACE_COLUMNS`.
        """
        chosen, seen = self._pitch_inputs(features, rhythm, arrival)
        return self._pitch_scores(hidden, *(torch.from_numpy(part).to(self.device) for part in (chosen, seen)))

    def _pitch_inputs(self, features: Numbers, rhythm: Numbers, arrival: Numbers) -> tuple[Numbers, Numbers]:
        """Return rows of the table of what is chosen [B, 6], and the last pitch and the copied ones [B, 1 + 7]."""
        chosen = np.concatenate([rhythm[:, None], arrival], axis=1) + self._chosen_starts
        return chosen, features[:, (BASE_COLUMNS.index("pitch"), *PITCH_COPIES)]

    def _pitch_scores(self, hidden: torch.Tensor, chosen: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Return scores [B, P] from states and `_pitch_inputs`."""
        count, copies = self.pitch_count, len(PITCH_COPIES)
        z = functional.embedding_bag(chosen, self._chosen, mode="sum").add_(hidden)
        z = self._norm(z, self.model.pitch_norm.weight)
        z = z + functional.silu(torch.addmm(self.model.pitch_mix.bias, z, self._mix))
        scores = torch.addmm(self._pitch_bias, z, self._pitch)
        own, copied = scores[:, : count + 1], scores[:, count + 1 : count + 1 + copies]
        intervals = scores[:, count + 1 + copies :].gather(1, self._intervals[seen[:, 0]])
        return with_copies(own, seen[:, 1:], copied)[:, :count] + intervals

    @property
    def batching(self) -> Batching:
        """How lines are put together on this device with as many threads as there are now."""
        threads = torch.get_num_threads()
        if threads not in self._batching:
            self._batching[threads] = find_batching(self)
        return self._batching[threads]


def with_copies(
    scores: torch.Tensor, places: torch.Tensor, copied: torch.Tensor, in_place: bool | None = None
) -> torch.Tensor:
    """Add to scores [B, N] what is copied [B, lags] to places [B, lags].

    Several copies may fall on one place. A CPU adds them from left to right; a GPU's `scatter_add_` in whatever order
    they come, which would make the last bits, and now and then a note, differ from run to run.

    Args:
        in_place: change the scores, by `scatter_add_`; what is done on a CPU alone by default.
    """
    if scores.device.type == "cpu" if in_place is None else in_place:
        return scores.scatter_add_(1, places, copied)
    here = places[:, :, None] == torch.arange(scores.shape[1], device=scores.device)
    return scores + (here * copied[:, :, None]).sum(1)
