"""How long screening takes: the whole process from its start, opening a catalogue, and one query of many.

``python benchmarks/screening_time.py --works genaudio/assets/corpus/works.jsonl.gz``: builds a catalogue of the train
and validation works in a passing folder, screens the held-out works one by one, and starts fresh processes that
import, open and screen one tune.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import save

from checks import Catalogue, Screener
from checks.calibration import read_works

COLD = """
import sys
from checks import Catalogue, Screener
catalogue = Catalogue.open(sys.argv[1])
Screener(catalogue).screen(catalogue.works[0].melody)
"""


def seconds(work: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def quantiles(times: list[float]) -> dict[str, float]:
    """Return the median and the 95th percentile in milliseconds."""
    middle, high = np.quantile(times, [0.5, 0.95]) * 1000
    return {"p50_ms": round(float(middle), 1), "p95_ms": round(float(high), 1)}


def main() -> None:
    """Build, open, screen, and start afresh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=Path, default=Path("genaudio/assets/corpus/works.jsonl.gz"))
    parser.add_argument("--starts", type=int, default=10, help="fresh processes")
    arguments = parser.parse_args()
    background = [relative.work for relative in read_works(arguments.works, ("train", "validation"))]
    held_out = [relative.work.melody for relative in read_works(arguments.works, ("test",))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue"
        building = seconds(lambda: Catalogue.build(background, path, name="training works"))
        opening = [seconds(lambda: Catalogue.open(path)) for _ in range(20)]
        catalogue = Catalogue.open(path)
        screener = Screener(catalogue)
        screener.screen(held_out[0])
        verdicts: Counter[str] = Counter()
        queries = []
        for melody in held_out:
            began = time.perf_counter()
            verdicts[str(screener.screen(melody).verdict)] += 1
            queries.append(time.perf_counter() - began)
        command = [sys.executable, "-c", COLD, str(path)]
        starts = [seconds(lambda: subprocess.run(command, check=True)) for _ in range(arguments.starts)]
        result = {
            "works": len(catalogue),
            "notes": len(catalogue.line),
            "bytes": catalogue.info()["bytes"],
            "build_s": round(building, 2),
            "open": quantiles(opening),
            "query": {**quantiles(queries), "queries": len(queries)},
            "process": {**quantiles(starts), "starts": len(starts)},
            "verdicts_of_held_out_works": dict(verdicts),
        }
    save("screening_time", result)


if __name__ == "__main__":
    main()
