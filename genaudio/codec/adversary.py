"""A critic that learns to tell decoded sound from real sound, and so says what the spectral distances do not.

Small networks look at log magnitudes at several scales, as in the multi-scale STFT discriminator of EnCodec (Défossez
et al. 2022), but at magnitudes only: the codes carry no phase, so a critic of complex spectra would punish what no
decoder can know. The hinge losses and feature matching are those of MelGAN (Kumar et al. 2019).

Shapes: B items, T samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genaudio.training import distributed
from genaudio.training.optimisation import descend, half_precision

SIZES = (512, 1024, 2048)
"""Windows in samples, one network each, at hops of a quarter."""
STRETCH = 16_384
"""Samples of each item that the critic hears in a step: more would make it most of a step's cost."""
CLIP = 5.0
"""Gradient norm of the critics."""
MATCHING = 4.0
"""Weight of feature matching beside the verdict."""


class SpectrogramCritic(nn.Module):
    """Convolutions over a log-magnitude spectrogram.

    Args:
        size: samples of the window.
        filters: channels.
    """

    window: Tensor

    def __init__(self, size: int, filters: int = 16) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("window", torch.hann_window(size), persistent=False)
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.weight_norm(nn.Conv2d(before, filters, (9, 3), (stride, 1), (4, 1)))
            for before, stride in ((1, 4), (filters, 2), (filters, 2), (filters, 2))
        )
        self.leave = nn.utils.parametrizations.weight_norm(nn.Conv2d(filters, 1, 3, padding=1))

    def forward(self, audio: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judge audio [B, T]: a map of verdicts (real above 1, decoded below -1), and the features of each layer."""
        spectrum = torch.stft(audio, self.size, self.size // 4, self.size, self.window, return_complex=True)
        x = torch.log(spectrum.abs() + 1e-3)[:, None]
        features = []
        with half_precision(audio.device):
            for layer in self.layers:
                x = functional.leaky_relu(layer(x), 0.2)
                features.append(x)
            x = self.leave(x)
        return x.float(), [each.float() for each in features]


class Adversary:
    """The critics of all scales with their optimiser.

    Args:
        device: where they run.
        rate: learning rate.
    """

    def __init__(self, device: torch.device, rate: float = 5e-4) -> None:
        self.critics = nn.ModuleList(SpectrogramCritic(size) for size in SIZES).to(device)
        distributed.share(self.critics)
        self.optimizer = torch.optim.AdamW(self.critics.parameters(), lr=rate, betas=(0.8, 0.99))

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs of the critics."""
        return {"critics": self.critics.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.critics.load_state_dict(state["critics"])
        self.optimizer.load_state_dict(state["optimizer"])

    def learn(self, decoded: Tensor, audio: Tensor) -> float:
        """Take a step towards telling decoded from real audio [B, T]; returns the loss before it, 2 for no idea."""
        loss = audio.new_zeros(())
        for critic in self.critics:
            real, fake = critic(audio)[0], critic(decoded.detach())[0]
            loss = loss + functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()
        descend(loss, self.critics, self.optimizer, CLIP)
        return float(loss.detach()) / len(self.critics)

    def criticise(self, decoded: Tensor, audio: Tensor, rng: np.random.Generator) -> Tensor:
        """Learn from a stretch of the audio [B, T], then judge it."""
        start = int(rng.integers(max(1, audio.shape[1] - STRETCH)))
        decoded, audio = decoded[:, start : start + STRETCH], audio[:, start : start + STRETCH]
        self.learn(decoded, audio)
        return self.judge(decoded, audio)

    def judge(self, decoded: Tensor, audio: Tensor) -> Tensor:
        """What is wrong with decoded audio [B, T]: the verdict, and how far its features are from the real ones'."""
        self.critics.requires_grad_(False)
        total = decoded.new_zeros(())
        for critic in self.critics:
            verdict, features = critic(decoded)
            true = critic(audio)[1]
            far = [(a - b).abs().mean() / b.abs().mean().clamp_min(1e-3) for a, b in zip(features, true, strict=True)]
            total = total + functional.relu(1 - verdict).mean() + MATCHING * torch.stack(far).mean()
        self.critics.requires_grad_(True)
        return total / len(self.critics)
