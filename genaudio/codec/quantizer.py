"""Residual vector quantization on encodec's building blocks, with the two repairs that make it learn.

encodec 0.1.1 subtracts the straight-through value from the residual, so all levels but the first get no commitment
gradient; AudioCraft detaches it and passes the gradient through once after the loop, as here. And encodec replaces
codes used less than twice a batch (in the running mean), which at small batches is most of them: the threshold here
is a share of the mean use.
"""

from __future__ import annotations

import torch
from encodec.quantization.core_vq import ResidualVectorQuantization
from encodec.quantization.vq import ResidualVectorQuantizer
from torch import Tensor


class DetachedResidualVQ(ResidualVectorQuantization):
    """encodec's residual quantization with detached residuals. K levels, B items, D dimensions, F frames."""

    def forward(self, x: Tensor, n_q: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Quantize [B, D, F] with the first `n_q` levels.

        Returns:
            the quantized latents [B, D, F] (gradients pass to `x`), codes [K, B, F], commitment losses [K].
        """
        quantized, residual = torch.zeros_like(x), x
        losses, indices = [], []
        for layer in self.layers[: n_q or len(self.layers)]:
            value, index, loss = layer(residual)
            residual = residual - value.detach()
            quantized = quantized + value.detach()
            indices.append(index)
            losses.append(loss)
        if self.training:
            quantized = x + (quantized - x).detach()
        return quantized, torch.stack(indices), torch.stack(losses)


class Quantizer(ResidualVectorQuantizer):
    """encodec's residual vector quantizer with detached residuals and a dead-code threshold that fits the batch.

    Args:
        dimension: D, channels of the latents.
        levels: K, codebooks.
        bins: codes of a codebook.
        expected_frames: latents in a training batch; codes used less than a tenth of the mean are drawn anew.
    """

    def __init__(self, dimension: int, levels: int, bins: int = 1024, expected_frames: int = 1024) -> None:
        super().__init__(dimension=dimension, n_q=levels, bins=bins, kmeans_iters=8)
        self.vq = DetachedResidualVQ(  # type: ignore[no-untyped-call]
            dim=dimension,
            codebook_size=bins,
            num_quantizers=levels,
            decay=0.99,
            kmeans_init=True,
            kmeans_iters=8,
            threshold_ema_dead_code=0.1 * expected_frames / bins,
        )
