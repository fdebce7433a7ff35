"""Copying: how near generated tunes come to the training works, by strength of the copy guard, beside people's tunes.

``python benchmarks/originality.py``: for every held-out tune (test and validation works) tunes of its style, key, metre
and length are composed, without any recomposing, at each strength of the guard. The reference is what the weights were
trained on: screener and guard know the works of the training split only. Likelihoods are the unguarded model's:

- `bits_per_note` of the composed tunes, style, key, metre and length known; `loss` is by how much they are less likely
  than those that were composed without a guard;
- `people_bits_per_pitch` of the held-out tunes, under the guarded model (scores less penalties, normalised);
  `people_loss` is by how much the guard makes people's own tunes less likely.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import thread_time
from typing import Any

import numpy as np
import torch
from common import save

from checks import Catalogue, Screener, Work
from genaudio.corpus import TrainingWork, load_works
from genaudio.melody import Composer, evaluate_melodies
from genaudio.melody.wish import MOST_BARS, USUAL_GUARD
from genaudio.production.guard import RunGuard
from genaudio.production.originality import PEOPLE, account, beyond, compose_like
from genaudio.score import Melody

STRENGTHS = (1.0, 0.5, 2.0)


@dataclass
class Timed:
    """A guard whose time counts."""

    guard: RunGuard
    seconds: float = 0.0

    @property
    def reach(self) -> int:
        """How many notes it looks back on."""
        return self.guard.reach

    def penalties(self, *rows: Any) -> Any:
        """Ask the guard."""
        begun = thread_time()
        found = self.guard.penalties(*rows)
        self.seconds += thread_time() - begun
        return found


@dataclass(frozen=True)
class Bench:
    """What is measured with: the composer with its guard, and the held-out works."""

    composer: Composer
    guard: Timed
    works: list[TrainingWork]
    seed: int
    rounds: int

    def compose(self, strength: float) -> tuple[list[Melody], dict[str, float]]:
        """Return tunes like the held-out works, the processor's seconds that they took, and the guard's share."""
        begun, self.guard.seconds = thread_time(), 0.0
        tunes = compose_like(self.composer, self.works, self.seed, self.rounds * len(self.works), strength)
        seconds = thread_time() - begun
        return tunes, {"processor_seconds": seconds, "guard_share": self.guard.seconds / seconds}

    def likelihood(self, tunes: list[Melody], strength: float) -> dict[str, Any]:
        """Return how likely the model finds tunes, and the guarded model the held-out works."""
        styles = [work.style for work in self.works]
        model, grammar = self.composer.model, self.composer.grammar
        own = evaluate_melodies(model, tunes, styles * self.rounds, known=True, grammar=grammar)
        people = evaluate_melodies(
            model, [work.melody for work in self.works], styles, known=True, grammar=grammar, guard=self.guard,
            strength=strength,
        )  # fmt: skip
        return {
            "bits_per_note": own.bits_per_note,
            "standard_error": own.standard_error,
            "bits_per_pitch": own.bits_per_pitch,
            "people_bits_per_pitch": people.bits_per_pitch,
            "people_notes": people.notes,
        }


def main() -> None:
    """Compose at each strength, compare, and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1, help="tunes for each held-out tune")
    parser.add_argument("--every", type=int, default=1, help="take every so many-th held-out tune")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--strengths", type=float, nargs="+", default=STRENGTHS, help="beside 0")
    options = parser.parse_args()
    torch.set_num_threads(1)
    works = load_works()
    training = [work for work in works if work.split == "train"]
    with tempfile.TemporaryDirectory() as folder:
        entries = (Work(work.id, melody=work.melody) for work in training)
        catalogue = Catalogue.build(entries, Path(folder) / "training", name="training split")
        guard = Timed(RunGuard.of(catalogue, {work.id: work.family for work in training}))
        held_out = [work for work in works if work.split != "train" and work.melody.bars <= MOST_BARS]
        bench = Bench(
            Composer.load(device="cpu", guard=guard), guard, held_out[:: options.every], options.seed, options.rounds
        )
        strengths = [0.0, *(strength for strength in options.strengths if strength)]
        for result in measure(bench, strengths, Screener(catalogue)):  # saved after each, for it takes long
            save("originality", {"training_works": len(training), "usual_strength": USUAL_GUARD, **result})


def measure(bench: Bench, strengths: list[float], screener: Screener) -> Iterator[dict[str, Any]]:
    """Yield closeness and likelihood at all strengths so far."""
    people, known = account([work.melody for work in bench.works], screener, bench.seed)
    rows: dict[str, dict[str, Any]] = {}
    for strength in strengths:
        tunes, spent = bench.compose(strength)
        row = {"strength": strength, **spent, **bench.likelihood(tunes, strength)}
        plain = rows.get("guard_0", row)
        row["loss"] = row["bits_per_note"] / plain["bits_per_note"] - 1
        row["people_loss"] = row["people_bits_per_pitch"] / plain["people_bits_per_pitch"] - 1
        found, measured = account(tunes, screener, bench.seed)
        rows[f"guard_{strength:g}"] = {**row, **found, "beyond_people": beyond(measured, known, bench.seed)}
        yield {"guards": rounded(rows), PEOPLE: people}


def rounded(value: Any) -> Any:
    """Return JSON values with four digits after the point."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return round(value, 4) if isinstance(value, (float, np.floating)) else value


if __name__ == "__main__":
    main()
