"""Thresholds from works that are not related: every work is screened against all works of other families.

    python -m checks.calibration --works works.jsonl.gz --out checks/

writes background.npz and thresholds.json. A line of the input is one work: {"id", "family", "split", "notes":
[[onset in ticks of 1/480 quarter, duration in ticks, pitch], ...]}; "title" and the rest are not needed. Works of one
family are variants of one tune. A work whose alignment covers half of the shorter of two tunes, with three notes of
five alike, counts as a variant too, whatever its label, and the very highest scores are censored. The tail is fitted to
whole works: they resemble others by chance more than their excerpts do, so that excerpts get fewer false positives than
the rate says. Background tables, null scores and thresholds come from the named splits alone.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.alignment import LOOSE, align
from checks.background import Background
from checks.catalogue import Catalogue
from checks.errors import CatalogueError
from checks.line import Line
from checks.search import Search
from checks.thresholds import Tail, Thresholds
from checks.work import Work
from genaudio.score import TICKS_PER_QUARTER, Melody, Note, ScoreError

PROVISIONAL = Tail(start=0.0, rate=0.1, slope=0.5)


@dataclass(frozen=True)
class Recipe:
    """How thresholds are made.

    Attributes:
        seed: of the sampling.
        splits: works that are in the background.
        queries_from: splits of those works that clean queries are drawn from; the others stay for measuring.
        queries: how many whole works are drawn as clean queries; as many excerpts are drawn, for measuring.
        excerpt: shortest and longest excerpt in notes.
        tail: share of the whole works that the tail is fitted to.
        trimmed: share of the highest scores that is left out, as unknown variants.
        review, match: false-positive rates per query.
    """

    seed: int = 1
    splits: tuple[str, ...] = ("train", "validation")
    queries_from: tuple[str, ...] = ("train",)
    queries: int = 3000
    excerpt: tuple[int, int] = (20, 60)
    tail: float = 0.05
    trimmed: float = 0.002
    review: float = 0.01
    match: float = 0.001

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Read a recipe from the `calibration` part of a YAML file.

        Raises:
            CatalogueError: the file cannot be read, or a key is unknown.
        """
        import yaml

        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))["calibration"]
            tuples: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
            return cls(**tuples)
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise CatalogueError(f"cannot use the recipe {path}: {error}") from error


@dataclass(frozen=True)
class Relative:
    """A work, the family of variants that it belongs to, and its split."""

    work: Work
    family: str
    split: str = "train"


def read_works(path: Path, splits: Iterable[str]) -> list[Relative]:
    """Read works with their families.

    Raises:
        CatalogueError: the file cannot be read, or a line is no work.
    """
    wanted = set(splits)
    try:
        content = path.read_bytes()
        lines = (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines()
    except (OSError, EOFError) as error:
        raise CatalogueError(f"cannot read {path}: {error}") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line)
            if values.get("split", "train") in wanted:
                found.append(_relative(values))
        except (ValueError, KeyError, TypeError, AttributeError, ScoreError) as error:
            raise CatalogueError(f"line {number} of {path} is no work: {error}") from error
    return found


def _relative(values: dict[str, Any]) -> Relative:
    unit = TICKS_PER_QUARTER
    notes = [Note(onset / unit, duration / unit, pitch) for onset, duration, pitch in values["notes"]]
    work = Work(values["id"], values.get("title", ""), Melody(notes), rights=values.get("rights"))
    return Relative(work, str(values["family"]), str(values.get("split", "train")))


COVERAGE = 0.5
IDENTITY = 0.6
"""Share of the shorter tune's notes that agree, and of the aligned ones, from which two tunes are variants."""


def are_variants(search: Search, one: int, other: int, transposition: int) -> bool:
    """Tell whether two works of the catalogue are variants of one tune, whatever their labels say."""
    line = search.catalogue.line
    query, work = (search.notes(line.melody(index)) for index in (one, other))
    found = align(query, work, transposition, LOOSE)
    return found.identity >= IDENTITY and found.matches >= COVERAGE * min(len(query), len(work))


def null_scores(
    search: Search, families: Sequence[str], queries: Sequence[tuple[int, Line]]
) -> npt.NDArray[np.float64]:
    """Return for each query the strongest evidence (bits) against works that are not its variants.

    Args:
        search: of the catalogue that the queries come from.
        families: of its works, in order.
        queries: the number of the work that a query was taken from, and its notes.
    """
    names, family = np.unique(np.array(families), return_inverse=True)
    line = search.catalogue.line
    sizes = np.bincount(family, weights=np.diff(line.starts), minlength=len(names))
    found = np.zeros(len(queries))
    for place, (work, query) in enumerate(queries):
        own = family[work]
        strangers = (hit for hit in search.hits(query) if family[hit.work] != own)
        unrelated = (hit.score for hit in strangers if not are_variants(search, work, hit.work, hit.transposition))
        best = next(unrelated, 0.0)
        found[place] = best - np.log2(len(query)) - np.log2(len(line) - sizes[own])
    return found


