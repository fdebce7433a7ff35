"""The melody Transformer: decoder-only, one step an event, rhythm predicted first and pitch given the rhythm.

Letters: B tunes, T steps, F feature columns, C conditions, D width, H heads, S rhythm symbols, P relative pitches.
Rotary positions (Su et al. 2021), RMS norm (Zhang and Sennrich 2019), SwiGLU (Shazeer 2020). Both outputs have a
direct way to say "as it was k bars ago" (a pointer, after Vinyals et al. 2015), the pitch output also speaks in
intervals and in pitch classes, so that what is learned of one octave or key helps in the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from genaudio.melody.dataset import condition_sizes
from genaudio.melody.features import (
    BARS,
    BASE_COLUMNS,
    BEATS,
    COLUMNS,
    IN_BEAT,
    LEFT,
    PHRASES,
    PITCH_COLUMNS,
    PITCH_COPIES,
    RHYTHM_COPIES,
    RUNS,
)
from genaudio.melody.vocabulary import Vocabulary

INTERVALS = 24
"""Intervals up to two octaves have their own number; larger ones share the outermost."""


@dataclass(frozen=True)
class Shape:
    """Size of the network.

    Attributes:
        width: D, a multiple of `heads`.
        layers: number of blocks.
        heads: H.
        hidden: width inside the feed-forward network.
        dropout: probability with which a channel is dropped in training.
        blindness: probability with which one input of one step is dropped in training.
    """

    width: int = 256
    layers: int = 4
    heads: int = 4
    hidden: int = 640
    dropout: float = 0.1
    blindness: float = 0.0


class RowDropout(nn.Module):
    """Dropout of whole channels, the same at every step of a row [B, T, D] (Gal and Ghahramani 2016)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Drop channels in training; pass everything otherwise."""
        if not self.training or not self.share:
            return x
        kept = torch.rand(x.shape[0], 1, x.shape[2], device=x.device) >= self.share
        return x * (kept / (1 - self.share)).to(x.dtype)


def _rotate(x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Turn pairs of values [..., T, D/H] by angles given as cosines and sines [T, D/2H] (rotary positions)."""
    a, b = x.chunk(2, dim=-1)
    cos, sin = turn[0].to(x.dtype), turn[1].to(x.dtype)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Block(nn.Module):
    """Attention and feed-forward network, each behind a norm and added to the stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attention_norm = nn.RMSNorm(shape.width)
        self.to_qkv = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.to_out = nn.Linear(shape.width, shape.width, bias=False)
        self.feed_norm = nn.RMSNorm(shape.width)
        self.feed_in = nn.Linear(shape.width, 2 * shape.hidden, bias=False)
        self.feed_out = nn.Linear(shape.hidden, shape.width, bias=False)
        self.drop = RowDropout(shape.dropout)

    def forward(self, x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Advance the stream [B, T, D]; no step sees later ones."""
        b, t, d = x.shape
        qkv = self.to_qkv(self.attention_norm(x)).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        (q, k), v = _rotate(qkv[:2], turn), qkv[2]
        if q.device.type == "cpu":  # the CPU's kernel takes three times as long in half precision
            q, k, v = q.float(), k.float(), v.float()
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.drop(self.to_out(y.transpose(1, 2).reshape(b, t, d)))
        gate, value = self.feed_in(self.feed_norm(x)).chunk(2, dim=-1)
        out: torch.Tensor = x + self.drop(self.feed_out(functional.silu(gate) * value))
        return out


