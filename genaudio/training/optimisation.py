"""What an optimiser step takes: the rate, the precision of the networks, the clipped gradient."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genaudio.training import distributed


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give all parameters of an optimiser one learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def half_precision(device: torch.device) -> torch.autocast:
    """Run networks in bfloat16 where the device can; transforms and losses belong outside the block."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type != "mps")


def descend(loss: Tensor, model: nn.Module, optimizer: torch.optim.Optimizer, clip: float) -> float:
    """Take one step down a loss, the gradient clipped to a norm; none where the gradient is not finite.

    Of several processes each gives the loss of a batch of its own, and all go down their mean.

    Returns:
        the norm before clipping.
    """
    optimizer.zero_grad(set_to_none=True)
    (loss / distributed.size()).backward()  # type: ignore[no-untyped-call]
    distributed.add_gradients(model)
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    if torch.isfinite(norm):
        optimizer.step()
    return float(norm)
