"""Sound and code files that make little sense, through the commands: a sentence, or sound that can be published."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from genaudio.audio import read_audio
from genaudio.codec.codec import Codec
from genaudio.weights import save_weights
from tests.cli.shell import run

RATE = 44_100


def tone(rate: int = RATE, seconds: float = 1.0) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)


def round_trip(tmp_path: Path, sound: np.ndarray, rate: int = RATE) -> np.ndarray:
    """Write samples [T] or [T, C] as they are, code them with the shipped codec, and return what comes back [C, T]."""
    source, codes, back = (tmp_path / name for name in ("in.wav", "in.codes", "back.wav"))
    soundfile.write(source, sound, rate, subtype="FLOAT")
    for words in (("encode", source, "-o", codes), ("decode", codes, "-o", back)):
        result = run("codec", *words, "--device", "cpu")
        assert result.exit_code == 0, result.stderr
    audio, found = read_audio(back)
    assert found == RATE
    assert audio.shape[1] == pytest.approx(len(sound) * RATE / rate, abs=1)
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() <= 1
    return audio


def test_what_is_no_number_is_silence(tmp_path: Path) -> None:
    sound, silent = tone(), tone()
    places = [*range(9000, 9010), 20_000, 30_000]
    sound[places], silent[places] = [*[np.nan] * 10, np.inf, -np.inf], 0.0
    np.testing.assert_array_equal(round_trip(tmp_path, sound), round_trip(tmp_path, silent))


def test_silence_stays_silent(tmp_path: Path) -> None:
    assert np.abs(round_trip(tmp_path, np.zeros(RATE))).max() < 1e-3  # -60 dBFS


def test_a_constant_is_no_sound(tmp_path: Path) -> None:
    back = round_trip(tmp_path, np.full(RATE, 0.5))
    inner = back[:, RATE // 4 : -RATE // 4]
    assert inner.std() < 0.01


@pytest.mark.parametrize("samples", [1, 2, 100])
def test_next_to_nothing_is_coded(tmp_path: Path, samples: int) -> None:
    assert round_trip(tmp_path, np.full(samples, 0.5)).shape == (1, samples)


def test_eight_channels_stay_apart(tmp_path: Path) -> None:
    loud = np.zeros((RATE, 8))
    loud[:, 5] = tone()
    levels = round_trip(tmp_path, loud).std(1)
    assert len(levels) == 8
    assert levels[5] > 20 * np.delete(levels, 5).max()


@pytest.mark.parametrize("rate", [8_000, 192_000])
def test_far_rates_keep_their_pitch(tmp_path: Path, rate: int) -> None:
    back = round_trip(tmp_path, tone(rate), rate)
    assert np.argmax(np.abs(np.fft.rfft(back[0][:RATE], RATE))) == pytest.approx(440, abs=2)


def test_more_than_full_scale_is_limited(tmp_path: Path) -> None:
    round_trip(tmp_path, 40 * tone())


def test_a_flac_that_breaks_off_is_no_audio(tmp_path: Path) -> None:
    whole = tmp_path / "a.flac"
    soundfile.write(whole, np.random.default_rng(0).uniform(-0.5, 0.5, 200_000), RATE)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    result = run("codec", "encode", whole, "-o", tmp_path / "a.codes")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "a.codes").exists()


def test_codes_that_break_off_or_are_of_other_weights_are_refused(tmp_path: Path, tiny: Codec) -> None:
    source, codes, weights = (tmp_path / name for name in ("in.wav", "in.codes", "other.safetensors"))
    soundfile.write(source, tone(), RATE)
    save_weights(weights, tiny.model.state_dict(), tiny.model.config.to_json())
    assert run("codec", "encode", source, "-o", codes, "--weights", weights).exit_code == 0
    other = run("codec", "decode", codes, "-o", tmp_path / "a.wav")
    assert other.exit_code == 3
    assert "the codes were made by the codec" in other.stderr
    codes.write_bytes(codes.read_bytes()[:-20])
    cut = run("codec", "decode", codes, "-o", tmp_path / "a.wav", "--weights", weights)
    assert cut.exit_code == 2
    assert "cut short" in cut.stderr
    assert not (tmp_path / "a.wav").exists()
