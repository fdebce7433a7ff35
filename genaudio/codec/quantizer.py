"""Residual vector quantization on encodec's building blocks, with the four repairs that make it learn.

1. encodec 0.1.1 subtracts the straight-through value from the residual, so all levels but the first get no commitment
   gradient; AudioCraft detaches it and passes the gradient through once after the loop, as here.
2. encodec replaces codes used less than twice a batch (in the running mean), which at small batches is most of them:
   the threshold here is a share of the mean use.
3. encodec replaces only the code, not its running sums, which overwrite it in the same step: no dead code ever comes
   back to life. Here the sums start anew with it.
4. encodec has processes that train together exchange a codebook's buffers whenever one of its codes has died. Here each
   draws how many levels a batch passes through, so one may wait for an exchange of a level that the other never visits.
   The training gives all processes the first one's codes instead, once a step.
"""

from __future__ import annotations

from typing import Any

import torch
from encodec.quantization.core_vq import (
    EuclideanCodebook,
    ResidualVectorQuantization,
    VectorQuantization,
    sample_vectors,
)
from encodec.quantization.vq import ResidualVectorQuantizer
from torch import Tensor, nn
from torch.nn import functional

STATISTICS = ("embed_avg", "cluster_size", "inited")
"""Ends of the names of the codebooks' buffers that only training needs."""


class RevivingCodebook(EuclideanCodebook):
    """encodec's codebook in which a dead code comes back as a latent of the batch, with the mean use."""

    embed: Tensor
    embed_avg: Tensor
    cluster_size: Tensor
    inited: Tensor

    @torch.no_grad()
    def init_embed_(self, data: Tensor) -> None:
        """Place the codes by k-means over latents [n, D], once.

        encodec's own k-means spreads the distances out over the dimensions and takes ten times as long.
        """
        if self.inited:
            return
        self.embed.copy_(sample_vectors(data, self.codebook_size))
        for _ in range(self.kmeans_iters):
            nearest = self.quantize(data)  # type: ignore[no-untyped-call]
            use = torch.bincount(nearest, minlength=self.codebook_size)[:, None]
            sums = torch.zeros_like(self.embed).index_add_(0, nearest, data)
            self.embed.copy_(torch.where(use > 0, sums / use.clamp_min(1), self.embed))
        self.embed_avg.copy_(self.embed * use)
        self.cluster_size.copy_(use[:, 0])
        self.inited.fill_(1)

    def wake(self) -> None:
        """Start the running sums from the codes as they are, all in equal use."""
        use = max(10 * self.threshold_ema_dead_code, 1e-3)  # ten times the least use is the mean use
        self.cluster_size.fill_(use)
        self.embed_avg.copy_(self.embed * use)
        self.inited.fill_(1)

    @torch.no_grad()
    def expire_codes_(self, batch_samples: Tensor) -> None:
        """Put latents drawn from `batch_samples` [n, D] in the place of codes that are hardly used any more.

        Nothing is asked of other processes, nor of the processor where a GPU does the work.
        """
        dead = self.cluster_size < self.threshold_ema_dead_code
        fresh = sample_vectors(batch_samples, self.codebook_size)
        use = self.cluster_size.mean().clamp_min(self.threshold_ema_dead_code)
        self.embed.copy_(torch.where(dead[:, None], fresh, self.embed))
        self.embed_avg.copy_(torch.where(dead[:, None], fresh * use, self.embed_avg))
        self.cluster_size.copy_(torch.where(dead, use, self.cluster_size))


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


class DirectionCodebook(RevivingCodebook):
    """A codebook whose codes are directions: all of one length, variance 1 in each channel."""

    def directions(self) -> Tensor:
        """The codes at their length: [bins, d]."""
        return to_length(self.embed)

    def quantize(self, x: Tensor) -> Tensor:
        """Find the codes that point most nearly as vectors [n, d] do: [n]."""
        return (x @ self.directions().T).argmax(-1)

    def dequantize(self, embed_ind: Tensor) -> Tensor:
        """Look codes up: [..., d]."""
        return functional.embedding(embed_ind, self.directions())


