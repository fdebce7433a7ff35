"""How fast many stems are rendered in batches of chunks, where the time goes, and how much memory long files take.

``python benchmarks/rendering_speed.py --device cuda --precision float32 bfloat16 --compiled`` on a GPU,
``python benchmarks/rendering_speed.py --device cpu --chunks 1 8`` on a processor; the result files are two.

For batches of several sizes each step is timed by itself: features of the notes, score model, quantizer, excitation,
noise, decoder with its transforms, and the way back: copying, mixing and mastering. Seconds of audio a second of all of
it, and of the decoder alone, are compared with stems rendered one after the other, in stretches. On a
processor, seconds are those of one thread of this process, so that what else the machine does counts for little; on a
GPU they are the clock's, everything waited for. Then nothing is waited for but the end: pieces of a minute are rendered
and mastered as a batch of tracks is, and their seconds of audio a second are told.

On a GPU the same chunk is also rendered on the processor, and how far the two sounds are apart is told: the log-mel
distance in nats and the signal-to-difference ratio. What two seeds of the noise differ by is the measure of both.

``python benchmarks/rendering_speed.py --memory`` instead renders files of 5 and of 20 minutes from the command line,
side by side, and tells the most memory that each process held, and what one holds that merely imports torch.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from common import save

from genaudio.codec.codec import LONG_STRETCH, stretch_for
from genaudio.codec.losses import SpectralDistance
from genaudio.corpus import load_works
from genaudio.errors import GenaudioError
from genaudio.instruments import FAMILIES
from genaudio.renderer import Renderer
from genaudio.renderer.batching import Batcher
from genaudio.renderer.chunks import FLOAT32, PRECISIONS, Batching, Piece
from genaudio.renderer.mix import blank
from genaudio.renderer.rendering import mastered
from genaudio.score import Melody, Note, Score, write_midi

STRETCHES = 2
"""Stretches that are rendered one after the other, for comparison."""
MASTERED = 30.0
"""Seconds of a batch that are mastered; what all of it would take follows from that."""
PIECE = 60.0
"""Seconds of the pieces that are rendered as a batch of tracks is."""
LENGTHS = (5, 20)
"""Minutes of the files whose memory is told, as a rule."""
WATCHER = """
import json, os, sys
_, status, used = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
print(json.dumps([status, used.ru_maxrss, used.ru_utime + used.ru_stime]))
"""
"""Runs a command; prints how it ended, the most kilobytes that it held, and its seconds on the processor."""


def in_a_row(tunes: Iterator[Melody], seconds: float) -> Melody:
    """Play tunes one after the other, at 120 quarters a minute, until so many seconds are over."""
    notes: list[Note] = []
    while not notes or notes[-1].offset < 2 * seconds:
        begin = notes[-1].offset if notes else 0.0
        notes += [replace(note, onset=note.onset + begin) for note in next(tunes).notes]
    return Melody(notes, tempo=120.0)


def pieces(seconds: float) -> list[Piece]:
    """Held-out tunes, played one after the other until so many seconds are over, for each pitched family in turn."""
    tunes = cycle(work.melody for work in load_works("test"))
    found = []
    for number, family in enumerate(family for family in FAMILIES if not family.drums):
        score = Score.from_melody(in_a_row(tunes, seconds), program=family.program)
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
def steps(batcher: Batcher, runs: int) -> dict[str, Any]:
    """Time a batch step by step."""
    batching, clock = batcher.batching, Clock(batcher.device)
    rate, chunks = batcher.codec.sample_rate, batching.chunks
    cuts = list(islice(batcher.cuts(pieces(chunks * 3.0 + 20), deque()), chunks))
    length = sum(chunk.last - chunk.first for _, chunk, _ in cuts) * batcher.hop / rate
    rows: list[dict[str, float]] = []
    for _ in range(runs + 1):
        features, a = clock(lambda: batcher.features(cuts))
        latents, b = clock(lambda features=features: batcher.latents(features, cuts))
        codes, c = clock(lambda latents=latents: batcher.quantized(latents))
        excitation, d = clock(lambda: batcher.excitation(cuts))
        noise, e = clock(lambda: batcher.noise(cuts))
        sound, f = clock(lambda x=codes, y=excitation, z=noise: batcher.sound(x, y, z))
        _, g = clock(lambda sound=sound: batcher.collect(cuts, sound))
        samples = int(min(length, MASTERED) * rate)
        mix = blank(samples, rate)
        mix[:, :samples] = np.resize(sound.cpu().numpy(), (2, samples))
        _, h = clock(lambda mix=mix, samples=samples: mastered(mix, samples, rate, 0.12, -16.0))
        names = ("features", "score_model", "quantizer", "excitation", "noise", "decoder", "mix", "mastering")
        spent = (a, b, c, d, e, f, g, h * length * rate / samples)
        rows.append(dict(zip(names, spent, strict=True)))
    seconds = {name: median(row[name] for row in rows[1:]) for name in rows[0]}
    stems = sum(seconds.values()) - seconds["mastering"]
    return {
        "chunks": chunks,
        "precision": batching.precision,
        "compiled": batching.compiled,
        "audio_seconds": round(length, 1),
        "seconds": {name: round(spent, 4) for name, spent in seconds.items()},
        "stem_seconds_per_second": round(length / stems, 1),
        "with_mastering": round(length / (stems + seconds["mastering"]), 1),
        "decoder_alone": round(length / seconds["decoder"], 1),
    }


def tracks(batcher: Batcher, count: int) -> dict[str, float]:
    """Render and master pieces of a minute as a batch of tracks is; seconds of audio a second by the clock."""
    some = list(islice(cycle(pieces(PIECE)), count))
    begun, length = perf_counter(), 0.0
    for rendering in batcher.each(some):
        assert not isinstance(rendering, GenaudioError)
        length += rendering.seconds
    spent = perf_counter() - begun
    batching = batcher.batching
    return {
        "chunks": batching.chunks,
        "precision": batching.precision,
        "compiled": batching.compiled,
        "pieces": count,
        "audio_seconds": round(length, 1),
        "seconds": round(spent, 3),
        "audio_seconds_per_second": round(length / spent, 1),
    }


class Likeness:
    """How far the sound of a chunk, rendered one way or another, is from that of a processor in single precision."""

    def __init__(self, frames: int) -> None:
        self.exact, self.frames = Renderer.load(device="cpu"), frames
        self.distance = SpectralDistance(self.exact.codec.sample_rate)
        self.wanted = self._sound(Batcher(self.exact.model, self.exact.codec, Batching(1, frames)))

    def _sound(self, batcher: Batcher, seed: int = 0) -> torch.Tensor:
        """The first chunk of a part: [1, T]."""
        found = pieces(20.0)[3]
        cuts = list(islice(batcher.cuts([replace(found, seed=seed)], deque()), 1))
        return batcher.decode(cuts)[:1].cpu().clone()

    def _apart(self, sound: torch.Tensor) -> dict[str, float]:
        """The log-mel distance in nats, and the ratio of the sound to the difference in decibels."""
        power, error = (float(each.square().mean()) for each in (self.wanted, sound - self.wanted))
        return {
            "log_mel": round(float(self.distance.log_mel(sound, self.wanted)), 4),
            "signal_to_difference_db": round(10 * np.log10(power / max(error, 1e-20)), 1),
        }

    def of(self, batcher: Batcher) -> dict[str, Any]:
        """Compare what a batcher makes of the chunk."""
        way = batcher.batching
        made = {"precision": way.precision, "compiled": way.compiled, "chunks": way.chunks}
        return {**made, **self._apart(self._sound(batcher))}

    def of_another_seed(self) -> dict[str, float]:
        """Compare what the processor makes of it with other noise."""
        return self._apart(self._sound(Batcher(self.exact.model, self.exact.codec, Batching(1, self.frames)), 1))


def stretches(renderer: Renderer, runs: int) -> dict[str, float]:
    """Render stems of 4,096 frames one after the other, stretch by stretch; seconds of audio a second."""
    clock, length = Clock(renderer.codec.device), (LONG_STRETCH - 1) / renderer.codec.frame_rate
    spent = []
    for number in range(runs + 1):
        part = renderer.parts(pieces(length)[number * 3].score)[0][0]
        spent.append(clock(lambda part=part: renderer.stem(part, length))[1])
    return {
        "frames": stretch_for(1, renderer.codec.device),
        "audio_seconds": round(length, 1),
        "stem_seconds_per_second": round(length / median(spent[1:]), 1),
    }


def begun(*words: str) -> subprocess.Popen[str]:
    """Begin a command from a small process, for what a process holds is counted from its parent's memory on."""
    return subprocess.Popen([sys.executable, "-c", WATCHER, *words], stdout=subprocess.PIPE, text=True)


