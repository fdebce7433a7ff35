"""How often screening alarms without cause, and how many copied passages it finds, at the thresholds that ship.

Run: ``python benchmarks/screening.py [--passages 200] [--seed 11]``. Takes some minutes on one core, needs no torch.

- False positives: validation works, whole and as excerpts of 20 to 60 notes, against the built-in catalogue without
  their own families. Tables and thresholds come from training works alone.
- Held-out works: test works against the whole catalogue. Each one flagged is listed, with what a reader of both
  melodies says of it in `screening_judged.json` (the same tune, a shared part, or chance).
- Operating points: the share of copies found if the threshold were where exactly so many of the clean queries alarm,
  over the validation queries alone, and with the test works, whole, as well (of which some do share a part).
- Recall: a passage of a catalogue work, transposed by up to six semitones and edited at a rate (a changed, split or
  left-out note, equally often), is put into a test work; found means that a work of the passage's family is flagged.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from common import save

from checks import Catalogue, Screener
from checks.background import shipped as shipped_background
from checks.line import Line
from checks.relatives import Relative, read_works
from checks.search import Search
from checks.thresholds import shipped as shipped_thresholds
from genaudio.assets import FOLDER
from genaudio.corpus import WORKS_FILE

CELLS = ((12, 0.0), (16, 0.0), (24, 0.0), (24, 0.1), (32, 0.1), (32, 0.2))
"""Notes of a copied passage, and the share of them that is edited."""
EXCERPT = (20, 60)
ALARMS = (0.005, 0.01, 0.02, 0.05)
"""Shares of clean queries that alarm, at which recall is told."""
JUDGED = Path(__file__).with_name("screening_judged.json")

Event = tuple[int, int]
"""An inter-onset interval in ticks and a pitch."""


class Bench:
    """The shipped screener with the families of its works."""

    def __init__(self, works: Path) -> None:
        """Open the built-in catalogue; `works` names families and splits."""
        everything = read_works(works, ("train", "validation", "test"))
        self.family = {relative.work.id: relative.family for relative in everything}
        self.catalogue = Catalogue.open(FOLDER / "catalogue")
        self.ids = [record.id for record in self.catalogue.records]
        self.thresholds = shipped_thresholds()
        self.search = Search(self.catalogue, self.thresholds, shipped_background())

    def rate(self, query: Line, family: str, own: bool) -> float:
        """Return the false-positive rate of the strongest hit among the works of a family, or of all others."""
        hits = (hit for hit in self.search.hits(query) if (self.family[self.ids[hit.work]] == family) is own)
        best = next((hit.score for hit in hits), 0.0)
        evidence = self.thresholds.evidence(best, len(query), len(self.catalogue.line))
        return self.thresholds.tail.false_positive_rate(evidence)

    def shares(self, rates: list[float]) -> dict[str, Any]:
        """Return the share of rates for review and of matches, each with its 95 % Wilson interval."""
        limits = {"review": self.thresholds.review, "match": self.thresholds.match}
        counts = {name: sum(rate <= limit for rate in rates) for name, limit in limits.items()}
        found = {
            name: {"share": round(n / len(rates), 4), "interval": wilson(n, len(rates))} for name, n in counts.items()
        }
        return {"queries": len(rates), **found}


def wilson(hits: int, trials: int) -> list[float]:
    """Return the 95 % interval of a share by Wilson's score."""
    z, share = 1.96, hits / trials
    middle, spread = share + z * z / (2 * trials), z * np.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    low, high = np.array([middle - spread, middle + spread]) / (1 + z * z / trials)
    return [round(max(0.0, float(low)), 4), round(float(high), 4)]


def excerpt(line: Line, generator: np.random.Generator) -> Line:
    """Cut a random excerpt."""
    size = int(generator.integers(EXCERPT[0], EXCERPT[1] + 1))
    begin = int(generator.integers(0, max(1, len(line) - size + 1)))
    return line.cut(begin, min(begin + size, len(line)))


def events(line: Line) -> list[Event]:
    """Take a melody apart; a rest counts to the note before it."""
    onsets = line.onsets.tolist()
    iois = [later - earlier for earlier, later in pairwise(onsets)] + [int(line.durations[-1])]
    return list(zip(iois, line.pitches.tolist(), strict=True))


def melody(rows: list[Event]) -> Line:
    """Put a melody together, every note as long as the time to the next."""
    iois = np.array([ioi for ioi, _ in rows])
    pitches = np.array([pitch for _, pitch in rows], np.int16)
    return Line(np.cumsum(iois) - iois, np.maximum(iois, 1), pitches, np.array([0, len(rows)]))


