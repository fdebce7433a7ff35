"""Likelihood of tunes under the model, in training and in evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


@dataclass(frozen=True)
class Predictions:
    """Log-probabilities in nats, -inf for what the grammar or the range does not allow.

    Attributes:
        rhythm: [B, T, S].
        pitch: [B, T, P], the rhythm of the event known.
    """

    rhythm: torch.Tensor
    pitch: torch.Tensor


@dataclass(frozen=True)
class Teaching:
    """What other models predict for a batch, and the share of the loss that is the cross entropy with it."""

    predictions: Predictions
    share: float


def predict(
    model: MelodyTransformer,
    batch: Batch,
    table: torch.Tensor,
    pitches: torch.Tensor,
    held_back: torch.Tensor | None = None,
) -> Predictions:
    """Return what the model predicts at each step of a batch; the arguments are those of `likelihood`."""
    hidden = model(batch.features, batch.conditions)
    rhythm = model.rhythm_logits(hidden, batch.features)
    chosen = torch.where(batch.rhythm == IGNORED, 0, batch.rhythm)
    pitch = model.pitch_logits(hidden, batch.features, chosen, batch.arrival)
    if held_back is not None:
        pitch = pitch - held_back
    in_range = pitches[batch.conditions[:, 1]][:, None]
    return Predictions(
        functional.log_softmax(rhythm.float().masked_fill(~table[batch.row], -torch.inf), dim=-1),
        functional.log_softmax(pitch.float().masked_fill(~in_range, -torch.inf), dim=-1),
    )


@torch.no_grad()
def predict_together(
    models: Sequence[MelodyTransformer], batch: Batch, table: torch.Tensor, pitches: torch.Tensor
) -> Predictions:
    """Return the mean of what several models predict, as probabilities, not as logarithms."""
    each = [predict(model, batch, table, pitches) for model in models]
    rhythm, pitch = (torch.stack([getattr(one, name) for one in each]).logsumexp(0) for name in ("rhythm", "pitch"))
    return Predictions(rhythm - math.log(len(each)), pitch - math.log(len(each)))


def _cross_entropy(
    log_p: torch.Tensor, target: torch.Tensor, smoothing: float, taught: torch.Tensor | None, share: float
) -> torch.Tensor:
    """Return cross entropies [B, T], smoothed over what is allowed (Szegedy et al. 2016), a share with `taught`."""
    exact = -log_p.gather(-1, target.clamp(min=0)[..., None])[..., 0]
    if smoothing:
        mask = log_p != -torch.inf
        spread = -log_p.masked_fill(~mask, 0.0).sum(-1) / mask.sum(-1).clamp(min=1)
        exact = (1 - smoothing) * exact + smoothing * spread
    if taught is not None:
        soft = -(taught.exp() * log_p.masked_fill(log_p == -torch.inf, 0.0)).sum(-1)
        exact = (1 - share) * exact + share * soft
    return torch.where(target == IGNORED, 0.0, exact)


def likelihood(
    model: MelodyTransformer,
    batch: Batch,
    table: torch.Tensor,
    pitches: torch.Tensor,
    smoothing: float = 0.0,
    held_back: torch.Tensor | None = None,
    teaching: Teaching | None = None,
) -> Likelihood:
    """Return the model's loss for each step of a batch.

    Args:
        model: the network.
        batch: tunes.
        table: [rows, S] the grammar's masks.
        pitches: [13, P] which relative pitches are in range for each tonic (the last row: unknown tonic).
        smoothing: share of label smoothing.
        held_back: [B, T, P] what a guard takes from the scores of the pitches, in nats; None for nothing.
        teaching: what other models predict, to be learned from too (Hinton et al. 2015); None for the tunes alone.
    """
    own = predict(model, batch, table, pitches, held_back)
    taught = (None, None) if teaching is None else (teaching.predictions.rhythm, teaching.predictions.pitch)
    share = 0.0 if teaching is None else teaching.share
    return Likelihood(
        _cross_entropy(own.rhythm, batch.rhythm, smoothing, taught[0], share),
        _cross_entropy(own.pitch, batch.pitch, smoothing, taught[1], share),
    )
