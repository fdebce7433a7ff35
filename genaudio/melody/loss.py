"""Likelihood of tunes under the model, in training and in evaluation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from genaudio.melody.dataset import IGNORED, Batch
from genaudio.melody.transformer import MelodyTransformer


@dataclass(frozen=True)
class Likelihood:
    """Negative log-likelihoods in nats, [B, T], 0 where a step has no target."""

    rhythm: torch.Tensor
    pitch: torch.Tensor


def _cross_entropy(scores: torch.Tensor, target: torch.Tensor, mask: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Return cross entropies [B, T] over what `mask` allows, smoothed over the same (Szegedy et al. 2016)."""
    log_p = functional.log_softmax(scores.float().masked_fill(~mask, -torch.inf), dim=-1)
    known = target != IGNORED
    exact = -log_p.gather(-1, target.clamp(min=0)[..., None])[..., 0]
    if smoothing:
        spread = -log_p.masked_fill(~mask, 0.0).sum(-1) / mask.sum(-1).clamp(min=1)
        exact = (1 - smoothing) * exact + smoothing * spread
    return torch.where(known, exact, 0.0)


def likelihood(
    model: MelodyTransformer,
    batch: Batch,
    table: torch.Tensor,
    pitches: torch.Tensor,
    smoothing: float = 0.0,
    held_back: torch.Tensor | None = None,
) -> Likelihood:
    """Return the model's loss for each step of a batch.

    Args:
        model: the network.
        batch: tunes.
        table: [rows, S] the grammar's masks.
        pitches: [13, P] which relative pitches are in range for each tonic (the last row: unknown tonic).
        smoothing: share of label smoothing.
        held_back: [B, T, P] what a guard takes from the scores of the pitches, in nats; None for nothing.
    """
    hidden = model(batch.features, batch.conditions)
    rhythm_scores = model.rhythm_logits(hidden, batch.features)
    chosen = torch.where(batch.rhythm == IGNORED, 0, batch.rhythm)
    pitch_scores = model.pitch_logits(hidden, batch.features, chosen, batch.arrival)
    if held_back is not None:
        pitch_scores = pitch_scores - held_back
    in_range = pitches[batch.conditions[:, 1]][:, None].expand_as(pitch_scores)
    return Likelihood(
        _cross_entropy(rhythm_scores, batch.rhythm, table[batch.row], smoothing),
        _cross_entropy(pitch_scores, batch.pitch, in_range, smoothing),
    )
