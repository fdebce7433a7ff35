"""The bundled codec as an EncodecModel, for programs that are written for encodec."""

from __future__ import annotations

from encodec.model import EncodecModel
from torch import Tensor, nn

from genaudio.codec.codec import Codec
from genaudio.codec.model import CodecModel
from genaudio.codec.noise import LEVEL


class _Encoder(nn.Module):
    """Waveform [B, 1, T] -> latents [B, D, F], without a score."""

    def __init__(self, model: CodecModel) -> None:
        super().__init__()
        self.model, self.ratios, self.dimension = model, [model.config.hop], model.config.latent

    def forward(self, audio: Tensor) -> Tensor:
        return self.model.encode(audio[:, 0])


class _Decoder(nn.Module):
    """Latents [B, D, F] -> waveform [B, 1, F x hop], without a score; the noise is drawn from torch's generator."""

    def __init__(self, model: CodecModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, latents: Tensor) -> Tensor:
        samples = latents.shape[2] * self.model.config.hop - self.model.config.hop // 2
        noise = latents.new_empty(latents.shape[0], samples).normal_() * LEVEL
        return self.model.decode(latents, self.model.hear(latents, 0, samples), noise)[:, None]


def as_encodec(codec: Codec) -> EncodecModel:
    """Wrap a codec as an EncodecModel: mono, ``encode(x) -> [(codes [B, K, F], None)]`` and ``decode``."""
    config = codec.model.config
    quantizer = codec.model.quantizer
    rate = -(-config.sample_rate // config.hop)
    one = quantizer.get_bandwidth_per_quantizer(rate) * (1 + 1e-9)  # encodec rounds the number of levels down
    bandwidths = [one * (level + 1) for level in range(config.levels)]
    view = EncodecModel(
        _Encoder(codec.model),
        _Decoder(codec.model),
        quantizer,
        target_bandwidths=bandwidths,
        sample_rate=config.sample_rate,
        channels=1,
        name="genaudio",
    )
    return view.eval()
