"""How fast many stems are rendered in batches of chunks, where the time goes, and how much memory long files take.

``python benchmarks/rendering_speed.py --device cuda --precision bfloat16 --compiled`` on a GPU,
``python benchmarks/rendering_speed.py --device cpu --chunks 1 8`` on a processor.

For batches of several sizes each step is timed by itself: features of the notes, score model, quantizer, excitation,
noise, decoder with its transforms, and the way back: copying, mixing and mastering. Seconds of audio a second of all of
it, and of the decoder alone, are compared with stems rendered one after the other in stretches of 4,096 frames. On a
processor, seconds are those of one thread of this process, so that what else the machine does counts for little; on a
GPU they are the clock's, everything waited for.

``python benchmarks/rendering_speed.py --memory`` instead renders files of 5 and of 20 minutes from the command line,
side by side, and tells the most memory that either process held.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from common import save

from genaudio.corpus import load_works
from genaudio.instruments import FAMILIES
from genaudio.renderer import Renderer
from genaudio.renderer.batching import Batcher
from genaudio.renderer.chunks import PRECISIONS, Batching, Piece
from genaudio.renderer.mix import blank
from genaudio.score import Melody, Note, Score, write_midi

STRETCHES = 2
"""Stretches that are rendered one after the other, for comparison."""
LENGTHS = (5, 20)
"""Minutes of the files whose memory is told."""


def pieces(seconds: float) -> list[Piece]:
    """Held-out tunes, played one after the other until so many seconds are over, for each pitched family in turn."""
    tunes = cycle(work.melody for work in load_works("test"))
    found = []
    for number, family in enumerate(family for family in FAMILIES if not family.drums):
        notes: list[Note] = []
        while not notes or notes[-1].offset < 2 * seconds:  # at 120 quarters a minute
            begin = notes[-1].offset if notes else 0.0
            notes += [replace(note, onset=note.onset + begin) for note in next(tunes).notes]
        score = Score.from_melody(Melody(notes, tempo=120.0), program=family.program)
        found.append(Piece(score, seed=number))
    return found


class Clock:
    """Takes the time of steps."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.now = process_time if device.type == "cpu" else perf_counter

    def __call__(self, step: Callable[[], Any]) -> tuple[Any, float]:
        """Do a step, and return what came of it and the seconds that it took."""
        begun = self.now()
        found = step()
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return found, self.now() - begun


@torch.inference_mode()
def steps(renderer: Renderer, batching: Batching, runs: int) -> dict[str, Any]:
    """Time a batch step by step."""
    batcher, clock = Batcher(renderer, batching), Clock(renderer.codec.device)
    cuts = list(islice(batcher.cuts(pieces(batching.chunks * 3.0 + 20), deque()), batching.chunks))
    rows: list[dict[str, float]] = []
    for _ in range(runs + 1):
        features, a = clock(lambda: batcher.features(cuts))
        latents, b = clock(lambda features=features: batcher.latents(features, cuts))
        codes, c = clock(lambda latents=latents: batcher.quantized(latents))
        excitation, d = clock(lambda: batcher.excitation(cuts))
        noise, e = clock(lambda: batcher.noise(cuts))
        sound, f = clock(lambda x=codes, y=excitation, z=noise: batcher.sound(x, y, z))
        _, g = clock(lambda sound=sound: batcher.collect(cuts, sound))
        length = sum(chunk.last - chunk.first for _, chunk, _ in cuts) * batcher.hop / renderer.codec.sample_rate
        samples = int(length * renderer.codec.sample_rate)
        mix = blank(samples, renderer.codec.sample_rate)
        mix[:, :samples] = np.resize(sound.cpu().numpy(), (2, samples))
        _, h = clock(lambda mix=mix, samples=samples: renderer.mastered(mix, samples, {}, (), 0.12, -16.0))
        rows.append(
            {
                "features": a,
                "score_model": b,
                "quantizer": c,
                "excitation": d,
                "noise": e,
                "decoder": f,
                "mix": g,
                "mastering": h,
            }
        )
    seconds = {name: median(row[name] for row in rows[1:]) for name in rows[0]}
    stems = sum(seconds.values()) - seconds["mastering"]
    return {
        "chunks": batching.chunks,
        "audio_seconds": round(length, 1),
        "seconds": {name: round(spent, 4) for name, spent in seconds.items()},
        "stem_seconds_per_second": round(length / stems, 1),
        "with_mastering": round(length / (stems + seconds["mastering"]), 1),
        "decoder_alone": round(length / seconds["decoder"], 1),
    }


def stretches(renderer: Renderer, runs: int) -> dict[str, float]:
    """Render stems of one stretch of 4,096 frames one after the other; seconds of audio a second."""
    clock, length = Clock(renderer.codec.device), 4095 / renderer.codec.frame_rate
    spent = []
    for number in range(runs + 1):
        part = renderer.parts(pieces(length)[number * 3].score)[0][0]
        spent.append(clock(lambda part=part: renderer.stem(part, length))[1])
    return {"audio_seconds": round(length, 1), "stem_seconds_per_second": round(length / median(spent[1:]), 1)}


def peaks(folder: Path) -> list[dict[str, float]]:
    """Render files from the command line; the most memory that each process held, in megabytes."""
    begun = {}
    for minutes in LENGTHS:
        file = folder / f"{minutes}.mid"
        write_midi(pieces(60.0 * minutes)[3].score, file)
        words = ["render", str(file), "-o", str(file.with_suffix(".flac")), "--device", "cpu"]
        begun[minutes] = subprocess.Popen([sys.executable, "-m", "genaudio", *words], stdout=subprocess.DEVNULL)
    found = []
    for minutes, process in begun.items():
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"genaudio render ended with {status}")
        spent = round(used.ru_utime + used.ru_stime, 1)
        found.append({"minutes": minutes, "megabytes": round(used.ru_maxrss / 1024), "processor_seconds": spent})
    return found


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--chunks", type=int, nargs="+", default=[1, 8, 64], help="sizes of batches that fit")
    parser.add_argument("--frames", type=int, default=1024, help="of a chunk")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--runs", type=int, default=3, help="after one to warm up")
    parser.add_argument("--memory", action="store_true", help="instead render files of 5 and of 20 minutes")
    arguments = parser.parse_args()
    if arguments.memory:
        with tempfile.TemporaryDirectory() as folder:
            save("rendering_memory", {"files": peaks(Path(folder))})
        return
    renderer = Renderer.load(device=arguments.device)
    if renderer.codec.device.type == "cpu":
        torch.set_num_threads(1)
    alone = stretches(renderer, STRETCHES)
    print(alone, flush=True)
    rows = []
    for chunks in arguments.chunks:
        batching = Batching(chunks, arguments.frames, arguments.precision, arguments.compiled)
        rows.append(steps(renderer, batching, arguments.runs))
        print(rows[-1], flush=True)
    save(
        "rendering_speed",
        {
            "device": str(renderer.codec.device),
            "precision": arguments.precision,
            "compiled": arguments.compiled,
            "frames": arguments.frames,
            "one_after_the_other": alone,
            "batches": rows,
        },
    )


if __name__ == "__main__":
    main()
