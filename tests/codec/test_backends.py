"""Codecs behind one interface; the official ones with weights that the test makes itself."""

import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch

from genaudio.codec.backends import Bundled, Official, backend
from genaudio.codec.codec import Codec
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.retiming import Retimed, speed_of
from genaudio.streams import Clip


def tone(rate: int, seconds: float = 0.3, channels: int = 1) -> np.ndarray:
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    return np.repeat(wave[None].astype(np.float32), channels, axis=0)


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_bundled_takes_any_rate(tiny: Codec, rate: int) -> None:
    codes = Bundled(tiny).compress(tone(rate, channels=2), rate)
    assert codes.samples == pytest.approx(0.3 * 44_100, abs=2)
    assert Bundled(tiny).decompress(codes).shape == (2, codes.samples)


def test_a_bitrate_chooses_the_levels_below_it(tiny: Codec) -> None:
    one = tiny.bitrate(1) / 1000  # 86.13 frames of 4 bits: 0.3445 kbit/s
    assert one == pytest.approx(0.3445, abs=1e-4)
    assert Bundled(tiny).compress(tone(44_100), 44_100, kbps=2.5 * one).codes.shape[1] == 2
    with pytest.raises(GenaudioError, match=r"at least 0\.34"):
        Bundled(tiny).compress(tone(44_100), 44_100, kbps=0.1)


def test_codes_of_other_weights_are_incompatible(tiny: Codec) -> None:
    codes = Bundled(tiny).compress(tone(44_100), 44_100)
    other = Codec(tiny.model, tiny.device, digest="1" * 64)
    with pytest.raises(IncompatibleError, match="000000000000"):
        Bundled(other).decompress(codes)


def test_a_sound_in_another_tuning_is_coded_at_concert_pitch_and_played_back_in_its_own(tiny: Codec) -> None:
    low = Retimed(Clip(tone(44_100, 3.0)), speed_of(-30))
    sound = low.read(0, low.samples)
    codes = Bundled(tiny).compress(sound, 44_100)
    assert codes.tuning == pytest.approx(-30, abs=2)
    assert codes.samples == sound.shape[1]
    played = Retimed(Clip(sound), speed_of(-codes.tuning))
    np.testing.assert_array_equal(codes.codes, tiny.encode(played.read(0, played.samples)))
    at_pitch = Retimed(Clip(tiny.decode(codes.codes, played.samples)), speed_of(codes.tuning), codes.samples)
    np.testing.assert_allclose(Bundled(tiny).decompress(codes), at_pitch.read(0, codes.samples), atol=1e-6)
    assert Bundled(tiny).compress(tone(44_100, 3.0), 44_100).tuning == 0


@pytest.fixture(scope="module")
def official_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from encodec.model import EncodecModel

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("official") / "24.th"
    torch.save(EncodecModel.encodec_model_24khz(pretrained=False).state_dict(), path)
    return path


def test_official_model_from_a_file_round_trips_shapes(official_weights: Path) -> None:
    codec = Official("encodec_24khz", "cpu", official_weights)
    codes = codec.compress(tone(44_100), 44_100, kbps=7.0)
    assert codes.codes.shape == (1, 8, 23)  # 6 kbit/s: 8 levels; 0.3 s at 75 frames a second
    assert codec.decompress(codes).shape == (1, codes.samples)
    with pytest.raises(GenaudioError, match=r"at least 1\.5"):
        codec.compress(tone(44_100), 44_100, kbps=1.0)


def test_foreign_weights_are_incompatible(tmp_path: Path) -> None:
    path = tmp_path / "x.th"
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(IncompatibleError, match="encodec_24khz"):
        backend("encodec_24khz", "cpu", path)


def test_without_network_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", unreachable)
    with pytest.raises(GenaudioError, match="use the bundled codec"):
        backend("encodec_48khz", "cpu")


def test_unknown_codec_lists_the_known() -> None:
    with pytest.raises(GenaudioError, match="genaudio, encodec_24khz, encodec_48khz"):
        backend("opus", "cpu")