def edited(rows: list[Event], rate: float, generator: np.random.Generator) -> list[Event]:
    """Change, split or leave out some of the notes."""
    kept: list[Event] = []
    for ioi, pitch in rows:
        kind = int(generator.integers(3)) if generator.random() < rate else -1
        if kind == 0:
            kept.append((ioi, pitch + int(generator.choice([-4, -3, -2, -1, 1, 2, 3, 4]))))
        elif kind == 1:
            kept += [(ioi - ioi // 2, pitch), (max(1, ioi // 2), pitch + int(generator.choice([-2, -1, 1, 2])))]
        elif kind == 2 and kept:
            kept[-1] = (kept[-1][0] + ioi, kept[-1][1])
        elif kind != 2:
            kept.append((ioi, pitch))
    return kept


def spliced(host: Line, source: Line, notes: int, rate: float, generator: np.random.Generator) -> Line:
    """Put a passage of a source, transposed and edited, into a host."""
    begin = int(generator.integers(0, len(source) - notes + 1))
    shift = int(generator.integers(-6, 7))
    passage = edited(events(source)[begin : begin + notes], rate, generator)
    rows = events(host)
    place = int(generator.integers(0, len(rows) + 1))
    return melody(rows[:place] + [(ioi, pitch + shift) for ioi, pitch in passage] + rows[place:])


def clean(bench: Bench, works: list[Relative], test: list[Relative], seed: int) -> dict[str, list[float]]:
    """Screen whole works and excerpts against the other families."""
    generator = np.random.default_rng(seed)
    lines, others = ([(r.family, Line.of([r.work.melody])) for r in some] for some in (works, test))
    return {
        "whole_works": [bench.rate(line, family, own=False) for family, line in lines],
        "excerpts": [bench.rate(excerpt(line, generator), family, own=False) for family, line in lines],
        "test_works": [bench.rate(line, family, own=False) for family, line in others],
    }


def operating_points(clean_rates: list[float], found: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Return the recall where the threshold lets exactly so many of the clean queries alarm."""
    ordered = np.sort(clean_rates)
    points = []
    for share in ALARMS:
        allowed = int(share * len(ordered))  # the next strongest clean query must stay clear
        recall = {name: round(float(np.mean(np.array(rates) < ordered[allowed])), 4) for name, rates in found.items()}
        points.append({"clean_queries": len(ordered), "alarms": allowed, "share": share, "recall": recall})
    return points


def held_out(bench: Bench, works: list[Relative]) -> dict[str, Any]:
    """Screen test works as a user would, and list those that are flagged."""
    judged = json.loads(JUDGED.read_text(encoding="utf-8")) if JUDGED.is_file() else {}
    screener, flagged = Screener(bench.catalogue), []
    for relative in works:
        screening = screener.screen(relative.work.melody)
        for match in screening.matches[:1]:
            passage = match.passages[0]
            flagged.append({
                "work": relative.work.id, "title": relative.work.title, "verdict": str(screening.verdict),
                "resembles": match.work_id, "its_title": match.title, "kind": match.kind,
                "false_positive_rate": float(f"{match.false_positive_rate:.2g}"), "notes_alike": passage.notes,
                "identity": round(passage.identity, 2),
                "its_own_notes": [passage.query.first_note, passage.query.last_note],
                "the_others_notes": [passage.work.first_note, passage.work.last_note],
                "judged": judged.get(f"{relative.work.id} {match.work_id}", "not judged"),
            })  # fmt: skip
    return {"works": len(works), "flagged": len(flagged), "list": flagged}


def recall(bench: Bench, hosts: list[Relative], passages: int, seed: int) -> dict[str, list[float]]:
    """Return the false-positive rates of copied passages."""
    lines = [Line.of([relative.work.melody]) for relative in hosts]
    table = {}
    for notes, rate in CELLS:
        generator = np.random.default_rng(seed)
        rates: list[float] = []
        while len(rates) < passages:
            number = int(generator.integers(len(bench.catalogue)))
            source = bench.catalogue.line.melody(number)
            if len(source) >= notes:
                host = lines[int(generator.integers(len(lines)))]
                query = spliced(host, source, notes, rate, generator)
                rates.append(bench.rate(query, bench.family[bench.ids[number]], own=True))
        table[f"{notes} notes, {rate:.0%} edited"] = rates
    return table


def main() -> None:
    """Measure all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=Path, default=WORKS_FILE)
    parser.add_argument("--passages", type=int, default=200, help="copied passages of each kind")
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    bench = Bench(arguments.works)
    validation, test = (read_works(arguments.works, (split,)) for split in ("validation", "test"))
    unrelated = clean(bench, validation, test, arguments.seed)
    found = recall(bench, test, arguments.passages, arguments.seed)
    only_validation = unrelated["whole_works"] + unrelated["excerpts"]
    result = {
        "catalogue": {
            "works": len(bench.catalogue),
            "notes": len(bench.catalogue.line),
            "sha256": bench.catalogue.sha256,
        },
        "thresholds": {"review": bench.thresholds.review, "match": bench.thresholds.match},
        "false_positives": {name: bench.shares(rates) for name, rates in unrelated.items() if name != "test_works"},
        "held_out": held_out(bench, test),
        "recall": {name: bench.shares(rates) for name, rates in found.items()},
        "operating_points": {
            "validation": operating_points(only_validation, found),
            "validation_and_test": operating_points(only_validation + unrelated["test_works"], found),
        },
    }
    save("screening", result)


if __name__ == "__main__":
    main()
