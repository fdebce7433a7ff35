"""What a codec's training watches: the distance of sounds, the keys that are heard, how much latents and codes fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from genaudio.codec.crops import Batch
from genaudio.codec.hearing import activations
from genaudio.codec.losses import SpectralDistance
from genaudio.codec.model import CodecModel

AUDIBLE = 0.1
"""Activation from which on a key counts as sounding in the measures."""


def agreement(heard: Tensor, true: Tensor) -> float:
    """F-measure of two sets of keys, frame by frame."""
    both = float((heard & true).sum())
    return 2 * both / max(1.0, float(heard.sum() + true.sum()))


def dimensions(latents: Tensor) -> float:
    """How many directions the variance of latents [B, D, F] fills: the participation ratio of its eigenvalues."""
    rows = latents.transpose(1, 2).reshape(-1, latents.shape[1]).float()
    variances = torch.linalg.eigvalsh(torch.cov(rows.T)).clamp_min(0)
    return float(variances.sum() ** 2 / variances.pow(2).sum().clamp_min(1e-12))


@torch.no_grad()
def measure(
    model: CodecModel, batch: Batch, distance: SpectralDistance, noise: Callable[[Tensor], Tensor], quantized: bool
) -> dict[str, Any]:
    """Code a batch with its score, where that is known, and without.

    Args:
        model: the codec, in evaluation mode.
        batch: the sound.
        distance: what measures it.
        noise: makes white noise of the shape of an audio batch.
        quantized: whether the quantizer is at work.

    Returns:
        for both ways (``_informed``, ``_alone``) the log-mel distance, those of attacks and of how frames repeat (see
        `SpectralDistance`), the directions that the latents fill and the codes in use at each level; the F-measure of
        the keys heard.
    """
    measures: dict[str, Any] = {}
    ways = {"informed": batch.excitation, "alone": torch.zeros_like(batch.excitation)}
    for name, known in ways.items():
        if name == "informed" and batch.alone.any():
            continue
        latents = model.encode(batch.audio, known)
        if quantized:
            latents, codes, _ = model.quantizer.vq(latents)
            measures[f"dimensions_{name}"] = round(dimensions(latents), 1)
            measures[f"codes_{name}"] = [len(torch.unique(level)) for level in codes]
        if name == "alone" and model.hearing:
            known = model.hear(latents, 0, batch.audio.shape[1])
            heard = activations(model.hearing(latents))
            if not batch.alone.any():
                measures["keys_f1"] = round(agreement(heard > AUDIBLE, batch.keys > AUDIBLE), 3)
        decoded = model.decode(latents, known, noise(batch.audio))
        for kind in (distance.log_mel, distance.attack, distance.recurrence):
            measures[f"{kind.__name__}_{name}"] = round(float(kind(decoded, batch.audio)), 4)
    return measures
