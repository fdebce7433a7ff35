"""How long screening takes: `genaudio screen` on one file from the process's start, opening a catalogue, one query.

Run: ``python benchmarks/screening_time.py [--starts 10]``. Takes under a minute on an idle core and needs no torch. The
held-out works are the queries; the command screens the first of them, as a MIDI file, against the built-in catalogue.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import save

from checks import Catalogue, Screener
from checks.relatives import read_works
from genaudio.assets import FOLDER
from genaudio.corpus import WORKS_FILE
from genaudio.score import Melody, write_midi


def seconds(work: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def quantiles(times: list[float]) -> dict[str, float]:
    """Return the median and the 95th percentile in milliseconds."""
    middle, high = np.quantile(times, [0.5, 0.95]) * 1000
    return {"p50_ms": round(float(middle), 1), "p95_ms": round(float(high), 1)}


def cold_starts(melody: Melody, starts: int) -> list[float]:
    """Return how long `genaudio screen` takes on one file, each time in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tune.mid"
        write_midi(melody, file)
        command = [sys.executable, "-m", "genaudio", "screen", str(file)]
        # exit code 1 says that something is for review: an answer like any other
        times = [seconds(lambda: subprocess.run(command, capture_output=True, check=False)) for _ in range(starts)]
        answer = subprocess.run(command, capture_output=True, check=False, text=True)
        if answer.returncode not in (0, 1):
            raise SystemExit(f"genaudio screen failed: {answer.stderr}")
    return times


def building(works: Path) -> float:
    """Return how long it takes to build a catalogue as large as the built-in one."""
    background = [relative.work for relative in read_works(works, ("train", "validation"))]
    with tempfile.TemporaryDirectory() as folder:
        return seconds(lambda: Catalogue.build(background, Path(folder) / "catalogue"))


def main() -> None:
    """Build, open, screen, and start afresh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=Path, default=WORKS_FILE)
    parser.add_argument("--starts", type=int, default=10, help="fresh processes")
    arguments = parser.parse_args()
    held_out = [relative.work.melody for relative in read_works(arguments.works, ("test",))]
    place = FOLDER / "catalogue"
    opening = [seconds(lambda: Catalogue.open(place)) for _ in range(20)]
    catalogue = Catalogue.open(place)
    screener = Screener(catalogue)
    screener.screen(held_out[0])  # what is made once, such as the tables of bands
    queries = [seconds(partial(screener.screen, melody)) for melody in held_out]
    result = {
        "works": len(catalogue),
        "notes": len(catalogue.line),
        "bytes": catalogue.info()["bytes"],
        "load_average": os.getloadavg()[0],
        "command_on_one_file": {**quantiles(cold_starts(held_out[0], arguments.starts)), "starts": arguments.starts},
        "open": quantiles(opening),
        "query": {**quantiles(queries), "queries": len(queries)},
        "build_s": round(building(arguments.works), 2),
    }
    save("screening_time", result)


if __name__ == "__main__":
    main()
