"""Frames that repeat those before them, made noise.

A decoder of frames that has nothing new to tell gives the same frame again and again. Added up at the frame rate that
is a comb of lines at its multiples, a buzz at 86 Hz that no instrument plays; and spectral losses reward it, since the
logarithm of what is constant lies nearer to that of noise than another noise does. The codes carry no phase, so nothing
that lasts can be in phase but what the excitation brings: what the free branch holds on to is meant as noise, and is
made noise of the same magnitudes here. An attack is not: a click moves by a hop from frame to frame, which turns the
phases of neighbouring bins by a quarter each, so that their products cancel.

Shapes: B items, N bins, F frames.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BINS = 8
"""Neighbouring bins that are judged together: 172 Hz."""
FROM, FULLY = 0.2, 0.6
"""Correlations of a frame with its neighbours from which on it begins to be made noise, and wholly is."""

REACH = 1
"""Frames to either side that a frame depends on."""


def in_bands(spectrum: Tensor) -> Tensor:
    """Real and imaginary parts of a complex spectrum [B, N, F] in bands of neighbours: [B, N // BINS, BINS, F, 2]."""
    whole = torch.view_as_real(spectrum[:, : spectrum.shape[1] // BINS * BINS])
    return whole.reshape(len(whole), -1, BINS, *whole.shape[2:])


def repetition(spectrum: Tensor) -> Tensor:
    """How much frames of a complex spectrum [B, N, F] repeat their neighbours: [B, N // BINS, F], -1 to 1."""
    parts = in_bands(spectrum)
    power = parts.square().sum((2, 4)) + 1e-12
    together = (parts[:, :, :, 1:] * parts[:, :, :, :-1]).sum((2, 4))
    if spectrum.shape[-1] == 1:
        return torch.zeros_like(power)
    alike = functional.pad(together * torch.rsqrt(power[..., 1:] * power[..., :-1]), (1, 1), mode="replicate")
    return (alike[..., 1:] + alike[..., :-1]) / 2


def without_repeats(spectrum: Tensor, noise: Tensor) -> Tensor:
    """Make noise of what repeats itself.

    Args:
        spectrum: complex [B, N, F].
        noise: the spectrum of white noise, of unit power in each bin.
    """
    share = ((repetition(spectrum) - FROM) / (FULLY - FROM)).clamp(0, 1).repeat_interleave(BINS, 1)
    angle = functional.pad(share, (0, 0, 0, spectrum.shape[1] - share.shape[1])) * (torch.pi / 2)
    return torch.cos(angle) * spectrum + torch.sin(angle) * spectrum.abs() * noise
