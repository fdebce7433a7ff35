"""A small codec on disk, and recordings with their MIDI files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from genaudio.audio import write_audio
from genaudio.codec.model import CodecConfig, CodecModel
from genaudio.codec.sources import excite_as
from genaudio.renderer.performing import parts_of
from genaudio.score import Note, Score, Track, write_midi
from genaudio.weights import save_weights

RATE = 44_100


@pytest.fixture
def codec_file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = CodecConfig(width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=2, bins=16)
    model = CodecModel(config, 64).train()
    with torch.no_grad():
        model.quantizer.vq(torch.randn(4, 8, 64))
    path = tmp_path / "codec.safetensors"
    save_weights(path, model.state_dict(), config.to_json())
    return path


def tune(seed: int, program: int = 0, notes: int = 14, drums: bool = False) -> Score:
    """Notes of uneven lengths at 120, and a pedal for some of them."""
    rng = np.random.default_rng(seed)
    onsets = np.cumsum(rng.choice([0.5, 0.75, 1.0, 1.25], notes))
    keys = rng.choice([36, 38, 42, 46, 49], notes) if drums else 60 + rng.integers(0, 20, notes)
    played = tuple(
        Note(float(onset), 0.5, int(key), int(velocity))
        for onset, key, velocity in zip(onsets, keys, rng.integers(50, 120, notes), strict=True)
    )
    return Score((Track(played, program=program, drums=drums, pedal=((2.0, 3.0),)),))


def recorded(score: Score, seconds: float | None = None) -> np.ndarray:
    """A stranger's instrument plays a score: detuned, with another fall and a little noise. float32 [T]."""
    (part,) = parts_of(score)[0]
    samples = round(RATE * (seconds or part.notes[-1].end + 1.0))
    family = replace(part.family, decay=0.35)
    sound = excite_as(family, part.notes, samples, RATE).sum(0) + 0.3 * excite_as(
        family, part.notes, samples, RATE, 0, ((0, 0.1),)
    ).sum(0)
    smooth = np.convolve(sound, np.hanning(24) / 12, "same")
    return (0.4 * smooth + 1e-4 * np.random.default_rng(1).standard_normal(samples)).astype(np.float32)


Pair = Callable[..., Path]


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Writes a recording and its MIDI file into a folder and returns the recording's path."""

    def write(
        name: str, score: Score, audio: np.ndarray | None = None, rate: int = RATE, folder: str = "takes"
    ) -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_midi(score, path.with_suffix(".mid"))
        write_audio(path, recorded(score) if audio is None else audio, rate)
        return path

    return write
