"""A small codec with random weights."""

import pytest
import torch

from genaudio.codec.codec import Codec
from genaudio.codec.model import CodecConfig, CodecModel

TINY = CodecConfig(width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=3, bins=16, repeats_as_noise=True)


@pytest.fixture(scope="session")
def tiny() -> Codec:
    """A codec that maps sound to codes in milliseconds, and knows nothing."""
    torch.manual_seed(0)
    model = CodecModel(TINY, expected_frames=64)
    model.train()
    with torch.no_grad():
        model.quantizer.vq(torch.randn(4, TINY.latent, 64))
    return Codec(model, torch.device("cpu"), digest="0" * 64)