class MelodyTransformer(nn.Module):
    """Predicts the next event of a melody.

    Args:
        vocabulary: what can be said.
        shape: size of the network.
    """

    frequencies: torch.Tensor
    starts: torch.Tensor
    places: torch.Tensor
    pitch_columns: torch.Tensor
    pitch_copies: torch.Tensor
    rhythm_copies: torch.Tensor

    def __init__(self, vocabulary: Vocabulary, shape: Shape) -> None:
        super().__init__()
        self.vocabulary, self.shape = vocabulary, shape
        d, s, p = shape.width, vocabulary.rhythm_count, vocabulary.pitch_count
        self._build_inputs(d, s, p)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(d)
        self.rhythm_out = nn.Linear(d, s)
        self.rhythm_copy = nn.Linear(d, len(RHYTHM_COPIES))
        self.chosen_rhythm = nn.Embedding(s + 1, d)
        places = torch.tensor([0, BEATS, IN_BEAT, BARS, PHRASES, LEFT]).cumsum(0)
        self.arrival_inputs = nn.EmbeddingBag(int(places[-1]), d, mode="sum")
        self.register_buffer("places", places[:-1], persistent=False)
        self.pitch_norm = nn.RMSNorm(d)
        self.pitch_mix = nn.Linear(d, d)
        self.pitch_out = nn.Linear(d, p)
        self.interval_out = nn.Linear(d, 2 * INTERVALS + 1)
        self.class_out = nn.Linear(d, 12)
        self.pitch_copy = nn.Linear(d, len(PITCH_COPIES))
        frequencies = 10_000.0 ** (-torch.arange(0, d // shape.heads, 2).float() / (d // shape.heads))
        self.register_buffer("frequencies", frequencies, persistent=False)
        # as tensors that lie on the device: a list would be copied to a GPU at each use, which waits for all before it
        for name, columns in (("pitch_columns", PITCH_COLUMNS), ("pitch_copies", PITCH_COPIES),
                              ("rhythm_copies", RHYTHM_COPIES)):  # fmt: skip
            self.register_buffer(name, torch.tensor(columns), persistent=False)
        self._initialise()

    def _build_inputs(self, d: int, s: int, p: int) -> None:
        """Make one table of embeddings for all columns, each column with its own part of it."""
        columns = {"beat": BEATS, "in_beat": IN_BEAT, "bar": BARS, "phrase": PHRASES, "left": LEFT}
        sizes = [columns.get(name, RUNS if name.startswith("run") else s + 1 if name.startswith("rhythm") else p + 1)
                 for name in COLUMNS]  # fmt: skip
        sizes += [13] * len(PITCH_COLUMNS)  # pitch classes
        sizes += [2 * INTERVALS + 2]  # the last interval
        sizes += list(condition_sizes(self.vocabulary))
        starts = torch.tensor([0, *sizes]).cumsum(0)
        self.inputs = nn.EmbeddingBag(int(starts[-1]), d, mode="sum")
        self.register_buffer("starts", starts[:-1], persistent=False)
        self.input_drop = RowDropout(self.shape.dropout)

    def _initialise(self) -> None:
        """Start small, so that the sum of many inputs has unit size; the copies start at zero."""
        nn.init.normal_(self.inputs.weight, std=0.2)
        nn.init.normal_(self.arrival_inputs.weight, std=0.05)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for copy in (self.rhythm_copy, self.pitch_copy):
            nn.init.zeros_(copy.weight)
        nn.init.normal_(self.chosen_rhythm.weight, std=0.5)

    def _embed(self, features: torch.Tensor, conditions: torch.Tensor) -> torch.Tensor:
        """Turn features [B, T, F] and conditions [B, C] into the first stream [B, T, D]."""
        b, t, _ = features.shape
        p = self.vocabulary.pitch_count
        pitches = features.index_select(-1, self.pitch_columns)
        classes = torch.where(pitches == p, 12, (pitches + self.vocabulary.below) % 12)
        last, before = features[..., BASE_COLUMNS.index("pitch")], features[..., BASE_COLUMNS.index("before")]
        interval = (last - before).clamp(-INTERVALS, INTERVALS) + INTERVALS
        interval = torch.where((last == p) | (before == p), 2 * INTERVALS + 1, interval)
        prefix = conditions[:, None].expand(b, t, -1)
        numbers = torch.cat([features, classes, interval[..., None], prefix], dim=-1) + self.starts
        dropped: torch.Tensor = self.input_drop(self._sum(self.inputs, numbers))
        return dropped

    def _sum(self, table: nn.EmbeddingBag, numbers: torch.Tensor) -> torch.Tensor:
        """Add up the embeddings [B, T, D] of numbers [B, T, N], some of them unseen in training."""
        flat, weights = numbers.flatten(0, 1), None
        if self.training and self.shape.blindness:
            seen = torch.rand(flat.shape, device=flat.device) >= self.shape.blindness
            weights = seen / (1 - self.shape.blindness)
        summed: torch.Tensor = table(flat, per_sample_weights=weights).view(*numbers.shape[:2], -1)
        return summed

    def forward(self, features: torch.Tensor, conditions: torch.Tensor) -> torch.Tensor:
        """Return the hidden state before each event, [B, T, D].

        Args:
            features: [B, T, F] as `genaudio.melody.features.COLUMNS` says.
            conditions: [B, C] as `genaudio.melody.dataset.CONDITIONS` says.
        """
        x = self._embed(features, conditions)
        places = torch.arange(x.shape[1], device=x.device, dtype=torch.float32)
        angles = places[:, None] * self.frequencies
        turn = (angles.cos(), angles.sin())
        for block in self.blocks:
            x = block(x, turn)
        normed: torch.Tensor = self.norm(x)
        return normed

    def rhythm_logits(self, hidden: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Return scores of the next rhythm symbol, [B, T, S], from states [B, T, D] and features [B, T, F]."""
        places = features.index_select(-1, self.rhythm_copies)
        return self._with_copies(self.rhythm_out(hidden), self.rhythm_copy(hidden), places)

    def pitch_logits(
        self, hidden: torch.Tensor, features: torch.Tensor, rhythm: torch.Tensor, arrival: torch.Tensor
    ) -> torch.Tensor:
        """Return scores of the next pitch, [B, T, P].

        Args:
            hidden: [B, T, D] from `forward`.
            features: [B, T, F].
            rhythm: [B, T] the rhythm symbol chosen for the event.
            arrival: [B, T, 5] where the event ends, in the order of `genaudio.melody.features.PLACE_COLUMNS`.
        """
        p = self.vocabulary.pitch_count
        ends = self._sum(self.arrival_inputs, arrival + self.places)
        z = self.pitch_norm(hidden + self.chosen_rhythm(rhythm) + ends)
        z = z + functional.silu(self.pitch_mix(z))
        numbers = torch.arange(p, device=z.device)
        last = features[..., BASE_COLUMNS.index("pitch")]
        last = torch.where(last == p, -self.vocabulary.below, last)  # the first interval counts from the tonic
        interval = (numbers - last[..., None]).clamp(-INTERVALS, INTERVALS) + INTERVALS
        scores = self.pitch_out(z) + self.interval_out(z).gather(-1, interval)
        scores = scores + self.class_out(z)[..., (numbers + self.vocabulary.below) % 12]
        return self._with_copies(scores, self.pitch_copy(z), features.index_select(-1, self.pitch_copies))

    @staticmethod
    def _with_copies(scores: torch.Tensor, weights: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Add to scores [B, T, N] the weights [B, T, lags] at the places [B, T, lags], N meaning nowhere."""
        extra = scores.new_zeros(*scores.shape[:-1], scores.shape[-1] + 1)
        return scores + extra.scatter_add(-1, places, weights.to(scores.dtype))[..., :-1]
