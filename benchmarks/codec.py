"""The codec measured on held-out teacher audio: alone and score-informed, at every number of levels.

``python benchmarks/codec.py``: log-mel distance, SI-SDR, use of the codes, onset F1 of the round trip by an
independent transcriber over that of the original, real-time factors.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from common import save
from transcriber import onset_f1, transcribe

from genaudio.codec import Codec
from genaudio.codec.excitation import excite
from genaudio.codec.losses import SpectralDistance, si_sdr
from genaudio.corpus import load_works
from genaudio.teacher import SAMPLE_RATE, TeacherRecipe, make_teacher_set

SECONDS = 10.0


def main() -> None:
    """Code and decode every clip in both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=3, help="clips of each family")
    parser.add_argument("--data", type=Path, default=Path("outputs/benchmarks/codec"))
    arguments = parser.parse_args()
    recipe = TeacherRecipe(clips=arguments.clips, seconds=SECONDS, seed=3, split="test")
    teacher = make_teacher_set(recipe, [work.melody for work in load_works("test")], arguments.data)
    codec, distance = Codec.load(device="cpu"), SpectralDistance(SAMPLE_RATE)
    result: dict = {"clips": len(teacher), "seconds": SECONDS * len(teacher), "bitrate": round(codec.bitrate())}
    original = [
        onset_f1(transcribe(teacher.clip(i), SAMPLE_RATE), teacher.performances[i].notes) for i in range(len(teacher))
    ]
    for way in ("alone", "informed"):
        used = [set() for _ in range(codec.levels)]
        by_level = {levels: [] for levels in range(1, codec.levels + 1)}
        ratios, f1, spent = [], [], np.zeros(2)
        for index, played in enumerate(teacher.performances):
            audio = teacher.clip(index)[None]
            known = excite(played.notes, audio.shape[1], SAMPLE_RATE)[None] if way == "informed" else None
            began = time.perf_counter()
            codes = codec.encode(audio, excitation=known)
            coded = time.perf_counter()
            decoded = codec.decode(codes, audio.shape[1], known)
            spent += [coded - began, time.perf_counter() - coded]
            for level, seen in enumerate(used):
                seen.update(np.unique(codes[:, level]).tolist())
            target = torch.from_numpy(audio)
            for levels, values in by_level.items():
                out = decoded if levels == codec.levels else codec.decode(codes[:, :levels], audio.shape[1], known)
                values.append(float(distance.log_mel(torch.from_numpy(out), target)))
            ratios.append(float(si_sdr(torch.from_numpy(decoded), target)))
            f1.append(onset_f1(transcribe(decoded[0], SAMPLE_RATE), played.notes))
        total = SECONDS * len(teacher)
        result[way] = {
            "log_mel": round(float(np.mean(by_level[codec.levels])), 3),
            "log_mel_by_levels": {levels: round(float(np.mean(values)), 3) for levels, values in by_level.items()},
            "si_sdr_db": round(float(np.mean(ratios)), 2),
            "codes_used": [len(seen) for seen in used],
            "onset_f1": round(float(np.mean(f1)), 3),
            "onset_f1_ratio": round(float(np.mean(f1) / np.mean(original)), 3),
            "real_time_factor": {"encode": round(spent[0] / total, 4), "decode": round(spent[1] / total, 4)},
        }
    result["onset_f1_original"] = round(float(np.mean(original)), 3)
    save("codec", result)


if __name__ == "__main__":
    main()
