"""The codec network: log-magnitude spectrum in, residual codes, excitation and free spectrum out.

Both halves work at the frame rate (44.1 kHz / 512 = 86 frames a second). The decoder has three branches that it adds:
gains on the spectra of the excitation, of what begins and of what lasts (what is harmonic), gains on noise (breath,
hammers), and a free magnitude and phase for each bin, as in Vocos (Siuzdak 2023), for all else that does not last (see
`repeats`). The excitation comes from the score; without one, the codec sings it from the latents (see `hearing`).

Shapes: B items, T samples, N bins, D latent channels, K levels, F frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from genaudio.codec.blocks import ConvNeXtBlock, reach
from genaudio.codec.hearing import Hearing, activations, sing_long
from genaudio.codec.noise import LEVEL
from genaudio.codec.quantizer import Quantizer
from genaudio.codec.repeats import REACH, without_repeats
from genaudio.codec.transform import Transform

FINE_TOP = 2800.0
"""Hertz up to which the encoder sees the fine spectrum."""
_SHAPED = 256
"""Frames whose spectra a processor shapes at once, where it need not remember how: their gains are 4 MB of numbers."""


@dataclass(frozen=True)
class CodecConfig:
    """Sizes of a codec.

    Attributes:
        sample_rate: samples a second.
        hop: samples between frames.
        window: samples of the transform.
        bands: mel bands in which the networks see the excitation and shape the noise.
        latent: D, channels of the latents.
        width: channels of the networks.
        encoder_blocks, decoder_blocks: depth of the two halves.
        levels: K, codebooks.
        bins: codes of a codebook.
        fine_window: samples of a longer window whose bins below `FINE_TOP` Hz the encoder also sees, to tell low notes
            apart; 0 for none.
        hearing: channels of the network that hears the keys in the latents where there is no score; 0 for none.
        normalize: bring every frame's latents to mean 0 and variance 1. Without it the commitment loss can shut
            latent channels down one by one: a codec trained so used 4 of its 32 dimensions.
        code_dimension: dimensions of the codes, which are then directions in small projections of the latents (see
            `quantizer.FactorisedResidualVQ`); 0 for codes that are latents themselves.
        repeats_as_noise: make noise of what the free branch repeats from frame to frame (see `repeats`). Weights that
            were trained without need it off: their frames cancel each other where they repeat.
        beginnings: the decoder has gains of their own for notes that begin, so that they do not strike those that last
            again. Without, it shapes the sum of both.
    """

    sample_rate: int = 44_100
    hop: int = 512
    window: int = 2048
    bands: int = 128
    latent: int = 32
    width: int = 288
    encoder_blocks: int = 4
    decoder_blocks: int = 6
    levels: int = 8
    bins: int = 1024
    fine_window: int = 0
    hearing: int = 0
    normalize: bool = False
    code_dimension: int = 0
    repeats_as_noise: bool = False
    beginnings: bool = False

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> CodecConfig:
        """Read sizes back; what an older version did not know has its default.

        Raises:
            TypeError: there are sizes that this version does not know.
        """
        return cls(**{name: value for name, value in stored.items() if name != "kind"})

    def to_json(self) -> dict[str, Any]:
        """Return the sizes as they are stored with the weights."""
        return {"kind": "codec", **asdict(self)}


class Encoder(nn.Module):
    """Log magnitudes and the bands of the excitation -> latents."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        width = config.width
        self.enter = nn.Conv1d(config.window // 2 + 1 + config.bands, width, 3, padding=1)
        self.fine_bins = int(FINE_TOP * config.fine_window / config.sample_rate)
        self.enter_fine = nn.Conv1d(self.fine_bins, width, 1) if self.fine_bins else None
        self.blocks = nn.Sequential(*[ConvNeXtBlock(width) for _ in range(config.encoder_blocks)])
        self.leave = nn.Conv1d(width, config.latent, 1)
        self.normalize = config.normalize

    def forward(self, spectrum: Tensor, side: Tensor, fine: Tensor | None = None) -> Tensor:
        """Map a complex spectrum [B, N, F], bands [B, M, F] and the fine spectrum [B, n, F] to latents [B, D, F]."""
        x = self.enter(torch.cat([torch.log(spectrum.abs() + 1e-3), side], 1))
        if self.enter_fine is not None and fine is not None:
            x = x + self.enter_fine(torch.log(fine[:, : self.fine_bins].abs() + 1e-3))
        latents: Tensor = self.leave(self.blocks(x))
        if self.normalize:
            return functional.layer_norm(latents.transpose(1, 2), (latents.shape[1],)).transpose(1, 2)
        return latents


class Decoder(nn.Module):
    """Latents and the excitation -> a complex spectrum."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.spectrum_bins, self.bands, width = config.window // 2 + 1, config.bands, config.width
        waves = 2 if config.beginnings else 1
        self.enter = nn.Conv1d(config.latent + waves * config.bands, width, 7, padding=3)
        self.blocks = nn.Sequential(*[ConvNeXtBlock(width) for _ in range(config.decoder_blocks)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, (3 + waves) * self.spectrum_bins + self.bands)
        self.unit = (LEVEL**2 * config.window * 3 / 8) ** -0.5  # 3 / 8 is the mean square of the Hann window
        self.repeats_as_noise, self.beginnings = config.repeats_as_noise, config.beginnings

    def forward(self, latents: Tensor, excitation: Tensor, noise: Tensor, side: Tensor) -> Tensor:
        """Turn latents into a spectrum.

        Args:
            latents: [B, D, F].
            excitation: spectra of what is shaped, of its sum or of what begins and what lasts: [B, 1 or 2, N, F].
            noise: its spectrum [B, N, F].
            side: bands of the sum, and where it has gains of its own of what begins: [B, M or 2 M, F].

        Returns:
            [B, N, F].
        """
        hidden = self.blocks(self.begin(latents, side))
        if torch.is_grad_enabled() or hidden.device.type != "cpu":
            return self.finish(hidden, excitation, noise)
        return torch.cat(
            [self._finish_some(at, hidden, excitation, noise) for at in range(0, hidden.shape[2], _SHAPED)], 2
        )

    def _finish_some(self, first: int, *whole: Tensor) -> Tensor:
        """Shape `_SHAPED` frames from one on, with what is around them in view: [B, N, f]."""
        low = max(0, first - REACH)
        shaped = self.finish(*(each[..., low : first + _SHAPED + REACH] for each in whole))
        return shaped[:, :, first - low :][:, :, :_SHAPED]

    def begin(self, latents: Tensor, side: Tensor) -> Tensor:
        """Map latents [B, D, F] and bands (see `forward`) to what the blocks take [B, width, F]."""
        hidden: Tensor = self.enter(torch.cat([latents, side], 1))
        return hidden

    def finish(self, hidden: Tensor, excitation: Tensor, noise: Tensor) -> Tensor:
        """Shape the spectra of excitation and noise (see `forward`) by what the blocks give [B, width, F]."""
        gains = self.head(self.norm(hidden.transpose(1, 2))).transpose(1, 2).float()
        n = self.spectrum_bins
        gains, more = gains.tensor_split([4 * n + self.bands], 1)
        harmonic, magnitude, cosine, sine, breath = gains.split([n, n, n, n, self.bands], 1)
        voiced = torch.exp(harmonic.clamp(max=5) - 1) * excitation[:, -1]
        if self.beginnings:
            voiced = voiced + torch.exp((harmonic + more).clamp(max=5) - 1) * excitation[:, 0]
        magnitude = torch.exp(magnitude.clamp(max=7) - 3)
        breath = torch.exp(breath.clamp(max=5) - 4).transpose(1, 2)
        breath = functional.interpolate(breath, size=n, mode="linear").transpose(1, 2)
        norm = torch.rsqrt(cosine**2 + sine**2 + 1e-6) * magnitude
        free = torch.complex(norm * cosine, norm * sine)
        if self.repeats_as_noise:
            free = without_repeats(free, noise * self.unit)
        return voiced + breath * noise + free


def with_beginnings(state: Mapping[str, Tensor], config: CodecConfig) -> dict[str, Tensor]:
    """Give weights gains for what begins, at first those for what lasts: they sound as before.

    Args:
        state: of a model without. config: its sizes.
    """
    enter, weight, bias = (state[f"decoder.{name}"] for name in ("enter.weight", "head.weight", "head.bias"))
    bins = config.window // 2 + 1
    wider = {
        "enter.weight": torch.cat([enter, enter.new_zeros(len(enter), config.bands, enter.shape[2])], 1),
        "head.weight": torch.cat([weight, weight.new_zeros(bins, weight.shape[1])]),
        "head.bias": torch.cat([bias, bias.new_zeros(bins)]),
    }
    return {**state, **{f"decoder.{name}": value for name, value in wider.items()}}


class CodecModel(nn.Module):
    """The whole network. Audio in and out is [B, T] in -1..1, mono.

    Args:
        config: the sizes.
        expected_frames: latents in a training batch (for the replacement of unused codes).
    """

    def __init__(self, config: CodecConfig, expected_frames: int = 1024) -> None:
        super().__init__()
        self.config = config
        self.transform = Transform(config.sample_rate, config.hop, config.window, config.bands)
        fine = config.fine_window
        self.fine = Transform(config.sample_rate, config.hop, fine, config.bands) if fine else None
        self.encoder = Encoder(config)
        self.hearing = Hearing(config.latent, config.hearing) if config.hearing else None
        self.decoder = Decoder(config)
        self.quantizer = Quantizer(config.latent, config.levels, config.bins, expected_frames, config.code_dimension)

    @property
    def reach(self) -> int:
        """Frames to either side that one frame of the output depends on, the transforms included."""
        overlap = (self.config.window + max(self.config.window, self.config.fine_window)) // self.config.hop
        heard = reach(self.hearing) + 1 if self.hearing else 0
        return reach(self.encoder) + heard + reach(self.decoder) + REACH + overlap

    @property
    def decoding_reach(self) -> int:
        """Frames to either side that one frame of the decoded sound depends on, the transforms included."""
        return reach(self.decoder) + REACH + self.config.window // self.config.hop

    def encode(self, audio: Tensor, excitation: Tensor | None = None) -> Tensor:
        """Map audio [B, T] and excitation [B, 2, T] to latents [B, D, F]; none, or a silent one, where no score is."""
        fine = self.fine(audio) if self.fine else None
        known = torch.zeros_like(audio) if excitation is None else excitation.sum(1)
        return self.encoder(self.transform(audio), self.transform.log_bands(self.transform(known)), fine)

    def hear(self, latents: Tensor, start: int, samples: int) -> Tensor:
        """Make the excitation that latents of sound without a score ask for.

        Args:
            latents: [B, D, F].
            start: first sample of the stretch, counted from the piece's beginning. samples: T.

        Returns:
            [B, 2, T], all of which lasts; silence from a codec that does not hear keys.
        """
        heard = latents.new_zeros(latents.shape[0], 2, samples)
        if self.hearing is not None:
            values = activations(self.hearing(latents))
            heard[:, 1] = sing_long(values, start, samples, self.config.hop, self.config.sample_rate)
        return heard

    def excited(self, excitation: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the decoder takes of an excitation [B, 2, T]: its spectra and their bands (see `Decoder`)."""
        summed = self.transform(excitation.sum(1))
        if not self.config.beginnings:
            return summed[:, None], self.transform.log_bands(summed)
        begins = self.transform(excitation[:, 0])
        bands = torch.cat([self.transform.log_bands(summed), self.transform.log_bands(begins)], 1)
        return torch.stack([begins, summed - begins], 1), bands

    def decode(self, latents: Tensor, excitation: Tensor, noise: Tensor) -> Tensor:
        """Map latents [B, D, F], an excitation [B, 2, T] and white noise [B, T] to audio [B, T]."""
        spectra, side = self.excited(excitation)
        out = self.decoder(latents, spectra, self.transform(noise), side)
        return self.transform.inverse(out, noise.shape[-1])
