"""How screening grows with the catalogue: building, size, opening, queries and adding, from ten thousand to a million.

Run: ``python benchmarks/screening_scale.py --folder /somewhere/large [--works 10000 100000 1000000]``. Each size is
measured in a process of its own, on one thread, and kept in the file of results beside the others; 3.5 GB of disk and
half an hour for a million. Without a torch.

- Works: recombined from the training works, seeded (`million.py`).
- Queries: the held-out works, each with a passage of a catalogue work put in: 24 notes as they are, or 32 of which a
  fifth are edited. They are timed after one query that warms up what is made once.
- Retrieved: share of those queries whose best hit scores no less than an alignment with the very work that the passage
  was taken from: what the search for candidates loses at that size. Whether a score is an alarm is another question.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import RESULTS, machine
from million import recombined
from screening import spliced

from checks import Catalogue, Screener
from checks.alignment import scores
from checks.background import shipped
from checks.line import Line, Lines
from checks.relatives import read_works
from checks.search import Search
from checks.thresholds import shipped as shipped_thresholds
from genaudio.corpus import WORKS_FILE
from genaudio.score import TICKS_PER_QUARTER, Melody, Note

SEED = 29
ADDED = 1000
CELLS = ((24, 0.0), (32, 0.2))
PICTURE = Path(__file__).parents[1] / "docs" / "screening-scale.png"


class Stopwatch:
    """Measures what passes on the wall and on the processor: other programs slow the one and not the other."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        """Keep the seconds since it was made."""
        self.wall = time.perf_counter() - self._began[0]
        self.cpu = time.process_time() - self._began[1]


def memory() -> dict[str, int]:
    """Return resident megabytes: all, and those that are not pages of files."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(fields[key].split()[0]) // 1024 for name, key in (("all_mb", "VmRSS"), ("own_mb", "RssAnon"))}


def as_melody(line: Line) -> Melody:
    """Make a melody of a line."""
    unit = TICKS_PER_QUARTER
    rows = zip(line.onsets.tolist(), line.durations.tolist(), line.pitches.tolist(), strict=True)
    return Melody(Note(onset / unit, duration / unit, pitch) for onset, duration, pitch in rows)


