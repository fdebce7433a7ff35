"""How good codec and renderer are on the user's own files."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from genaudio.audio import read_audio, resample
from genaudio.errors import GenaudioError
from genaudio.score import read_score

if TYPE_CHECKING:
    from genaudio.codec.backends import Backend
    from genaudio.renderer import Renderer

SHORTEST = 0.1
"""Seconds of sound that the measures need: their longest window is 46 ms."""


def distances(audio: np.ndarray, target: np.ndarray, rate: int) -> dict[str, float]:
    """Compare two sounds [C, T] over their common length.

    Returns:
        log_mel: mean absolute difference of log-mel magnitudes over four scales, in nats; si_sdr_db: scale-invariant
        signal-to-distortion ratio (Le Roux et al. 2019).

    Raises:
        GenaudioError: they are too short, or have different numbers of channels.
    """
    import torch

    from genaudio.codec.losses import SpectralDistance, si_sdr

    length = min(audio.shape[1], target.shape[1])
    if length < SHORTEST * rate:
        raise GenaudioError(f"{length / rate:.2f} s of sound are too short to measure; give {SHORTEST} s or more")
    if audio.shape[0] != target.shape[0]:
        raise GenaudioError(f"sounds of {audio.shape[0]} and {target.shape[0]} channels cannot be compared")
    ours, theirs = (torch.from_numpy(np.ascontiguousarray(sound[:, :length])) for sound in (audio, target))
    with torch.inference_mode():
        mel = float(SpectralDistance(rate).log_mel(ours, theirs))
        ratio = float(si_sdr(ours, theirs).mean())
    return {"log_mel": round(mel, 4), "si_sdr_db": round(ratio, 2)}


def evaluate_codec(file: Path, codec: Backend, kbps: float | None = None) -> dict[str, Any]:
    """Encode and decode an audio file without a score and compare the outcome with the file.

    Raises:
        GenaudioError: the file cannot be read, or is too short.
    """
    audio, rate = read_audio(file)
    start = perf_counter()
    codes = codec.compress(audio, rate, kbps)
    coded = perf_counter()
    decoded = codec.decompress(codes)
    done = perf_counter()
    target = resample(audio, rate, codes.sample_rate)
    if target.shape[0] != decoded.shape[0]:  # a stereo codec given mono, or the first two of many channels
        target = np.repeat(target, 2, axis=0) if target.shape[0] == 1 else target[: decoded.shape[0]]
    return {
        "file": str(file),
        "duration_s": round(codes.seconds, 3),
        "kbps": round(codes.bitrate / 1000, 3),
        **distances(decoded, target, codes.sample_rate),
        "real_time_factor": {
            "encode": round((coded - start) / codes.seconds, 4),
            "decode": round((done - coded) / codes.seconds, 4),
        },
    }


def evaluate_renderer(file: Path, renderer: Renderer, reference: Path | None = None, seed: int = 0) -> dict[str, Any]:
    """Render a score and measure the time and, beside a recording of the same score, the distance in timbre.

    Args:
        file: MIDI, MusicXML or ABC.
        renderer: what plays it.
        reference: a recording of the score at the same tempo, compared in mono and at equal loudness.
        seed: of the rendering.

    Raises:
        GenaudioError, ScoreError: a file cannot be read, or there is nothing to play.
    """
    score = read_score(file)
    start = perf_counter()
    rendering = renderer.render(score, seed=seed)
    spent = perf_counter() - start
    result: dict[str, Any] = {
        "file": str(file),
        "duration_s": round(rendering.seconds, 3),
        "real_time_factor": round(spent / rendering.seconds, 4),
        "left_out": list(rendering.left_out),
    }
    if reference is not None:
        audio, rate = read_audio(reference)
        target = resample(audio, rate, rendering.sample_rate).mean(axis=0, keepdims=True)
        ours = rendering.audio.mean(axis=0, keepdims=True)
        loudness = float(np.sqrt(np.mean(target**2) / max(float(np.mean(ours**2)), 1e-12)))
        result["log_mel"] = distances(ours * np.float32(loudness), target, rendering.sample_rate)["log_mel"]
    return result
