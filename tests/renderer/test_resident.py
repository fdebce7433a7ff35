"""Takes on the device: the same features, sound and latents as those drawn one by one."""

import numpy as np
import pytest
import torch

from genaudio.codec.codec import Codec
from genaudio.codec.model import CodecConfig, CodecModel
from genaudio.renderer import resident
from genaudio.renderer.model import ScoreModelConfig
from genaudio.renderer.resident import ResidentSet
from genaudio.renderer.takes import LatentSet, TeacherTakes
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE, Performance, TeacherSet

NOTES = (Sounding(0.1, 0.9, 60, 100), Sounding(1.0, 1.8, 67, 80))
CONFIG = ScoreModelConfig(latent=8)


@pytest.fixture(scope="module")
def codec() -> Codec:
    torch.manual_seed(0)
    model = CodecModel(CodecConfig(width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=2, bins=16), 64)
    with torch.no_grad():
        model.train().quantizer.vq(torch.randn(4, 8, 64))
    return Codec(model, torch.device("cpu"))


class Uneven(TeacherTakes):
    """Takes of which the second is shorter."""

    def samples(self, take: int) -> int:
        return (3 if take == 1 else 4) * SAMPLE_RATE


def takes() -> Uneven:
    audio = np.random.default_rng(0).integers(-9000, 9000, (3, 4 * SAMPLE_RATE)).astype(np.int16)
    names = "piano", "strings", "drums"
    return Uneven(TeacherSet(audio, tuple(Performance(name, "melody", NOTES) for name in names)))


@pytest.mark.parametrize("longest", [4096, 50])
def test_it_holds_what_a_set_of_latents_holds(codec: Codec, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "LONG_STRETCH", longest)
    plain, held = LatentSet(takes(), codec, CONFIG), ResidentSet(takes(), codec, CONFIG)
    assert (held.lengths, held.families) == (plain.lengths, plain.families)
    apart = []
    for take, length in enumerate(plain.lengths):
        stretch = take, 20, length - 40
        torch.testing.assert_close(held.features(*stretch), plain.features(*stretch), atol=1e-3, rtol=0)
        audio, known = held.sound(*stretch)
        assert torch.equal(audio, plain.sound(*stretch)[0])
        torch.testing.assert_close(known, plain.sound(*stretch)[1], atol=1e-4, rtol=0)
        apart.append(float((held.known(*stretch) - plain.known(*stretch)).abs().mean()))
    assert max(apart) < 0.02 * plain.spread()[1], "few codes are others, where latents lie half-way between two"
    assert held.spread()[1] == pytest.approx(plain.spread()[1], rel=0.02)


def test_a_family_is_drawn_more_often(codec: Codec) -> None:
    often = {"drums": 6.0, "strings": 0.0}
    for held in (LatentSet(takes(), codec, CONFIG, often), ResidentSet(takes(), codec, CONFIG, often=often)):
        families = held.batch(np.random.default_rng(5), 400, 100, False)[1]
        counts = [int((families == family).sum()) for family in held.families]
        assert counts[1] == 0
        assert 4 < counts[2] / counts[0] < 9, "six times as often, give or take chance"


def test_batches_are_cut_from_it(codec: Codec) -> None:
    held = ResidentSet(takes(), codec, CONFIG)
    features, families, latents, audio, known = held.batch(np.random.default_rng(3), 64, 100, True)
    assert (features.shape, latents.shape, audio.shape) == ((64, 100, 512), (64, 100, 8), (64, 100 * 512 - 256))
    assert set(families.tolist()) == set(held.families)
    assert known.shape == (64, 2, audio.shape[1])
    again = held.batch(np.random.default_rng(3), 64, 100, False)
    assert len(again) == 3
    assert torch.equal(again[0], features)
    piano = held.features(0, 0, held.lengths[0])
    row = features[families == held.families[0]][0]
    starts = [start for start in range(len(piano) - 100) if torch.equal(piano[start : start + 100], row)]
    assert starts, "a row is a stretch of its take"
