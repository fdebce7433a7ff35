"""Network blocks that work at the frame rate.

Shapes: B items, D channels, F frames.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ConvNeXtBlock(nn.Module):
    """A residual block: depthwise convolution over frames, then a gated-off expansion over channels.

    Liu et al. 2022, "A ConvNet for the 2020s"; in one dimension as in Vocos (Siuzdak 2023).

    Args:
        width: channels.
        kernel: frames of the depthwise convolution, odd.
        dilation: frames between its taps.
        scale: start value of the residual gain.
    """

    def __init__(self, width: int, kernel: int = 7, dilation: int = 1, scale: float = 0.1) -> None:
        super().__init__()
        padding = (kernel // 2) * dilation
        self.depthwise = nn.Conv1d(width, width, kernel, padding=padding, dilation=dilation, groups=width)
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, 3 * width)
        self.contract = nn.Linear(3 * width, width)
        self.gain = nn.Parameter(torch.full((width,), scale))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, D, F] to [B, D, F]."""
        hidden = self.norm(self.depthwise(x).transpose(1, 2))
        hidden = self.contract(functional.gelu(self.expand(hidden))) * self.gain
        return x + hidden.transpose(1, 2)


def reach(blocks: nn.Module) -> int:
    """Return how many frames to either side the convolutions of a module look."""
    return sum(
        (module.kernel_size[0] // 2) * module.dilation[0]
        for module in blocks.modules()
        if isinstance(module, nn.Conv1d)
    )