def held(process: subprocess.Popen[str]) -> dict[str, float]:
    """Wait for a command; the most memory that it held, in megabytes, and its time on the processor."""
    status, kilobytes, seconds = json.loads(process.communicate()[0].splitlines()[-1])
    if status:
        raise SystemExit(f"{process.args!r} ended with {status}")
    return {"megabytes": round(kilobytes / 1024), "processor_seconds": round(seconds, 1)}


def peaks(folder: Path, lengths: list[int]) -> dict[str, Any]:
    """Render files from the command line, and import torch alone; what each process held."""
    alone = held(begun(sys.executable, "-c", "import torch"))
    renderings = {}
    for minutes in lengths:
        file = folder / f"{minutes}.mid"
        write_midi(pieces(60.0 * minutes)[3].score, file)
        words = ["render", str(file), "-o", str(file.with_suffix(".flac")), "--device", "cpu"]
        renderings[minutes] = begun(sys.executable, "-m", "genaudio", *words)
    files = [{"minutes": minutes, **held(process)} for minutes, process in renderings.items()]
    return {"importing_torch": alone, "files": files}


def ways(sizes: list[int], frames: int, precisions: list[str], compiled: bool) -> list[Batching]:
    """All sizes in all precisions, and the largest in the last one compiled, if that is wished."""
    found = [Batching(size, frames, precision) for precision in precisions for size in sizes]
    return [*found, Batching(max(sizes), frames, precisions[-1], True)] if compiled else found


