"""How near melodies come to works: for each melody the nearest similarity, and its distribution over many.

| measure | of a melody, against all works, in any key |
|---|---|
| bits | evidence of the screener's best alignment (`checks.thresholds`), which weighs notes by their rarity |
| run | notes of its longest run of intervals and rhythm that a work has note for note (`checks.runs`) |
| pitch_run | the same of intervals alone |
| share | share of its six-note runs that the one work has that has most of them |
| cardinality | share of its notes that fall on notes of one work, shifted as a whole in time and pitch |

Longer melodies come nearer by chance, so only melodies of like lengths can be compared. The cardinality score is taken
over the works with which a melody shares most runs. Yin, Reuben, Stepney and Collins (2021), "A good algorithm does not
steal - it imitates": the originality report; the same (2022), Measuring when a music generation algorithm copies too
much: the originality report, cardinality score, and symbolic fingerprinting by geometric hashing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checks import Screener, Verdict
from checks.line import Ints, Line
from checks.runs import runs
from genaudio.score import Melody

Floats = NDArray[np.float64]
Measured = Mapping[str, Floats]
"""Values of each measure, [M]; not a number where a melody has none."""
MEASURES = ("bits", "run", "pitch_run", "share", "cardinality")
SHARED_RUN = 6
"""Notes of the runs that `share` counts."""
CANDIDATES = 20
"""Works that the cardinality score looks at."""
QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
RESAMPLES = 1000
CLASSES = (0, 64, 128)
"""Melodies of so many notes and more are counted together, for comparing like with like."""


def measure(
    melodies: Sequence[Melody], screener: Screener, tell: Callable[[int], None] | None = None
) -> tuple[dict[str, Floats], list[str]]:
    """Compare melodies with the works of a screener's catalogues.

    Args:
        melodies: the melodies.
        screener: searches the works.
        tell: is called with the number of melodies that are screened.

    Returns:
        the values of each of `MEASURES`, and each melody's verdict.
    """
    line = Line.of(melodies)
    bits, verdicts = np.full(len(melodies), np.nan), []
    for number, melody in enumerate(melodies):
        screening = screener.screen(melody)
        verdicts.append(str(screening.verdict))
        if screening.verdict is not Verdict.NOT_SCREENED:
            bits[number] = screening.nearest[0].score if screening.nearest else 0.0
        if tell is not None:
            tell(number + 1)
    found = {"bits": bits, "run": np.zeros(len(melodies)), "pitch_run": np.zeros(len(melodies))}
    shares, cardinalities = np.zeros(len(melodies)), np.zeros(len(melodies))
    for works in (catalogue.line for catalogue in screener.catalogues):
        found["run"] = np.maximum(found["run"], longest_runs(line, works))
        found["pitch_run"] = np.maximum(found["pitch_run"], longest_runs(line, works, rhythm=False))
        for number, (share, cardinality) in enumerate(_nearest(line, works)):
            shares[number] = max(shares[number], share)
            cardinalities[number] = max(cardinalities[number], cardinality)
    return {**found, "share": shares, "cardinality": cardinalities}, verdicts


def longest_runs(line: Line, works: Line, rhythm: bool = True) -> Ints:
    """Return the notes of the longest run that each melody has note for note in common with a work, [M]; 0: under 3.

    Args:
        line: the melodies.
        works: the works.
        rhythm: False: intervals alone count.
    """
    longest = np.zeros(line.melodies, np.int64)
    owners, notes = line.owners(), 3
    while True:
        keys, places = runs(line, notes, rhythm)
        shared = np.unique(owners[places[np.isin(keys, runs(works, notes, rhythm)[0])]])
        if not len(shared):
            return longest
        longest[shared] = notes
        notes += 1


def _nearest(line: Line, works: Line) -> list[tuple[float, float]]:
    """Return for each melody the largest share of its short runs in one work, and the largest cardinality score."""
    keys, places = runs(works, SHARED_RUN)
    pairs = np.unique(np.stack([keys, works.owners()[places].astype(np.uint64)], axis=1), axis=0)
    keys, owners = pairs[:, 0], pairs[:, 1].astype(np.int64)
    found = []
    for number in range(line.melodies):
        melody = line.melody(number)
        wanted = np.unique(runs(melody, SHARED_RUN)[0])
        begins, ends = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
        having = np.concatenate([owners[a:b] for a, b in zip(begins, ends, strict=True)] or [owners[:0]])
        counts = np.bincount(having, minlength=1)
        nearest = np.argsort(-counts, kind="stable")[:CANDIDATES]
        scores = [cardinality_score(melody, works.melody(int(work))) for work in nearest if counts[work]]
        found.append((float(counts.max()) / max(len(wanted), 1), max(scores, default=0.0)))
    return found


def cardinality_score(query: Line, work: Line) -> float:
    """Return the share of a query's notes that fall on a work's notes when shifted as a whole in time and pitch.

    Args:
        query: one melody.
        work: another.
    """
    if not len(query) or not len(work):
        return 0.0
    later = work.onsets.astype(np.int64)[:, None] - query.onsets.astype(np.int64)[None]
    higher = work.pitches.astype(np.int64)[:, None] - query.pitches.astype(np.int64)[None]
    return float(np.unique(later * 512 + higher, return_counts=True)[1].max() / len(query))


def distribution(values: Floats, generator: np.random.Generator) -> dict[str, Any]:
    """Return quantiles of a measure over melodies, each with its 95 % bootstrap interval.

    Args:
        values: [M]; those that are not a number do not count.
        generator: source of chance.
    """
    values = values[~np.isnan(values)]
    if not len(values):
        return {"melodies": 0}
    resampled = _resampled(values, generator)
    return {
        "melodies": len(values),
        **{
            name: [round(float(value), 4) for value in (np.quantile(values, q), *_interval(resampled[name]))]
            for name, q in QUANTILES.items()
        },
    }


def difference(values: Floats, others: Floats, generator: np.random.Generator) -> dict[str, list[float]]:
    """Return by how much quantiles of a measure exceed those over other melodies, each with a 95 % interval."""
    values, others = values[~np.isnan(values)], others[~np.isnan(others)]
    if not len(values) or not len(others):
        return {}
    first, second = _resampled(values, generator), _resampled(others, generator)
    return {
        name: [
            round(float(value), 4)
            for value in (np.quantile(values, q) - np.quantile(others, q), *_interval(first[name] - second[name]))
        ]
        for name, q in QUANTILES.items()
    }


def by_length(line: Line, measured: Measured) -> dict[str, dict[str, Any]]:
    """Return the median and the 95 % quantile of each measure by the melodies' length."""
    lengths = np.diff(line.starts)
    found: dict[str, dict[str, Any]] = {}
    for least, beyond in zip(CLASSES, (*CLASSES[1:], 1 << 30), strict=True):
        chosen = (lengths >= least) & (lengths < beyond)
        name = f"{least}-{beyond - 1} notes" if beyond < 1 << 30 else f"{least} notes and more"
        found[name] = {"melodies": int(chosen.sum())}
        for measure_name, values in measured.items():
            known = values[chosen & ~np.isnan(values)]
            if len(known):
                found[name][measure_name] = [round(float(np.quantile(known, q)), 4) for q in (0.5, 0.95)]
    return found


def _resampled(values: Floats, generator: np.random.Generator) -> dict[str, Floats]:
    """Return quantiles of resampled melodies, [RESAMPLES] each."""
    drawn = values[generator.integers(len(values), size=(RESAMPLES, len(values)))]
    return {name: np.quantile(drawn, q, axis=1) for name, q in QUANTILES.items()}


def _interval(values: Floats) -> tuple[float, float]:
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))
