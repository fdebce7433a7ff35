import numpy as np
import pytest

from genaudio.audio import write_audio
from genaudio.codec.codes import Codes
from genaudio.errors import GenaudioError
from genaudio.production.quality import distances, evaluate_codec, evaluate_renderer
from genaudio.score import read_score, write_midi
from tests.production.doubles import SinePlayer, random_tune

RATE = 44100


def tone(pitch, seconds=1.0):
    return (0.3 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)[None]


class Halver:
    """A codec that loses half of the level and nothing else."""

    name = "halver"

    def compress(self, audio, rate, kbps=None):
        self.audio = audio
        return Codes(np.zeros((1, 2, 100), np.int16), 1024, audio.shape[1], rate, self.name)

    def decompress(self, codes):
        return self.audio * np.float32(0.5)


def test_equal_sounds_have_no_distance():
    found = distances(tone(440), tone(440), RATE)
    assert found["log_mel"] == 0
    assert found["si_sdr_db"] > 80


def test_a_wrong_note_is_far_away():
    assert distances(tone(440), tone(466.16), RATE)["log_mel"] > 0.3
    assert distances(tone(440), tone(466.16), RATE)["si_sdr_db"] < 0


def test_the_measures_of_a_codec(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, (1, RATE)).astype(np.float32)
    write_audio(tmp_path / "noise.wav", noise, RATE)
    found = evaluate_codec(tmp_path / "noise.wav", Halver())
    # half the magnitude is log 2 = 0.693 nats lower in every band; the scale-invariant ratio sees no loss
    assert found["log_mel"] == pytest.approx(0.693, abs=0.01)
    assert found["si_sdr_db"] > 60
    assert found["kbps"] == pytest.approx(2 * 100 * 10 / 1000)


def test_the_renderer_is_compared_with_a_recording(tmp_path):
    write_midi(random_tune(3, notes=16), tmp_path / "tune.mid")
    player = SinePlayer()
    rendering = player.render(read_score(tmp_path / "tune.mid"))
    write_audio(tmp_path / "same.flac", 0.5 * rendering.audio, rendering.sample_rate)
    write_audio(tmp_path / "other.flac", tone(440, 8.0), RATE)
    same = evaluate_renderer(tmp_path / "tune.mid", player, tmp_path / "same.flac")
    other = evaluate_renderer(tmp_path / "tune.mid", player, tmp_path / "other.flac")
    assert same["log_mel"] < 0.05 < other["log_mel"]
    assert "log_mel" not in evaluate_renderer(tmp_path / "tune.mid", player)


def test_what_is_too_short_is_refused():
    with pytest.raises(GenaudioError, match="too short to measure"):
        distances(tone(440, 0.05), tone(440), RATE)
    with pytest.raises(GenaudioError, match="1 and 2 channels"):
        distances(tone(440), np.repeat(tone(440), 2, axis=0), RATE)
