import pytest
import torch

from genaudio.codec.codec import Codec
from genaudio.codec.model import CodecConfig, CodecModel
from genaudio.renderer.model import ScoreModel, ScoreModelConfig
from genaudio.renderer.renderer import Renderer

SMALL = ScoreModelConfig(width=16, dilations=(1, 2), kernel=3, latent=8)


@pytest.fixture(scope="package")
def renderer() -> Renderer:
    """A renderer of small random models."""
    torch.manual_seed(0)
    model = CodecModel(
        CodecConfig(width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=3, bins=16, repeats_as_noise=True),
        64,
    )
    model.train()
    with torch.no_grad():
        model.quantizer.vq(torch.randn(4, 8, 64))
    codec = Codec(model, torch.device("cpu"), digest="c" * 64)
    return Renderer(ScoreModel(SMALL), codec, torch.device("cpu"))
