"""Which changes of a copy screening sees through: recall at the threshold for review, change by change.

Run: ``python benchmarks/screening_grid.py [--queries 50] [--seed 17]``. Some minutes on one core, needs no torch.

A work of the built-in catalogue is changed and screened: whole, and as a passage of 32 notes put, transposed by up to
six semitones, into a test work. Found means that a work of its family is flagged. Passages of other lengths are put in
as they are. Inversions and retrogrades are a kind of their own: the screener does not look for them, and tells no more
of them than chance.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from common import save
from screening import Bench, Event, events, melody

from checks.line import Line
from checks.relatives import read_works
from genaudio.corpus import WORKS_FILE

SPLICES = (8, 12, 16, 20, 24, 28, 32)
PASSAGE = 32
OFTEN = 0.15
"""Share of notes that a change of single notes meets."""

Change = Callable[[list[Event], np.random.Generator], list[Event]]


def raised(semitones: int) -> Change:
    """Transpose."""
    return lambda rows, _: [(ioi, pitch + semitones) for ioi, pitch in rows]


def stretched(factor: float) -> Change:
    """Make all note values longer or shorter."""
    return lambda rows, _: [(max(1, round(ioi * factor)), pitch) for ioi, pitch in rows]


def ornamented(rows: list[Event], generator: np.random.Generator) -> list[Event]:
    """Put a turn of two quick notes before some notes."""
    kept: list[Event] = []
    for ioi, pitch in rows:
        if generator.random() < OFTEN and ioi >= 8:
            quick = ioi // 8
            kept += [(quick, pitch), (quick, pitch + int(generator.choice([1, 2]))), (ioi - 2 * quick, pitch)]
        else:
            kept.append((ioi, pitch))
    return kept


def inserted(rows: list[Event], generator: np.random.Generator) -> list[Event]:
    """Split some notes, the second half on a neighbouring pitch."""
    kept: list[Event] = []
    for ioi, pitch in rows:
        if generator.random() < OFTEN and ioi >= 2:
            kept += [(ioi - ioi // 2, pitch), (ioi // 2, pitch + int(generator.choice([-2, -1, 1, 2])))]
        else:
            kept.append((ioi, pitch))
    return kept


def thinned(rows: list[Event], generator: np.random.Generator) -> list[Event]:
    """Leave out some notes; the one before lasts longer."""
    kept = rows[:1]
    for ioi, pitch in rows[1:]:
        if generator.random() < OFTEN:
            kept[-1] = (kept[-1][0] + ioi, kept[-1][1])
        else:
            kept.append((ioi, pitch))
    return kept


def repitched(rows: list[Event], generator: np.random.Generator) -> list[Event]:
    """Move some notes by up to four semitones."""
    moves = np.where(generator.random(len(rows)) < OFTEN, generator.choice([-4, -3, -2, -1, 1, 2, 3, 4], len(rows)), 0)
    return [(ioi, pitch + int(move)) for (ioi, pitch), move in zip(rows, moves, strict=True)]


def dotted(rows: list[Event], generator: np.random.Generator) -> list[Event]:
    """Give half of a note's time to the one before it, in a quarter of the pairs."""
    iois = [ioi for ioi, _ in rows]
    for place in range(0, len(rows) - 1, 2):
        if generator.random() < 0.25 and iois[place + 1] >= 2:
            given = iois[place + 1] // 2
            iois[place], iois[place + 1] = iois[place] + given, iois[place + 1] - given
    return [(ioi, pitch) for ioi, (_, pitch) in zip(iois, rows, strict=True)]


def evened(rows: list[Event], _: np.random.Generator) -> list[Event]:
    """Make all notes equally long."""
    return [(240, pitch) for _, pitch in rows]


def inverted(rows: list[Event], _: np.random.Generator) -> list[Event]:
    """Turn the melody upside down."""
    return [(ioi, 2 * rows[0][1] - pitch) for ioi, pitch in rows]


CHANGES: dict[str, Change] = {
    "as it is": raised(0),
    "a fifth higher": raised(7),
    "an octave higher": raised(12),
    "an octave lower": raised(-12),
    "tempo a seventh slower": stretched(8 / 7),
    "doubled note values": stretched(2),
    "halved note values": stretched(0.5),
    "ornaments on 15 % of notes": ornamented,
    "15 % of notes inserted": inserted,
    "15 % of notes left out": thinned,
    "15 % of notes on other pitches": repitched,
    "a quarter of pairs dotted": dotted,
    "all notes equally long": evened,
}
OTHER_KINDS: dict[str, Change] = {
    "inversion": inverted,
    "retrograde": lambda rows, _: rows[::-1],
}


def put_into(host: Line, passage: list[Event], generator: np.random.Generator) -> Line:
    """Put a passage, transposed, into a host."""
    shift, rows = int(generator.integers(-6, 7)), events(host)
    place = int(generator.integers(0, len(rows) + 1))
    return melody(rows[:place] + [(ioi, pitch + shift) for ioi, pitch in passage] + rows[place:])


class Grid:
    """Draws works and counts those that are flagged."""

    def __init__(self, bench: Bench, queries: int, seed: int) -> None:
        self._bench, self._queries, self._seed = bench, queries, seed
        self._hosts = [Line.of([relative.work.melody]) for relative in read_works(WORKS_FILE, ("test",))]

    def cell(self, change: Change, notes: int | None) -> float:
        """Return the share of changed works (None), or of changed passages of so many notes, that are flagged."""
        generator = np.random.default_rng(self._seed)
        found = 0
        for _ in range(self._queries):
            number, rows = self._work(generator, notes or PASSAGE)
            if notes is None:
                query = melody(change(rows, generator))
            else:
                begin = int(generator.integers(0, len(rows) - notes + 1))
                host = self._hosts[int(generator.integers(len(self._hosts)))]
                query = put_into(host, change(rows[begin : begin + notes], generator), generator)
            family = self._bench.family[self._bench.ids[number]]
            found += self._bench.rate(query, family, own=True) <= self._bench.thresholds.review
        return round(found / self._queries, 3)

    def _work(self, generator: np.random.Generator, shortest: int) -> tuple[int, list[Event]]:
        lines = self._bench.catalogue.lines
        while True:
            number = int(generator.integers(lines.melodies))
            if lines.lengths[number] >= shortest:
                return number, events(lines.melody(number))


def main() -> None:
    """Measure all cells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=50, help="of each cell")
    parser.add_argument("--seed", type=int, default=17)
    arguments = parser.parse_args()
    bench = Bench(WORKS_FILE)
    grid = Grid(bench, arguments.queries, arguments.seed)

    def both(changes: dict[str, Change]) -> dict[str, dict[str, float]]:
        return {
            name: {"whole": grid.cell(change, None), "passage": grid.cell(change, PASSAGE)}
            for name, change in changes.items()
        }

    save("screening_grid", {
        "works": len(bench.catalogue), "queries_a_cell": arguments.queries, "seed": arguments.seed,
        "passage_notes": PASSAGE, "false_positive_rate": bench.thresholds.review,
        "splices": {str(notes): grid.cell(CHANGES["as it is"], notes) for notes in SPLICES},
        "changes": both(CHANGES), "other_kinds": both(OTHER_KINDS),
    })  # fmt: skip


if __name__ == "__main__":
    main()
