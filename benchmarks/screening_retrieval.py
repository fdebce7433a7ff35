"""How well tunes of one family are found by one of them: mean average precision and precision at 1 of `Screener.rank`.

Run: ``python benchmarks/screening_retrieval.py --tunes mtc_ann_tune_families.jsonl.gz``. Takes about half a minute on
one core, needs no torch. Every tune is a query to a catalogue of all; itself is taken out of the list. A line of the
file is one tune: {"id", "family", "notes": [[onset in quarter notes, duration, pitch], ...]}. The annotated corpus of
the Meertens Tune Collections (360 songs, 26 families; CC BY-NC-SA 3.0) is not part of this repository.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common import save

from checks import Catalogue, Screener, Work
from genaudio.score import TICKS_PER_QUARTER, Melody, Note


def monophonic(rows: Sequence[Sequence[float]]) -> Melody:
    """Make a melody of rows, each note no earlier than the end of the one before."""
    notes, end = [], 0
    for onset, duration, pitch in rows:
        begin, length = max(round(onset * TICKS_PER_QUARTER), end), round(duration * TICKS_PER_QUARTER)
        if length >= 1:
            notes.append(Note(begin / TICKS_PER_QUARTER, length / TICKS_PER_QUARTER, int(pitch)))
            end = begin + length
    return Melody(notes)


def average_precision(ranked: Sequence[bool], relevant: int) -> float:
    """Return the mean, over the relevant tunes, of the precision at each; one that is not in the list counts 0."""
    hits = np.flatnonzero(ranked)
    return float(np.sum(np.arange(1, len(hits) + 1) / (hits + 1)) / relevant)


def measure(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Rank all tunes by each of them."""
    family = {row["id"]: row["family"] for row in rows}
    works = [Work(row["id"], melody=monophonic(row["notes"])) for row in rows]
    sizes = {name: sum(other == name for other in family.values()) for name in set(family.values())}
    precisions, firsts = [], []
    with tempfile.TemporaryDirectory() as folder:
        screener = Screener(Catalogue.build(works, Path(folder) / "catalogue"))
        for work in works:
            own = family[work.id]
            if sizes[own] < 2:
                continue
            ranked = [family[name] == own for name, _ in screener.rank(work.melody, limit=400) if name != work.id]
            precisions.append(average_precision(ranked, sizes[own] - 1))
            firsts.append(bool(ranked) and ranked[0])
    return {
        "tunes": len(works),
        "families": len(sizes),
        "mean_average_precision": round(float(np.mean(precisions)), 4),
        "precision_at_1": round(float(np.mean(firsts)), 4),
    }


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tunes", type=Path, required=True, help="tunes with families, .jsonl.gz")
    arguments = parser.parse_args()
    content = arguments.tunes.read_bytes()
    rows = [json.loads(line) for line in gzip.decompress(content).splitlines()]
    save("screening_retrieval", {"tunes_sha256": hashlib.sha256(content).hexdigest(), **measure(rows)})


if __name__ == "__main__":
    main()