def main() -> None:
    """Measure and save, after every way anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--chunks", type=int, nargs="+", default=[1, 8, 64], help="sizes of batches that fit")
    parser.add_argument("--frames", type=int, default=1024, help="of a chunk")
    parser.add_argument("--precision", choices=PRECISIONS, nargs="+", default=[FLOAT32])
    parser.add_argument("--compiled", action="store_true", help="also the largest size, in the last precision")
    parser.add_argument("--runs", type=int, default=3, help="after one to warm up")
    parser.add_argument("--tracks", type=int, default=0, help="pieces of a minute that are rendered in a row; 0: none")
    parser.add_argument("--alike", action="store_true", help="also on a processor: tell how far apart the sounds are")
    parser.add_argument("--name", help="of the result file; rendering_speed, on a GPU rendering_speed_gpu")
    parser.add_argument("--memory", action="store_true", help="instead tell the memory that long files take")
    parser.add_argument("--minutes", type=int, nargs="+", default=list(LENGTHS), help="of those files")
    arguments = parser.parse_args()
    if arguments.memory:
        with tempfile.TemporaryDirectory() as folder:
            save("rendering_memory", peaks(Path(folder), arguments.minutes))
        return
    renderer = Renderer.load(device=arguments.device)
    device = renderer.codec.device
    if device.type == "cpu":
        torch.set_num_threads(1)
    name = arguments.name or ("rendering_speed" if device.type == "cpu" else "rendering_speed_gpu")
    result: dict[str, Any] = {
        "device": str(device),
        "frames": arguments.frames,
        "one_after_the_other": stretches(renderer, STRETCHES),
        "batches": [],
        "tracks": [],
    }
    likeness = Likeness(arguments.frames) if arguments.alike or device.type == "cuda" else None
    if likeness is not None:
        result |= {"another_seed": likeness.of_another_seed(), "likeness": []}
    for way in ways(arguments.chunks, arguments.frames, arguments.precision, arguments.compiled):
        begun = perf_counter()
        batcher = Batcher(renderer.model, renderer.codec, way)
        ready = round(perf_counter() - begun, 2)
        result["batches"].append({**steps(batcher, arguments.runs), "seconds_to_get_ready": ready})
        if way.chunks == max(arguments.chunks):
            if likeness is not None:
                result["likeness"].append(likeness.of(batcher))
            if arguments.tracks:
                result["tracks"].append(tracks(batcher, arguments.tracks))
        save(name, result)


if __name__ == "__main__":
    main()