def build(folder: Path, works: int, source: Line) -> dict[str, Any]:
    """Build a catalogue and say how fast and how large."""
    recombining = Stopwatch()
    made = sum(len(batch.records) for batch in recombined(source, works, SEED))
    recombining.stop()
    building = Stopwatch()
    catalogue = Catalogue.build(recombined(source, works, SEED), folder, name=f"{works} recombined works")
    building.stop()
    wall, cpu = building.wall - recombining.wall, building.cpu - recombining.cpu
    info = catalogue.info()
    return {
        "works": made, "notes": info["counts"]["notes"], "segments": info["segments"], "bytes": info["bytes"],
        "build_s": round(wall, 1), "build_cpu_s": round(cpu, 1), "works_a_cpu_second": round(made / cpu),
        "build_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def query(folder: Path, passages: int) -> dict[str, Any]:
    """Open, screen, and say how long it takes and what is found."""
    opening = Stopwatch()
    catalogue = Catalogue.open(folder)
    opening.stop()
    screener = Screener(catalogue)
    hosts = [Line.of([relative.work.melody]) for relative in read_works(WORKS_FILE, ("test",))]
    result: dict[str, Any] = {"open_s": round(opening.wall, 3)}
    first = Stopwatch()
    screener.screen(as_melody(hosts[0]))
    first.stop()
    result["first_query_s"] = round(first.wall, 3)
    search = Search(catalogue, shipped_thresholds(), shipped())
    times: list[tuple[float, float]] = []
    for notes, rate in CELLS:
        generator = np.random.default_rng(SEED)
        found = 0
        for _ in range(passages):
            work, line = passage_source(catalogue.lines, notes, generator)
            mixed = spliced(hosts[int(generator.integers(len(hosts)))], line, notes, rate, generator)
            melody = as_melody(mixed)
            watch = Stopwatch()
            screener.screen(melody)
            watch.stop()
            times.append((watch.wall, watch.cpu))
            found += search.hits(mixed)[0].score >= own_score(search, mixed, work) - 1e-6
        result[f"retrieved, {notes} notes, {rate:.0%} edited"] = round(found / passages, 4)
    (p50, p50_cpu), (p95, p95_cpu) = np.round(np.quantile(times, [0.5, 0.95], axis=0) * 1000, 1).tolist()
    spent = {"p50_ms": p50, "p95_ms": p95, "p50_cpu_ms": p50_cpu, "p95_cpu_ms": p95_cpu}
    return {**result, "queries": len(times), **spent, "memory": memory(), "load_average": round(os.getloadavg()[0], 1)}


def passage_source(lines: Lines, notes: int, generator: np.random.Generator) -> tuple[int, Line]:
    """Draw a work that is long enough."""
    while True:
        work = int(generator.integers(lines.melodies))
        if lines.lengths[work] >= notes:
            return work, lines.melody(work)


def own_score(search: Search, query: Line, work: int) -> float:
    """Return the best score of one work under any transposition."""
    shifts = np.arange(-24, 25)
    theirs = search.catalogue.lines.take(np.full(len(shifts), work))
    return float(scores(search.notes(query), shipped().notes(theirs), shifts, shipped_thresholds().costs).max())


def add(folder: Path, works: int, source: Line) -> dict[str, Any]:
    """Add works, and add more."""
    catalogue = Catalogue.open(folder)
    times: list[dict[str, float]] = []
    for step in range(2):
        batches = list(recombined(source, ADDED, SEED, works + step * ADDED))
        watch = Stopwatch()
        catalogue.add(batches)
        watch.stop()
        times.append({"s": round(watch.wall, 2), "cpu_s": round(watch.cpu, 2)})
    return {"added": ADDED, "adding": times, "segments_after": len(catalogue.segments)}


def measure(folder: Path, works: int, passages: int) -> dict[str, Any]:
    """Measure one size, each part in a fresh process."""
    shutil.rmtree(folder, ignore_errors=True)
    result: dict[str, Any] = {}
    for part in ("build", "query", "add"):
        command = [sys.executable, __file__, "--part", part, "--folder", str(folder), "--works", str(works)]
        output = subprocess.run([*command, "--passages", str(passages)], check=True, stdout=subprocess.PIPE, text=True)
        result.update(json.loads(output.stdout))
    shutil.rmtree(folder)
    return result


def main() -> None:
    """Measure all sizes, or one part of one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("outputs"), help="where catalogues are built")
    parser.add_argument("--works", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--passages", type=int, default=100, help="queries of each kind")
    parser.add_argument("--plot", action="store_true", help="draw the picture of what was measured, and no more")
    parser.add_argument("--part", choices=("build", "query", "add"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        source = Line.of(r.work.melody for r in read_works(WORKS_FILE, ("train", "validation")))
        if arguments.part == "query":
            print(json.dumps(query(arguments.folder, arguments.passages)))
        else:
            print(
                json.dumps({"build": build, "add": add}[arguments.part](arguments.folder, arguments.works[0], source))
            )
        return
    path = RESULTS / "screening_scale.json"
    known = json.loads(path.read_text())["sizes"] if path.is_file() else []
    for works in () if arguments.plot else arguments.works:
        row = measure(arguments.folder / f"catalogue-{works}", works, arguments.passages)
        known = sorted([other for other in known if other["works"] != works] + [row], key=lambda other: other["works"])
        command = f"python benchmarks/screening_scale.py --folder /somewhere/large --passages {arguments.passages}"
        result = {"benchmark": "screening_scale", "command": command, "machine": machine(), "seed": SEED}
        result["sizes"] = known
        path.write_text(json.dumps(result, indent=2) + "\n")
        print(json.dumps(row, indent=2))
    plot(known, PICTURE)


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw how time, disk and memory grow."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    works = [row["works"] for row in rows]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for key, name in (("p50_cpu_ms", "median query"), ("p95_cpu_ms", "query, p95")):
        left.plot(works, [row[key] for row in rows], "o-", label=name)
    left.axhline(100, color="grey", linestyle=":", label="goal of p95")
    left.set_ylabel("milliseconds of one core")
    right.plot(works, [row["bytes"] / 1e6 for row in rows], "o-", label="on disk")
    right.plot(works, [row["memory"]["all_mb"] for row in rows], "o-", label="resident, with pages of files")
    right.plot(works, [row["memory"]["own_mb"] for row in rows], "o-", label="resident, without")
    right.set_ylabel("megabytes")
    right.set_yscale("log")
    for axis in (left, right):
        axis.set_xscale("log")
        axis.set_xlabel("works")
        axis.legend(fontsize=8)
        axis.grid(alpha=0.3)
    left.set_ylim(0)
    figure.savefig(path, dpi=90)
    plt.close(figure)


if __name__ == "__main__":
    main()
