"""Residual vector quantization on encodec's building blocks, with the three repairs that make it learn.

1. encodec 0.1.1 subtracts the straight-through value from the residual, so all levels but the first get no commitment
   gradient; AudioCraft detaches it and passes the gradient through once after the loop, as here.
2. encodec replaces codes used less than twice a batch (in the running mean), which at small batches is most of them:
   the threshold here is a share of the mean use.
3. encodec replaces only the code, not its running sums, which overwrite it in the same step: no dead code ever comes
   back to life. Here the sums start anew with it.
"""

from __future__ import annotations

from typing import Any

import torch
from encodec.quantization.core_vq import EuclideanCodebook, ResidualVectorQuantization, sample_vectors
from encodec.quantization.vq import ResidualVectorQuantizer
from torch import Tensor

STATISTICS = ("embed_avg", "cluster_size", "inited")
"""Ends of the names of the codebooks' buffers that only training needs."""


class RevivingCodebook(EuclideanCodebook):
    """encodec's codebook in which a dead code comes back as a latent of the batch, with the mean use."""

    embed: Tensor
    embed_avg: Tensor
    cluster_size: Tensor
    inited: Tensor

    def wake(self) -> None:
        """Start the running sums from the codes as they are, all in equal use."""
        use = max(10 * self.threshold_ema_dead_code, 1e-3)  # ten times the least use is the mean use
        self.cluster_size.fill_(use)
        self.embed_avg.copy_(self.embed * use)
        self.inited.fill_(1)

    def replace_(self, samples: Tensor, mask: Tensor) -> None:
        """Put latents [n, D] drawn from `samples` in the place of the codes [bins] that `mask` marks."""
        fresh = sample_vectors(samples, self.codebook_size)
        use = self.cluster_size.mean().clamp_min(self.threshold_ema_dead_code)
        self.embed[mask] = fresh[mask]
        self.cluster_size[mask] = use
        self.embed_avg[mask] = fresh[mask] * use


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
        )
        for layer in self.vq.layers:
            threshold: Any = 0.1 * expected_frames / bins  # encodec says int, and compares only
            layer._codebook = RevivingCodebook(
                dimension, bins, kmeans_init=True, kmeans_iters=8, threshold_ema_dead_code=threshold
            )

    def wake(self) -> None:
        """Give codes that were loaded without their running sums new ones, so that training can go on with them."""
        for layer in self.vq.layers:
            codebook: Any = layer._codebook
            codebook.wake()