def draw_queries(
    line: Line, splits: Sequence[str], recipe: Recipe, generator: np.random.Generator
) -> list[tuple[int, Line]]:
    """Draw whole works and excerpts, as many of each, from works of the right splits that are long enough."""
    lengths = np.diff(line.starts)
    shortest, longest = recipe.excerpt
    eligible = np.flatnonzero((lengths >= shortest) & np.isin(splits, recipe.queries_from))
    if not len(eligible):
        raise CatalogueError(f"calibration needs works of {shortest} notes or more")
    whole = generator.permutation(eligible)[: recipe.queries]
    queries = [(int(work), line.melody(int(work))) for work in whole]
    for work in generator.choice(eligible, len(whole)):
        size = int(generator.integers(shortest, min(longest, int(lengths[work])) + 1))
        begin = int(line.starts[work] + generator.integers(0, lengths[work] - size + 1))
        queries.append((int(work), line.cut(begin, begin + size)))
    return queries


def fit_tail(evidence: npt.NDArray[np.float64], tail: float, trimmed: float) -> Tail:
    """Fit an exponential to the upper tail, censored where unknown variants begin.

    Maximum likelihood of an exponential beyond u0 with the scores beyond u1 known only to be larger: the slope is
    the number of scores between u0 and u1 over the sum of all min(score, u1) - u0.
    """
    start, censor = np.quantile(evidence, [1 - tail, 1 - trimmed])
    beyond = np.minimum(evidence[evidence > start], censor) - start
    inside = int(np.count_nonzero(evidence > start) - np.count_nonzero(evidence > censor))
    if inside < 20 or beyond.sum() <= 0:
        raise CatalogueError(f"calibration needs more works: only {inside} scores lie in the tail")
    return Tail(float(start), tail, float(inside / beyond.sum()))


def calibrate(relatives: Sequence[Relative], recipe: Recipe, folder: Path) -> tuple[Background, Thresholds]:
    """Make background tables and thresholds.

    Args:
        relatives: works with their families.
        recipe: how.
        folder: an empty folder for a passing catalogue.

    Raises:
        CatalogueError: there are too few works.
    """
    catalogue = Catalogue.build((relative.work for relative in relatives), folder, name="calibration")
    background = Background.count(catalogue.line)
    search = Search(catalogue, Thresholds(PROVISIONAL, recipe.review, recipe.match), background)
    families = [relative.family for relative in relatives]
    splits = [relative.split for relative in relatives]
    queries = draw_queries(catalogue.line, splits, recipe, np.random.default_rng(recipe.seed))
    evidence = null_scores(search, families, queries)
    half = len(queries) // 2
    tail = fit_tail(evidence[:half], recipe.tail, recipe.trimmed)
    thresholds = Thresholds(tail, recipe.review, recipe.match)
    record = {
        "seed": recipe.seed,
        "catalogue_sha256": catalogue.sha256,
        "works": len(catalogue),
        "families": len(set(families)),
        "notes": len(catalogue.line),
        "clean_queries": len(queries),
        "measured": {
            "whole_works": _shares(evidence[:half], thresholds),
            "excerpts": _shares(evidence[half:], thresholds),
        },
    }
    return background, replace(thresholds, record=record)


def _shares(evidence: npt.NDArray[np.float64], thresholds: Thresholds) -> dict[str, float]:
    """Return the share of clean queries at or beyond each threshold, unknown variants included."""
    return {
        name: round(float(np.mean(evidence >= thresholds.tail.evidence(rate))), 5)
        for name, rate in (("review", thresholds.review), ("match", thresholds.match))
    }


def write(background: Background, thresholds: Thresholds, out: Path) -> None:
    """Write both files; each names the other's hash."""
    out.mkdir(parents=True, exist_ok=True)
    background.save(out / "background.npz")
    digest = hashlib.sha256((out / "background.npz").read_bytes()).hexdigest()
    replace(thresholds, record={**thresholds.record, "background_sha256": digest}).save(out / "thresholds.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m checks.calibration", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--works", type=Path, required=True, help="works with families, .jsonl or .jsonl.gz")
    parser.add_argument("--out", type=Path, required=True, help="folder for background.npz and thresholds.json")
    parser.add_argument("--config", type=Path, help="recipe, such as configs/screening.yaml")
    options = parser.parse_args(arguments)
    try:
        recipe = Recipe.load(options.config) if options.config else Recipe()
        relatives = read_works(options.works, recipe.splits)
        with tempfile.TemporaryDirectory() as folder:
            write(*calibrate(relatives, recipe, Path(folder) / "catalogue"), options.out)
    except CatalogueError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"wrote {options.out / 'background.npz'} and {options.out / 'thresholds.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
