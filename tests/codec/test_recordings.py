"""Recordings as training material: what is read, what is left out, what a training makes of it."""

from pathlib import Path

import numpy as np
import pytest

from genaudio.audio import write_audio
from genaudio.codec.codec import Codec
from genaudio.codec.crops import UNKNOWN, CropRecipe, Crops
from genaudio.codec.model import CodecConfig
from genaudio.codec.recordings import gather_recordings
from genaudio.codec.train import CodecRecipe, train_codec
from genaudio.errors import GenaudioError
from genaudio.teacher import TeacherRecipe

RATE = 44_100


def tone(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    """A tone of 440 Hz, float32 [C, T]."""
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[None], channels, 0).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two readable files of other rates and channels, a silent one, a broken one, and one that is no audio."""
    source = tmp_path / "takes"
    (source / "more").mkdir(parents=True)
    write_audio(source / "long.wav", tone(25, 22_050, 2), 22_050)
    write_audio(source / "more" / "short.flac", tone(3, 48_000), 48_000)
    write_audio(source / "silent.wav", np.zeros((1, RATE), np.float32), RATE)
    (source / "broken.flac").write_bytes(b"fLaC but not really")
    (source / "notes.txt").write_text("take 2 was better")
    return source


def test_files_become_clips_at_one_rate(folder: Path, tmp_path: Path) -> None:
    training, held_out, account = gather_recordings(folder, tmp_path / "clips", RATE)
    assert (account.files, account.clips, account.silent) == (3, 4, 1)  # 25 s are three clips, 3 s are one
    assert [name for name, _ in account.rejected] == ["broken.flac"]
    assert (len(training), len(held_out)) == (3, 1)
    clip = training.stretch(0, RATE, RATE)
    assert np.argmax(np.abs(np.fft.rfft(clip))) == 440
    assert np.abs(clip).max() == pytest.approx(0.3, abs=0.01)
    assert training.played(0) is None


def test_what_was_cut_before_is_opened_and_changes_are_seen(folder: Path, tmp_path: Path) -> None:
    gather_recordings(folder, tmp_path / "clips", RATE)
    stamp = (tmp_path / "clips" / "audio.s16").stat().st_mtime_ns
    gather_recordings(folder, tmp_path / "clips", RATE)
    assert (tmp_path / "clips" / "audio.s16").stat().st_mtime_ns == stamp
    (folder / "broken.flac").unlink()
    assert not gather_recordings(folder, tmp_path / "clips", RATE)[2].rejected


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    with pytest.raises(GenaudioError, match="no folder"):
        gather_recordings(tmp_path / "nowhere", tmp_path / "clips", RATE)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(GenaudioError, match="holds no recordings"):
        gather_recordings(empty, tmp_path / "clips", RATE)
    (empty / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(GenaudioError, match="none of the 1 recordings"):
        gather_recordings(empty, tmp_path / "clips", RATE)
    write_audio(empty / "b.wav", tone(1, RATE), RATE)
    with pytest.raises(GenaudioError, match="at least 2"):
        gather_recordings(empty, tmp_path / "clips", RATE)
    assert not (tmp_path / "clips" / "done").exists()


def test_crops_of_recordings_know_no_notes(folder: Path, tmp_path: Path) -> None:
    training, _, _ = gather_recordings(folder, tmp_path / "clips", RATE)
    batch = Crops(training, CropRecipe(batch=8, frames=32, alone=0.0, quiet=0.0), 512).batch(np.random.default_rng(0))
    assert batch.alone.all()
    assert (batch.keys == UNKNOWN).all()
    assert not batch.excitation.any()
    assert batch.audio.any()


def test_a_codec_learns_from_recordings(folder: Path, tmp_path: Path) -> None:
    small = CodecConfig(
        width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=2, bins=16, hearing=8, fine_window=4096
    )
    recipe = CodecRecipe(
        TeacherRecipe(1), TeacherRecipe(1), model=small, crops=CropRecipe(batch=2, frames=32), evaluate_every=1e9
    )
    rows: list[dict] = []
    path = train_codec(recipe, tmp_path / "out", time_budget=1.0, device="cpu", on_progress=rows.append, audio=folder)
    assert rows[0]["rejected"][0][0] == "broken.flac"
    assert {"log_mel_alone"} == {name for name in rows[-1] if name.startswith("log_mel")}
    assert np.isfinite(rows[-1]["log_mel_alone"])
    assert Codec.load(path, "cpu").encode(tone(1, RATE)).shape[1] == 2
