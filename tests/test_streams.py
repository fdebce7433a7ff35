"""Sound in stretches: the same samples however a file is cut, nothing half-written."""

from pathlib import Path

import numpy as np
import pytest

from genaudio.audio import AudioSink, read_audio, resample, write_audio
from genaudio.errors import GenaudioError
from genaudio.streams import AudioFile, Clip

RATE = 44_100


def chirp(rate: int, seconds: float, channels: int = 2) -> np.ndarray:
    """A rising tone and its negative, float32 [C, T]."""
    times = np.arange(round(rate * seconds)) / rate
    wave = 0.3 * np.sin(2 * np.pi * (200 + 300 * times) * times)
    return np.stack([wave * (-1) ** channel for channel in range(channels)]).astype(np.float32)


@pytest.mark.parametrize("rate", [RATE, 8_000, 48_000, 192_000])
@pytest.mark.parametrize("extension", ["wav", "flac"])
def test_a_file_in_stretches_is_the_whole_file(tmp_path: Path, rate: int, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    write_audio(path, chirp(rate, 1.3), rate)
    whole = resample(read_audio(path)[0], rate, RATE)
    with AudioFile(path, RATE) as file:
        assert (file.channels, file.samples) == whole.shape
        for start, length in [(0, 1000), (1000, 20_000), (20_500, 37), (20_400, 5000), (100, 300), (57_000, 2000)]:
            wanted = Clip(whole).read(start, length)
            np.testing.assert_allclose(file.read(start, length), wanted, atol=2e-6)


@pytest.mark.parametrize("extension", ["mp3", "ogg"])
def test_packed_files_are_read_in_order(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    write_audio(path, chirp(RATE, 2.0), RATE)
    whole, _ = read_audio(path)
    with AudioFile(path) as file:
        parts = [file.read(start, 30_000) for start in range(0, file.samples, 30_000)]
    np.testing.assert_allclose(np.concatenate(parts, 1)[:, : whole.shape[1]], whole, atol=1e-5)


def test_beyond_the_end_is_silence() -> None:
    clip = Clip(np.ones((1, 10), np.float32))
    np.testing.assert_array_equal(clip.read(8, 4), [[1, 1, 0, 0]])


def test_what_is_no_number_is_silent(tmp_path: Path) -> None:
    import soundfile

    audio = np.zeros((100, 1), np.float32)
    audio[3], audio[4] = np.nan, np.inf
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="FLOAT")
    with AudioFile(tmp_path / "a.wav") as file:
        assert not file.read(0, 100).any()


def test_bad_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(GenaudioError, match="no file"):
        AudioFile(tmp_path / "a.wav")
    with pytest.raises(GenaudioError, match="directory"):
        AudioFile(tmp_path)
    (tmp_path / "x.flac").write_bytes(b"fLaC")
    with pytest.raises(GenaudioError, match="cannot be read as audio"):
        AudioFile(tmp_path / "x.flac")


def test_a_file_cut_short_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    write_audio(path, np.random.default_rng(0).uniform(-0.5, 0.5, (1, 200_000)), RATE)
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(GenaudioError), AudioFile(path) as file:
        file.read(0, file.samples)


def test_writing_in_stretches_is_writing_at_once(tmp_path: Path) -> None:
    audio = chirp(RATE, 1.0)
    write_audio(tmp_path / "a.flac", audio, RATE, {"title": "x"})
    with AudioSink(tmp_path / "b.flac", RATE, 2, {"title": "x"}) as sink:
        for start in range(0, audio.shape[1], 9999):
            sink.write(audio[:, start : start + 9999])
            assert not (tmp_path / "b.flac").exists()
    assert (tmp_path / "b.flac").read_bytes() == (tmp_path / "a.flac").read_bytes()


def test_an_interrupted_writing_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with AudioSink(tmp_path / "a.wav", RATE, 1) as sink:
            sink.write(np.zeros((1, 100)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())
