"""The short-time Fourier transform at the frame rate, and its inverse.

B items, T samples, N bins, F frames; F = T // hop + 1 (frames are centred on multiples of the hop).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchaudio.functional import melscale_fbanks


class Transform(nn.Module):
    """A Hann-windowed transform with a mel view of itself.

    Args:
        sample_rate: samples a second.
        hop: samples between frames.
        size: samples of the window; N = size // 2 + 1.
        bands: mel bands of the side view.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, sample_rate: int, hop: int, size: int, bands: int) -> None:
        super().__init__()
        self.sample_rate, self.hop, self.size, self.bins = sample_rate, hop, size, size // 2 + 1
        self.register_buffer("window", torch.hann_window(size), persistent=False)
        filters = melscale_fbanks(self.bins, 0.0, sample_rate / 2, bands, sample_rate)
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """Transform audio [B, T] into a complex spectrum [B, N, F]."""
        return torch.stft(
            audio, self.size, self.hop, self.size, self.window, center=True, pad_mode="constant", return_complex=True
        )

    def inverse(self, spectrum: Tensor, samples: int) -> Tensor:
        """Turn a spectrum [B, N, F] into audio [B, samples], without its lowest and its highest bin.

        A real signal has no imaginary parts there, and libraries differ in what they make of some: cuFFT's answer is
        undefined. A codec that was trained on a GPU filled both bins with what cancelled there, and nowhere else.
        """
        inner = functional.pad(torch.view_as_real(spectrum[:, 1:-1]), (0, 0, 0, 0, 1, 1))
        return torch.istft(
            torch.view_as_complex(inner), self.size, self.hop, self.size, self.window, center=True, length=samples
        )

    def log_bands(self, spectrum: Tensor) -> Tensor:
        """Sum magnitudes [B, N, F] into log mel bands [B, M, F]."""
        return torch.log((spectrum.abs().transpose(1, 2) @ self.filters).transpose(1, 2) + 1e-3)