def to_length(x: Tensor) -> Tensor:
    """Bring vectors [..., d] to the length at which the variance of a channel is 1."""
    return functional.normalize(x, dim=-1) * x.shape[-1] ** 0.5


class _Inwards(nn.Linear):
    """Latents -> directions in the space of the codes."""

    def forward(self, x: Tensor) -> Tensor:
        return to_length(super().forward(x))


class FactorisedResidualVQ(DetachedResidualVQ):
    """Residual quantization in small spaces of directions, one for each level.

    Yu et al. 2022, "Vector-quantized image modeling with improved VQGAN"; in a codec as in Kumar et al. 2023,
    "High-fidelity audio compression with improved RVQGAN". The spaces of the levels begin at right angles to each other
    while the latents have room for that.

    Args:
        dimension: D. bins: codes of a codebook. levels: K. small: d, dimensions of a level's space.
        threshold: use below which a code is drawn anew.
    """

    def __init__(self, dimension: int, bins: int, levels: int, small: int, threshold: Any) -> None:
        super().__init__(num_quantizers=0)  # type: ignore[no-untyped-call]
        basis = torch.linalg.qr(torch.randn(dimension, dimension)).Q
        for level in range(levels):
            layer = VectorQuantization(dimension, bins, codebook_dim=small)
            layer.project_in, layer.project_out = _Inwards(dimension, small), nn.Linear(small, dimension)
            layer._codebook = DirectionCodebook(
                small, bins, kmeans_init=True, kmeans_iters=8, threshold_ema_dead_code=threshold
            )
            axes = basis[[(level * small + axis) % dimension for axis in range(small)]]
            with torch.no_grad():
                layer.project_in.weight.copy_(axes)
                layer.project_out.weight.copy_(axes.T * 0.5 ** (level * small // dimension))
                layer.project_in.bias.zero_()
                layer.project_out.bias.zero_()
            self.layers.append(layer)

    def forward(self, x: Tensor, n_q: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """As `DetachedResidualVQ.forward`, but gradients pass to `x`, and to the projections, through each level."""
        quantized, residual = torch.zeros_like(x), x
        losses, indices = [], []
        for layer in self.layers[: n_q or len(self.layers)]:
            value, index, loss = layer(residual)
            residual = residual - value.detach()
            quantized = quantized + value
            indices.append(index)
            losses.append(loss)
        return quantized, torch.stack(indices), torch.stack(losses)


class Quantizer(ResidualVectorQuantizer):
    """encodec's residual vector quantizer with detached residuals and a dead-code threshold that fits the batch.

    Args:
        dimension: D, channels of the latents.
        levels: K, codebooks.
        bins: codes of a codebook.
        expected_frames: latents in a training batch; codes used less than a tenth of the mean are drawn anew.
        code_dimension: dimensions of the small spaces of `FactorisedResidualVQ`; 0 for codes in the latents' own.
    """

    def __init__(
        self, dimension: int, levels: int, bins: int = 1024, expected_frames: int = 1024, code_dimension: int = 0
    ) -> None:
        super().__init__(dimension=dimension, n_q=levels, bins=bins, kmeans_iters=8)
        threshold: Any = 0.1 * expected_frames / bins  # encodec says int, and compares only
        if code_dimension:
            self.vq = FactorisedResidualVQ(dimension, bins, levels, code_dimension, threshold)
            return
        self.vq = DetachedResidualVQ(  # type: ignore[no-untyped-call]
            dim=dimension,
            codebook_size=bins,
            num_quantizers=levels,
        )
        for layer in self.vq.layers:
            layer._codebook = RevivingCodebook(
                dimension, bins, kmeans_init=True, kmeans_iters=8, threshold_ema_dead_code=threshold
            )

    def keep(self, decay: float) -> None:
        """Set the share of the codes' running means that a step keeps."""
        for layer in self.vq.layers:
            codebook: Any = layer._codebook
            codebook.decay = decay

    def wake(self) -> None:
        """Give codes that were loaded without their running sums new ones, so that training can go on with them."""
        for layer in self.vq.layers:
            codebook: Any = layer._codebook
            codebook.wake()
