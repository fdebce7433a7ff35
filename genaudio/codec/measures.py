"""What a codec's training watches beside the distance of sounds: the keys that are heard, how much latents fill."""

from __future__ import annotations

import torch
from torch import Tensor

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
