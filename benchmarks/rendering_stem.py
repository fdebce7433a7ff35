"""How long one stem takes on the clock, with all cores, models loaded; and the codec's decoder alone, in the same run.

``python benchmarks/rendering_stem.py``

Each family plays held-out tunes for a minute. Seconds on the clock and on the processor for a second of audio, medians
of several runs; what else the machine did is told by its load and by the two compared.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time
from typing import Any

import torch
from common import save
from rendering_speed import pieces

from genaudio.cores import usable_cores
from genaudio.renderer import Renderer

SECONDS = 60.0


def timed(work: Callable[[], Any], seconds: float, runs: int) -> dict[str, float]:
    """Seconds on the clock and on the processor for a second of audio, medians of runs after one to warm up."""
    spent = []
    for _ in range(runs + 1):
        clock, processor = perf_counter(), process_time()
        work()
        spent.append(((perf_counter() - clock) / seconds, (process_time() - processor) / seconds))
    clocks, processors = zip(*spent[1:], strict=True)
    return {"clock": round(median(clocks), 4), "processor": round(median(processors), 4)}


def measure(renderer: Renderer, runs: int) -> dict[str, dict[str, Any]]:
    """Time a stem of every pitched family, and the decoder alone with the same excitation."""
    families = {}
    codec = renderer.codec
    for piece in pieces(SECONDS):
        (part,), _, seconds = renderer.parts(piece.score)
        samples = round(seconds * codec.sample_rate)
        known = renderer.excitation(part, part.notes)(0, samples)
        generator = torch.Generator().manual_seed(piece.seed)
        shape = (1, codec.levels, codec.frames_of(samples))
        codes = torch.randint(codec.model.config.bins, shape, generator=generator).numpy()
        families[part.family.name] = {
            "stem": timed(lambda part=part, seconds=seconds: renderer.stem(part, seconds), seconds, runs),
            "decoder": timed(
                lambda codes=codes, samples=samples, known=known: codec.decode(codes, samples, known), seconds, runs
            ),
        }
        print(part.family.name, families[part.family.name], flush=True)
    return families


def main() -> None:
    """Measure and store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="after one to warm up")
    arguments = parser.parse_args()
    torch.set_num_threads(usable_cores())
    before = os.getloadavg()[0]
    families = measure(Renderer.load(device="cpu"), arguments.runs)
    everything = {
        what: {name: round(sum(row[what][name] for row in families.values()) / len(families), 4) for name in row}
        for what, row in next(iter(families.values())).items()
    }
    load = {"before": round(before, 1), "after": round(os.getloadavg()[0], 1)}
    save("rendering_stem", {"runs": arguments.runs, "load": load, "families": families, "all": everything})


if __name__ == "__main__":
    main()
