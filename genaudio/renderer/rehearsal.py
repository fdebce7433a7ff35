"""What keeps a score model from forgetting the instruments that it is not being taught (cf. Li and Hoiem 2016,
"Learning without forgetting"): it goes on saying of them what it said when the training began."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genaudio.renderer.model import ScoreModel


class Rehearsal(nn.Module):
    """Compares a model with the one that it began as, on the scores of a batch, played by other families.

    Args:
        base: the model as it was.
        taught: numbers of the families that are being taught. Where all are, there is nothing to rehearse.
    """

    def __init__(self, base: ScoreModel, taught: list[int]) -> None:
        super().__init__()
        self.base = base.requires_grad_(False).eval()
        self.others = [number for number in range(len(base.config.families)) if number not in set(taught)]

    def forward(self, model: ScoreModel, features: Tensor, rng: np.random.Generator) -> Tensor:
        """Mean distance of the latents of features [B, F, 512], for families that `rng` draws, in their scale."""
        if not self.others:
            return features.new_zeros(())
        some = features[: max(1, len(features) // 2)]
        families = torch.tensor(rng.choice(self.others, len(some)), device=features.device)
        with torch.no_grad():
            before = self.base(some, families)
        return functional.l1_loss(model(some, families).float(), before) / self.base.scale.mean()
