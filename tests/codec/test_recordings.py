"""Recordings as training material: what is read, what is left out, what a training makes of it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from genaudio.audio import write_audio
from genaudio.codec.codec import Codec
from genaudio.codec.crops import UNKNOWN, CropRecipe, Crops
from genaudio.codec.model import CodecConfig
from genaudio.codec.recipe import CodecRecipe
from genaudio.codec.recordings import gather_recordings
from genaudio.codec.train import CodecTraining, train_codec
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


def plucked(frequency: float, rate: int, seconds: float = 3.0) -> np.ndarray:
    """Detuned strings that are struck twice a second, with the noise of the plucking: float32 [T]."""
    times, rng = np.arange(round(seconds * rate)) / rate, np.random.default_rng(round(frequency))
    since = times % 0.5
    strings = sum(np.sin(2 * np.pi * frequency * k * (1 + 1e-4 * k * k) * times * cents) / k
                  for k in range(1, 9) for cents in (1.0, 1.003))  # fmt: skip
    burst = rng.standard_normal(len(times)) * np.exp(-since / 0.01)
    return (0.05 * (strings * np.exp(-since / 0.2) + burst)).astype(np.float32)


@pytest.mark.slow
def test_sound_of_all_formats_rates_and_channels_is_learnt(tmp_path: Path) -> None:
    source = tmp_path / "takes"
    source.mkdir()
    kinds = [("wav", 8_000, 1), ("wav", 192_000, 3), ("flac", 96_000, 2), ("mp3", 44_100, 2), ("ogg", 22_050, 1)]
    for index, (extension, rate, channels) in enumerate(kinds):
        pair = plucked(110 * 1.26**index, rate) + plucked(165 * 1.26**index, rate)
        write_audio(source / f"{index}.{extension}", np.repeat(pair[None], channels, 0), rate)
    training, held_out, account = gather_recordings(source, tmp_path / "clips", RATE)
    assert (account.files, account.clips, account.rejected) == (5, 5, ())
    levels = [np.std(clips.stretch(row, RATE, RATE)) for clips in (training, held_out) for row in range(len(clips))]
    assert max(levels) < 2.5 * min(levels), "the same sound, whatever it came in"
    small = CodecConfig(width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=2, bins=16)
    crops = CropRecipe(batch=4, frames=32, quiet=0.0)
    recipe = CodecRecipe(TeacherRecipe(1), TeacherRecipe(1), model=small, crops=crops, rate=5e-3, warmup_steps=5)
    codec = CodecTraining(recipe, training, held_out, tmp_path / "out", "cpu")
    losses = [codec.train_step(0.1)["loss"] for _ in range(40)]
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])


def test_spoilt_files_are_left_out_whole(tmp_path: Path) -> None:
    source = tmp_path / "takes"
    source.mkdir()
    for name in ("a.wav", "b.wav", "cut.flac"):
        write_audio(source / name, np.random.default_rng(0).uniform(-0.3, 0.3, (1, 30 * RATE)), RATE)
    cut = source / "cut.flac"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    spoilt = tone(30, RATE)[0]
    spoilt[20 * RATE] = np.inf
    soundfile.write(source / "spoilt.wav", spoilt, RATE, subtype="FLOAT")
    soundfile.write(source / "dc.wav", np.full(24 * RATE, 0.4), RATE)
    soundfile.write(source / "one.wav", np.array([0.5]), RATE)
    training, held_out, account = gather_recordings(source, tmp_path / "clips", RATE)
    reasons = dict(account.rejected)
    assert set(reasons) == {"cut.flac", "spoilt.wav", "one.wav"}
    assert "lasts 0.00 s" in reasons["one.wav"]
    assert "no finite numbers" in reasons["spoilt.wav"]
    assert len(training) + len(held_out) == account.clips == 6, "three of each whole file"
    assert account.silent == 2, "clips that never move"


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
