"""How fast local alignments are scored, beside parasail: a query against the 144 candidates that a screening aligns.

Run: ``python benchmarks/alignment.py [--rounds 5]``. Some seconds on one thread, needs no torch, but parasail.

parasail (Daily 2016, BSD licence) aligns letters with a fixed matrix. The screener's gains depend on where a note
stands in its work, rhythm included, which would need a profile of every work; so the two compute the same recursion
over equally many cells, but parasail only over pitches: the ratio says what a change could gain at most.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import parasail
from common import save

from checks import Catalogue
from checks.alignment import Costs, scores
from checks.background import shipped
from checks.line import Line
from genaudio.assets import FOLDER

LANES = 144
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def seconds(work: Callable[[], Any]) -> float:
    """Return the processor time that a call takes; other programs do not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def letters(line: Line) -> str:
    """Write pitches as letters, those far apart alike."""
    return "".join(LETTERS[pitch % len(LETTERS)] for pitch in line.pitches.tolist())


def main() -> None:
    """Let both take turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    generator = np.random.default_rng(0)
    lines = Catalogue.open(FOLDER / "catalogue").lines
    chosen = generator.choice(lines.melodies, LANES, replace=False)
    query, works, shifts = lines.melody(3), lines.take(chosen), np.zeros(LANES, np.int64)
    costs, tables = Costs(), shipped()
    ours, theirs = tables.notes(query), tables.notes(works)
    matrix = parasail.matrix_create(LETTERS, 3, -6)
    profile = parasail.profile_create_16(letters(query), matrix)
    targets = [letters(works.melody(number)) for number in range(LANES)]
    entrants: dict[str, Callable[[], Any]] = {
        "genaudio": lambda: scores(ours, theirs, shifts, costs),
        "genaudio with weighing the works": lambda: scores(ours, tables.notes(works), shifts, costs),
        "parasail": lambda: [parasail.sw_striped_profile_16(profile, target, 5, 5).score for target in targets],
        "parasail with profiles": lambda: [
            parasail.sw_striped_profile_16(parasail.profile_create_16(target, matrix), letters(query), 5, 5).score
            for target in targets
        ],
    }
    times: dict[str, list[float]] = {name: [] for name in entrants}
    for _ in range(arguments.rounds):
        for name, work in entrants.items():
            times[name].append(seconds(work))
    spent = {name: round(float(np.median(values)) * 1000, 2) for name, values in times.items()}
    save("alignment", {
        "query_notes": len(query), "works": LANES, "works_notes": len(works), "cpu_ms": spent,
        "alignments_a_cpu_second": {name: round(LANES / value * 1000) for name, value in spent.items()},
        "load_average": round(os.getloadavg()[0], 1),
    })  # fmt: skip


if __name__ == "__main__":
    main()
