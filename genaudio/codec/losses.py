"""How far apart two sounds are, by their spectra.

Audio is [B, T] mono in -1..1. Logarithms are natural.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchaudio.functional import melscale_fbanks

from genaudio.codec.repeats import in_bands

SIZES = (256, 512, 1024, 2048, 4096)
"""Windows of the training loss in samples."""
_BANDS = {256: 10, 512: 40, 1024: 80, 2048: 128, 4096: 160}
"""Mel bands at each window."""
_MEASURED = (256, 512, 1024, 2048)
"""Windows of the log-mel distance."""
_RECURRENCE_WINDOW, _RECURRENCE_FRAMES = 2048, 22
"""What `SpectralDistance.recurrence` compares: the codec's own frames, over 0.26 seconds."""

_ATTACK_WINDOWS = (256, 512)
"""Windows of `SpectralDistance.attack`, the shortest there are."""
_RISE, _AROUND = 0.006, 0.016
"""Seconds over which a rise is looked for, and to either side of one that count with it."""
_RISE_LEAST, _RISE_MOST = 0.3, 1.5
"""By how many nats in the mean of the bands heard it must rise, and may count."""
_FAINT = 0.01
"""Share of the loudest band's peak below which a band is not heard."""
_MASKED = 0.1
"""Share of a band's peak below which an attack hides what is quieter."""

_PARTIAL_WINDOWS = (2048, 4096)
"""Windows of `SpectralDistance.restrikes`, which tell partials apart."""
_PARTIAL_TOP = 4200.0
"""Hertz up to which it looks: the highest key of a piano."""
_PARTIAL_RISE, _PARTIAL_AROUND = 0.045, 0.25
"""Seconds over which partials rise, and to either side of a frame whose loudest bin counts for how faint others are."""
_PARTIAL_FAINT = 0.03
"""Share of that bin below which a partial is not heard."""


