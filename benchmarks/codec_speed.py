"""How fast the codec encodes and decodes on a device: seconds of audio a second, in single and in half precision.

``python benchmarks/codec_speed.py --device cuda``. What is coded is rendered by the excitation alone, a tune of the
test set over and over, in one channel and in several; the score is known. In half precision the networks run in
bfloat16 under `torch.autocast`, and the share of the codes that stay the same and the log-mel distance of the decoded
sound, in nats, tell what that costs. On a GPU the processor codes a shorter stretch too, and how far the two are apart
is told.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import cycle
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from common import save
from rendering_speed import in_a_row

from genaudio.codec import Codec
from genaudio.codec.losses import SpectralDistance
from genaudio.codec.sources import excite_as
from genaudio.corpus import load_works
from genaudio.instruments import family_named
from genaudio.renderer.performing import parts_of
from genaudio.score import Score

PRECISIONS = ("float32", "bfloat16")
SHORT = 6.0
"""Seconds in which devices are compared."""


def tune(codec: Codec, seconds: float) -> np.ndarray:
    """Tunes of the test set one after the other, as the excitation of a violin: float32 [1, T]."""
    family, tunes = family_named("violin"), cycle(work.melody for work in load_works("test"))
    part = parts_of(Score.from_melody(in_a_row(tunes, seconds), program=family.program))[0][0]
    return excite_as(family, part.notes, round(seconds * codec.sample_rate), codec.sample_rate)[None]


def timed(step: Callable[[], np.ndarray], runs: int) -> tuple[np.ndarray, float]:
    """Do a step once to warm up and then some times (or once at all); return what came of it and the median seconds."""
    spent = []
    for _ in range(runs + 1):
        begun = perf_counter()
        found = step()  # ends with the result in the processor's memory
        spent.append(perf_counter() - begun)
    return found, median(spent[1:] or spent)


def speed(codec: Codec, known: np.ndarray, precision: str, runs: int) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """Encode and decode [C, T]; return the account, the codes and the sound."""
    seconds = known.size / codec.sample_rate
    with torch.autocast(codec.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        codes, encoding = timed(lambda: codec.encode(known, excitation=known), runs)
        sound, decoding = timed(lambda: codec.decode(codes, known.shape[1], known), runs)
    account = {
        "precision": precision,
        "channels": len(known),
        "audio_seconds": round(seconds, 1),
        "encode_seconds_per_second": round(seconds / encoding, 1),
        "decode_seconds_per_second": round(seconds / decoding, 1),
    }
    return account, codes, sound


def apart(codes: np.ndarray, sound: np.ndarray, exact: tuple[np.ndarray, np.ndarray], rate: int) -> dict[str, float]:
    """The share of codes that are those of another way, and the log-mel distance of the sounds in nats."""
    distance = SpectralDistance(rate).log_mel(*(torch.from_numpy(each) for each in (sound, exact[1])))
    same = float(np.mean(codes == exact[0]))
    return {"same_codes": round(same, 4), "log_mel": round(float(distance), 4)}


def beside_the_processor(codec: Codec) -> list[dict[str, Any]]:
    """Code a short stretch here and on the processor, with the convolutions in TF32, as is torch's way, and without."""
    short, found = tune(codec, SHORT), []
    exact = Codec.load(device="cpu")
    _, codes, sound = speed(exact, short, "float32", 0)
    usual = torch.backends.cudnn.allow_tf32
    for allowed in (True, False):
        torch.backends.cudnn.allow_tf32 = allowed
        _, ours, heard = speed(codec, short, "float32", 0)
        same = codec.decode(codes, short.shape[1], short)
        largest = round(float(np.abs(same - sound).max()), 6)
        row = {"tf32": allowed, **apart(ours, heard, (codes, sound), codec.sample_rate)}
        found.append({**row, "largest_difference_of_the_same_codes": largest})
    torch.backends.cudnn.allow_tf32 = usual
    return found


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seconds", type=float, default=47.0, help="of each channel")
    parser.add_argument("--channels", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--runs", type=int, default=3, help="after one to warm up")
    parser.add_argument("--name", default="codec_speed_gpu", help="of the result file")
    arguments = parser.parse_args()
    codec, rows = Codec.load(device=arguments.device), []
    for channels in arguments.channels:
        known = np.repeat(tune(codec, arguments.seconds), channels, axis=0)
        exact: tuple[np.ndarray, np.ndarray] | None = None
        for precision in PRECISIONS:
            account, codes, sound = speed(codec, known, precision, arguments.runs)
            exact = exact or (codes, sound)
            rows.append({**account, **apart(codes, sound, exact, codec.sample_rate)})
    beside = beside_the_processor(codec)
    save(arguments.name, {"device": str(codec.device), "rows": rows, "beside_the_processor": beside})


if __name__ == "__main__":
    main()
