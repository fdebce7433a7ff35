"""Hearing keys without a score: targets, oscillators, and that how a piece is cut changes nothing."""

import numpy as np
import pytest
import torch

from genaudio.codec.codec import Codec
from genaudio.codec.excitation import Stretch, excite
from genaudio.codec.hearing import KEYS, LOWEST, activations, oscillators, sing, sing_long, sounding_keys
from genaudio.codec.model import CodecConfig, CodecModel
from genaudio.sounding import Sounding

RATE, HOP = 44_100, 512


def peak_frequency(wave: np.ndarray) -> float:
    """Frequency of the strongest bin below 2 kHz."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(np.argmax(spectrum[: int(2000 * len(wave) / RATE)]) * RATE / len(wave))


def test_keys_sound_while_held_and_fade_after() -> None:
    keys = sounding_keys([Sounding(0.1, 0.5, 60, 90)], 0, 100, HOP, RATE)
    times = np.arange(100) * HOP / RATE
    row = keys[60 - LOWEST]
    np.testing.assert_array_equal(row[(times >= 0.1) & (times <= 0.5)], 1)
    assert not row[times < 0.1].any()
    falling = row[(times > 0.5) & (times < 0.9)]
    assert (np.diff(falling) < 0).all()
    assert not np.delete(keys, 60 - LOWEST, axis=0).any()


def test_keys_of_a_stretch_are_those_of_the_whole() -> None:
    notes = [Sounding(0.0, 1.0, 40, 90), Sounding(0.7, 2.0, 72, 50), Sounding(1.2, 1.3, 40, 50)]
    whole = sounding_keys(notes, 0, 200, HOP, RATE)
    np.testing.assert_array_equal(sounding_keys(notes, 90 * HOP, 50, HOP, RATE), whole[:, 90:140])


def test_struck_keys_fall_while_held() -> None:
    row = sounding_keys([Sounding(0.0, 2.0, 60, 90)], 0, 100, HOP, RATE, decay=0.2)[60 - LOWEST]
    times = np.arange(100) * HOP / RATE
    np.testing.assert_allclose(row, 0.2 + 0.8 * np.exp(-times / 0.2), rtol=1e-5)


def test_notes_beyond_the_keyboard_are_not_keys() -> None:
    assert not sounding_keys([Sounding(0, 1, 20, 90), Sounding(0, 1, 109, 90)], 0, 20, HOP, RATE).any()


@pytest.mark.parametrize("pitch", [33, 60, 69, 96])
def test_an_oscillator_is_an_excitation_at_its_key(pitch: int) -> None:
    wave = oscillators(torch.tensor([pitch - LOWEST]), 0, RATE, RATE)[0].numpy()
    known = excite(Stretch([Sounding(0, 1, pitch, 90)]), RATE, RATE).sum(0)
    a, b = (np.abs(np.fft.rfft(x[4000:36768] * np.hanning(32768))) for x in (wave, known))
    assert np.corrcoef(a, b)[0, 1] > 0.99
    assert 0.8 < np.linalg.norm(a) / np.linalg.norm(b) < 1.25


def test_an_oscillator_runs_on_however_it_is_cut() -> None:
    keys = torch.tensor([0, 48, 87])
    whole = oscillators(keys, 0, 60_000, RATE)
    np.testing.assert_allclose(oscillators(keys, 30_011, 5000, RATE), whole[:, 30_011:35_011], atol=2e-3)


def test_singing_follows_the_activations() -> None:
    values = torch.zeros(1, KEYS, 101)
    values[0, 69 - LOWEST, 20:60] = 1.0
    values[0, 76 - LOWEST, 60:101] = 0.5
    sound = sing_long(values, 0, 100 * HOP, HOP, RATE)[0].numpy()
    assert not sound[: 19 * HOP].any()
    assert peak_frequency(sound[22 * HOP : 58 * HOP]) == pytest.approx(440, abs=3)
    assert peak_frequency(sound[62 * HOP :]) == pytest.approx(659.3, abs=3)


def test_long_and_short_singing_agree() -> None:
    generator = torch.Generator().manual_seed(1)
    values = activations(torch.randn(2, KEYS, 600, generator=generator) * 2 - 6)
    samples = 599 * HOP + HOP // 2
    long = sing_long(values, 5 * HOP, samples, HOP, RATE)
    waves = oscillators(torch.arange(KEYS), 5 * HOP, samples, RATE)
    np.testing.assert_allclose(long, sing(values, waves, HOP), atol=2e-3)


def test_faint_keys_are_silent() -> None:
    values = activations(torch.tensor([[[-8.0, 0.0, 8.0]]]))
    assert values[0, 0, 0] == 0
    assert values[0, 0, 1] == 0.5
    assert values[0, 0, 2] > 0.99


@pytest.fixture(scope="module")
def hearing() -> Codec:
    """A small codec that hears, with random weights."""
    torch.manual_seed(0)
    model = CodecModel(
        CodecConfig(
            width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=2, bins=16, fine_window=8192, hearing=16
        ),
        expected_frames=64,
    )
    model.train()
    with torch.no_grad():
        assert model.hearing is not None
        model.hearing.leave.bias.normal_(-2, 2)
        model.quantizer.vq(torch.randn(4, 8, 64))
    return Codec(model, torch.device("cpu"))


def test_codes_without_a_score_sing(hearing: Codec) -> None:
    latents = torch.randn(2, 8, 30, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        sung = hearing.model.hear(latents, 0, 29 * HOP + 100)
    assert sung.shape == (2, 2, 29 * HOP + 100)
    assert not sung[:, 0].any()
    assert sung[:, 1].std() > 1e-3
    codes = np.random.default_rng(0).integers(0, 16, (1, 2, 30))
    silent = np.zeros((1, 29 * HOP), np.float32)
    assert not np.allclose(hearing.decode(codes, 29 * HOP), hearing.decode(codes, 29 * HOP, silent), atol=1e-4)


def test_stretches_do_not_change_what_is_heard(hearing: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    from genaudio.codec import codec as codec_module

    rng = np.random.default_rng(3)
    audio = (rng.standard_normal((1, 400 * HOP + 100)) * 0.1).astype(np.float32)
    codes = hearing.encode(audio)
    whole = hearing.decode(codes, audio.shape[1])
    monkeypatch.setattr(codec_module, "stretch_for", lambda channels, device: 150)
    assert (hearing.encode(audio) == codes).mean() > 0.999
    np.testing.assert_allclose(hearing.decode(codes, audio.shape[1]), whole, atol=2e-3)
