"""Audio files: round trips, tags, and what cannot be read."""

from pathlib import Path

import numpy as np
import pytest

from genaudio.audio import FORMATS, read_audio, read_tags, resample, write_audio
from genaudio.errors import GenaudioError

RATE = 44_100


def sine(channels: int = 2, seconds: float = 0.5) -> np.ndarray:
    wave = 0.4 * np.sin(2 * np.pi * 440 * np.arange(int(RATE * seconds)) / RATE)
    return np.repeat(wave[None], channels, axis=0).astype(np.float32)


@pytest.mark.parametrize("extension", FORMATS)
def test_round_trip(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    write_audio(path, sine(), RATE, {"title": "A Tune"})
    audio, rate = read_audio(path)
    assert rate == RATE
    assert audio.shape[0] == 2
    assert np.abs(audio[:, 5000:15_000] - sine()[:, 5000:15_000]).max() < (
        1e-6 if extension in ("flac", "wav") else 0.05
    )
    assert read_tags(path)["title"] == "A Tune"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("extension", FORMATS)
def test_the_licence_tag_survives(tmp_path: Path, extension: str) -> None:
    write_audio(tmp_path / f"a.{extension}", sine(), RATE, {"license": "CC0"})
    assert read_tags(tmp_path / f"a.{extension}")["license"] == "CC0"


def test_flac_bytes_do_not_depend_on_the_day(tmp_path: Path) -> None:
    for name in ("a.flac", "b.flac"):
        write_audio(tmp_path / name, sine(), RATE, {"title": "x"})
    assert (tmp_path / "a.flac").read_bytes() == (tmp_path / "b.flac").read_bytes()


def test_samples_out_of_range_are_limited(tmp_path: Path) -> None:
    loud = sine() * 10
    loud[0, 5] = np.nan
    write_audio(tmp_path / "a.wav", loud, RATE)
    audio, _ = read_audio(tmp_path / "a.wav")
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() <= 1


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(GenaudioError, match="no file"):
        read_audio(tmp_path / "none.wav")
    with pytest.raises(GenaudioError, match="directory"):
        read_audio(tmp_path)
    (tmp_path / "x.wav").write_bytes(b"no audio at all")
    with pytest.raises(GenaudioError, match="cannot be read"):
        read_audio(tmp_path / "x.wav")
    (tmp_path / "e.flac").write_bytes(b"")
    with pytest.raises(GenaudioError, match="cannot be read"):
        read_audio(tmp_path / "e.flac")


def test_a_truncated_flac_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    write_audio(path, np.random.default_rng(0).standard_normal((1, RATE)).astype(np.float32) * 0.1, RATE)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(GenaudioError, match=r"cut short|cannot be read"):
        read_audio(path)


def test_unknown_formats_and_folders_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(GenaudioError, match="flac, wav, ogg, mp3"):
        write_audio(tmp_path / "a.xyz", sine(), RATE)
    with pytest.raises(GenaudioError, match="cannot be written"):
        write_audio(tmp_path / "none" / "a.wav", sine(), RATE)


def test_resampling_keeps_the_pitch() -> None:
    half = resample(sine(1), RATE, RATE // 2)
    magnitude = np.abs(np.fft.rfft(half[0] * np.hanning(half.shape[1])))
    assert np.argmax(magnitude) * (RATE // 2) / half.shape[1] == pytest.approx(440, abs=3)
    with pytest.raises(GenaudioError, match="sample rate"):
        resample(sine(), RATE, 10)
