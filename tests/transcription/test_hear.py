"""Recordings: sine tunes that are heard, found and told; what to do where nothing can hear."""

import builtins
import sys
import tracemalloc

import numpy as np
import pytest

import genaudio.transcription.network as network_module
from checks import Screener
from genaudio.audio import resample, write_audio
from genaudio.errors import GenaudioError
from genaudio.production.screening import screen_files, verdicts
from genaudio.production.sources import read_works
from genaudio.resampling import sinc_resample
from genaudio.score import Score
from genaudio.streams import Clip
from genaudio.transcription import hear, hear_file, is_audio
from genaudio.transcription.network import network
from tests.production.doubles import SinePlayer, random_tune


@pytest.fixture
def ears():
    try:
        return network()
    except GenaudioError as missing:
        pytest.skip(str(missing))


def record(path, seed):
    """Play a tune on rich tones: five partials and an attack, as a sine alone has no timbre to hear octaves by."""
    tune, rate = random_tune(seed), 22_050
    audio = np.zeros(round(tune.end / 2 * rate) + rate, np.float32)
    for note in tune.notes:
        start, length = round(note.onset / 2 * rate), round(note.duration / 2 * rate)
        times = np.arange(length) / rate
        wave = sum(np.sin(2 * np.pi * 440 * 2 ** ((note.pitch - 69) / 12) * k * times) / k**1.5 for k in range(1, 6))
        audio[start : start + length] += 0.2 * wave * np.minimum(1, times / 0.01) * np.exp(-3 * times)
    write_audio(path, audio, rate)
    return path


@pytest.mark.parametrize(("rate", "to"), [(44_100, 22_050), (48_000, 22_050), (8_000, 22_050), (22_050, 22_050)])
def test_resampling_is_torchaudios(rate, to):
    audio = np.random.default_rng(1).normal(size=(2, 5_001)).astype(np.float32)
    ours, theirs = sinc_resample(audio, rate, to), resample(audio, rate, to)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "mp3"])
def test_a_recording_of_a_protected_tune_is_found(tmp_path, protected, ears, extension):
    path = record(tmp_path / f"copy.{extension}", 7)
    assert is_audio(path)
    pieces = screen_files([path], Screener(protected))
    assert "match" in verdicts(pieces)
    piece = next(piece for piece in pieces if piece.screening.matches)
    match = piece.screening.matches[0]
    assert match.work_id == "work-7"
    assert piece.as_json()["heard"] is True
    # the tune's first note sounds at 0 s and its last ends with the recording's last second of silence
    tune = random_tune(7)
    assert match.passages[0].query.start_s < 5
    assert match.passages[0].query.end_s < tune.end / 2 + 0.5


def test_a_recording_of_a_new_tune_is_clear(tmp_path, protected, ears):
    assert set(verdicts(screen_files([record(tmp_path / "new.wav", 501)], Screener(protected)))) == {"clear"}


def test_recordings_are_works_of_a_catalogue(tmp_path, ears):
    record(tmp_path / "song.wav", 7)
    (work,) = read_works([tmp_path], lambda place, why: pytest.fail(why))
    assert work.id == "song.wav"
    assert len(work.melody) > 40


def test_silence_and_damage_are_not_screened(tmp_path, protected, ears):
    write_audio(tmp_path / "silence.wav", np.zeros(22_050, np.float32), 22_050)
    write_audio(tmp_path / "hiss.wav", np.random.default_rng(1).normal(0, 2e-5, 44_100).astype(np.float32), 22_050)
    (tmp_path / "broken.flac").write_bytes(b"fLaC" + bytes(100))
    (tmp_path / "text.mp3").write_text("no sound")
    pieces = screen_files(sorted(tmp_path.glob("*.*")), Screener(protected))
    assert [str(piece.screening.verdict) for piece in pieces] == ["not-screened"] * 4
    assert [piece.readable for piece in pieces] == [False] * 4
    assert "no notes were heard" in pieces[-2].screening.reason


def test_memory_does_not_grow_with_a_recording(ears):
    class Endless(Clip):
        """A minute of noise, repeated."""

        def __init__(self, minutes):
            super().__init__(np.random.default_rng(1).normal(0, 0.1, (1, 22_050)).astype(np.float32))
            self.samples = minutes * 60 * 22_050

        def read(self, start, samples):
            return np.resize(self.audio, (1, samples))

    ears._session.run([network_module._NOTE], {network_module._INPUT: np.zeros((1, network_module._SAMPLES, 1), "f4")})
    tracemalloc.start()
    for _ in zip(range(12), ears.hear(Endless(600)), strict=False):
        pass
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()


def test_what_hears_is_installed_by_a_command_that_the_error_tells(tmp_path, protected, monkeypatch):
    network.cache_clear()
    original = builtins.__import__

    def refuse(name, *rest, **more):
        if name == "onnxruntime":
            raise ImportError(name)
        return original(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    write_audio(tmp_path / "a.wav", np.zeros(100, np.float32), 22_050)
    (piece,) = screen_files([tmp_path / "a.wav"], Screener(protected))
    assert verdicts([piece]) == ["not-screened"]
    assert "pip install --no-deps basic-pitch==0.4.0" in piece.screening.reason


def test_another_model_is_refused(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    network.cache_clear()
    (tmp_path / "nmp.onnx").write_bytes(b"other")
    monkeypatch.setattr(network_module, "_model_file", lambda: tmp_path / "nmp.onnx")
    with pytest.raises(GenaudioError, match="is not that of basic-pitch"):
        network()


def test_a_rendering_in_memory_is_heard(ears):
    audio = SinePlayer().render(Score.from_melody(random_tune(3))).audio
    heard = hear(Clip(sinc_resample(audio, 8_000, 22_050)))
    assert heard.seconds == pytest.approx(audio.shape[1] / 8_000, abs=1e-3)
    assert heard.notes > 0


def test_missing_files_are_told(tmp_path, ears):
    with pytest.raises(GenaudioError, match="there is no file"):
        hear_file(tmp_path / "none.wav")