class SpectralDistance(nn.Module):
    """Magnitudes at several window sizes, compared linearly, as logarithms and in mel bands.

    Args:
        sample_rate: samples a second.
    """

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        for size, bands in _BANDS.items():
            self.register_buffer(f"window_{size}", torch.hann_window(size), persistent=False)
            filters = melscale_fbanks(size // 2 + 1, 0.0, sample_rate / 2, bands, sample_rate)
            self.register_buffer(f"filters_{size}", filters, persistent=False)

    def _magnitudes(self, audio: Tensor, size: int) -> Tensor:
        """Magnitudes [B, N, F] at a quarter-window hop."""
        window = getattr(self, f"window_{size}")
        return torch.stft(audio, size, size // 4, size, window, center=True, return_complex=True).abs()

    def _mel(self, magnitudes: Tensor, size: int) -> Tensor:
        """Mel bands [B, F, M] of magnitudes [B, N, F]."""
        bands: Tensor = magnitudes.transpose(1, 2) @ getattr(self, f"filters_{size}")
        return bands

    def _log_mel(self, magnitudes: Tensor, size: int) -> Tensor:
        """Log mel bands [B, F, M] of magnitudes [B, N, F]."""
        return torch.log(self._mel(magnitudes, size).clamp_min(1e-5))

    def log_mel(self, a: Tensor, b: Tensor) -> Tensor:
        """Mean absolute difference of log-mel magnitudes over four scales, in nats."""
        total = a.new_zeros(())
        for size in _MEASURED:
            total = total + (
                (self._log_mel(self._magnitudes(a, size), size) - self._log_mel(self._magnitudes(b, size), size))
                .abs()
                .mean()
            )
        return total / len(_MEASURED)

    def spectral(self, a: Tensor, b: Tensor) -> Tensor:
        """The multi-resolution STFT distance (Yamamoto et al. 2020): spectral convergence and log magnitudes, averaged.

        Unlike the training loss it is relative throughout, so that quiet items count as much as loud ones.
        """
        total = a.new_zeros(())
        for size in _MEASURED:
            x, y = self._magnitudes(a, size), self._magnitudes(b, size)
            distance = torch.linalg.vector_norm(x - y, dim=(1, 2))
            convergence = distance / torch.linalg.vector_norm(y, dim=(1, 2)).clamp_min(1e-3)
            total = total + convergence.mean() + (torch.log(x + 1e-3) - torch.log(y + 1e-3)).abs().mean()
        return total / len(_MEASURED)

    def advance(self, a: Tensor, b: Tensor, sizes: Sequence[int] = SIZES) -> Tensor:
        """How far the phases of two sounds turn differently from frame to frame, 0 to 2, loud bins counting most.

        Phases themselves are not compared, since the codes do not carry them: what is heard is whether a partial turns
        steadily, at its own frequency, or jitters, which sounds metallic.

        Args:
            a: the estimate.
            b: the target.
            sizes: windows to compare at.
        """
        total = a.new_zeros(())
        for size in sizes:
            turns = []
            for audio in (a, b):
                spectrum = torch.stft(
                    audio, size, size // 4, size, getattr(self, f"window_{size}"), center=True, return_complex=True
                )
                turns.append(spectrum[:, :, 1:] * spectrum[:, :, :-1].conj())
            x, y = turns
            agreement = (x * y.conj()).real / (x.abs() * y.abs() + 1e-6)
            weight = y.abs().sqrt()
            total = total + (weight * (1 - agreement)).sum() / weight.sum().clamp_min(1e-3)
        return total / len(sizes)

    def recurrence(self, a: Tensor, b: Tensor) -> Tensor:
        """How differently the frames of two sounds repeat those before them, 0 to 2; loudness does not count.

        A decoder of frames that has nothing to tell gives the same frame again and again: noise becomes a comb of
        lines at multiples of the frame rate, a buzz that logarithms of magnitudes even reward, since theirs are as
        the noise's are at the median. So the correlation of each frame with the one before (complex, in bands of
        `repeats.BINS` bins, averaged over `_RECURRENCE_FRAMES` frames) is compared: it is near 0 for noise, turns
        with the frequency for a tone, and is 1 for the comb.

        Args:
            a: the estimate.
            b: the target.
        """
        x, y = self._recurrences(a), self._recurrences(b)
        return torch.linalg.vector_norm(x - y, dim=0).mean()

    def _recurrences(self, audio: Tensor) -> Tensor:
        """Real and imaginary parts [2, B, bands, blocks] of the correlation of frames with those before them."""
        size, frames = _RECURRENCE_WINDOW, _RECURRENCE_FRAMES
        spectrum = torch.stft(audio, size, size // 4, size, getattr(self, f"window_{size}"), return_complex=True)
        parts = in_bands(spectrum)
        now, before = parts[:, :, :, 1:], parts[:, :, :, :-1]
        power = parts.square().sum((2, 4))
        real = (now * before).sum((2, 4))
        imaginary = (now[..., 1] * before[..., 0] - now[..., 0] * before[..., 1]).sum(2)
        normed = torch.stack([real, imaginary]) * torch.rsqrt(power[:, :, 1:] * power[:, :, :-1] + 1e-12)
        return functional.avg_pool1d(normed.flatten(0, 1), frames, frames).view(*normed.shape[:3], -1)

    def attack(self, a: Tensor, b: Tensor) -> Tensor:
        """How far two sounds are apart where the second one rises, in nats; 0 if it never does.

        Attacks are a hundredth of the frames, so that the other distances hardly see whether one takes 5 or 20 ms. Here
        a frame weighs as much as the steepest rise of the target around it, a mel band as the root of its peak there,
        and what is fainter than a tenth of that peak hardly differs: it is masked.

        Args:
            a: the estimate.
            b: the target.
        """
        total = a.new_zeros(())
        for size in _ATTACK_WINDOWS:
            rise, around = (round(seconds * self.sample_rate / (size // 4)) for seconds in (_RISE, _AROUND))
            x, y = (self._mel(self._magnitudes(each, size), size).transpose(1, 2) + 1e-5 for each in (a, b))
            peak = functional.max_pool1d(y, 2 * around + 1, 1, around)
            faint = _FAINT * peak.amax(1, keepdim=True)
            logs, heard = torch.log(y + faint)[..., 2:-2], (peak > faint).float()  # two frames see beyond either end
            steep = functional.pad(logs[..., rise:] - logs[..., :-rise], (rise + 2, 2))
            steep = (steep * heard).sum(1, keepdim=True) / heard.sum(1, keepdim=True)
            steep = (steep - _RISE_LEAST).clamp(0, _RISE_MOST)
            weights = functional.max_pool1d(steep, 2 * around + 1, 1, around) * peak.sqrt()
            apart = (torch.log(x + _MASKED * peak) - torch.log(y + _MASKED * peak)).abs()
            total = total + (apart * weights).sum() / weights.sum().clamp_min(1e-3)
        return total / len(_ATTACK_WINDOWS)

    def restrikes(self, a: Tensor, b: Tensor) -> Tensor:
        """How much more the partials of a sound rise than those of another, in nats; 0 if nowhere more.

        A codec's gains are for bands: where a note begins, others that are held get louder with it, and are heard as
        if they were struck again. By the distance of levels that is little, since there is a rise of what is new.

        Args:
            a: the estimate.
            b: the target, in which a partial may as well have risen a frame or a bin away.
        """
        total = a.new_zeros(())
        for size in _PARTIAL_WINDOWS:
            hop, bins = size // 4, int(_PARTIAL_TOP * size / self.sample_rate)
            rise, around = (round(seconds * self.sample_rate / hop) for seconds in (_PARTIAL_RISE, _PARTIAL_AROUND))
            x, y = (self._magnitudes(each, size)[:, :bins] for each in (a, b))
            loudest = functional.max_pool1d(y.amax(1, keepdim=True), 2 * around + 1, 1, around)
            floor = _PARTIAL_FAINT * loudest + 1e-3
            ours, theirs = (torch.log(each + floor) for each in (x, y))
            risen, due = (logs[..., rise:] - logs[..., :-rise] for logs in (ours, theirs))
            due = functional.max_pool2d(due, 3, 1, 1).clamp_min(0)
            total = total + (risen - due).clamp_min(0).mean()
        return total / len(_PARTIAL_WINDOWS)

    def forward(self, a: Tensor, b: Tensor, sizes: Sequence[int] = SIZES) -> Tensor:
        """The training loss: log mel, log magnitude and spectral convergence (Yamamoto et al. 2020), averaged.

        Args:
            a: the estimate.
            b: the target.
            sizes: windows to compare at; a step may draw some of `SIZES` to save time.
        """
        total = a.new_zeros(())
        for size in sizes:
            x, y = self._magnitudes(a, size), self._magnitudes(b, size)
            distance = torch.linalg.vector_norm(x - y, dim=(1, 2))
            convergence = distance / torch.linalg.vector_norm(y, dim=(1, 2)).clamp_min(5.0)
            logs = (torch.log(x + 1e-3) - torch.log(y + 1e-3)).abs().mean()
            mel = (self._log_mel(x, size) - self._log_mel(y, size)).abs().mean()
            total = total + mel + logs + convergence.mean()
        return total / len(sizes)


def draw_sizes(rng: np.random.Generator, count: int) -> tuple[int, ...]:
    """Draw so many different windows of `SIZES`."""
    return tuple(SIZES[index] for index in rng.choice(len(SIZES), size=min(count, len(SIZES)), replace=False))


def si_sdr(estimate: Tensor, target: Tensor) -> Tensor:
    """Scale-invariant signal-to-distortion ratio in decibels of [B, T] (Le Roux et al. 2019): [B]."""
    estimate = estimate - estimate.mean(-1, keepdim=True)
    target = target - target.mean(-1, keepdim=True)
    power = (target**2).sum(-1, keepdim=True).clamp_min(1e-12)
    projection = (estimate * target).sum(-1, keepdim=True) / power * target
    noise = (estimate - projection).pow(2).sum(-1).clamp_min(1e-12)
    return 10 * torch.log10(projection.pow(2).sum(-1).clamp_min(1e-12) / noise)
