"""Thresholds from works that are not related: every work is screened against all works of other families.

    python -m checks.calibration --works works.jsonl.gz --out checks/

writes background.npz and thresholds.json. A line of the input is one work: {"id", "family", "split", "notes":
[[onset in ticks of 1/480 quarter, duration in ticks, pitch], ...]}; "title" and the rest are not needed. Works of one
family are variants of one tune. A work whose alignment covers half of the shorter of two tunes, with three notes of
five alike, counts as a variant too, whatever its label, and the very highest scores are censored. The tail is fitted to
whole works: they resemble others by chance more than their excerpts do, so that excerpts get fewer false positives than
the rate says. Background tables, null scores and thresholds come from the named splits alone.

A query is to be weighed as a new tune is, which nobody counted: its family is left out of the tables. Were it not, all
that a clean query shares with one other work would look common, and thresholds come out far too low (by ten bits, with
contexts of six intervals). So the families are dealt into folds, and each fold has its own tables, of the others.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.alignment import LOOSE, align
from checks.background import SHIPPED, Background
from checks.catalogue import Catalogue
from checks.errors import CatalogueError
from checks.line import Line
from checks.relatives import Relative, read_works
from checks.search import Search
from checks.thresholds import Tail, Thresholds

PROVISIONAL = Tail(start=0.0, rate=0.1, slope=0.5)
PARTS = 4
"""Parts of the background that are searched by themselves, to learn what chance gains when a search grows."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Recipe:
    """How thresholds are made.

    Attributes:
        seed: of the sampling.
        splits: works that are searched.
        queries_from: splits of those works that the tables are counted from and clean queries drawn from; the others
            stay for measuring.
        queries: how many whole works are drawn as clean queries.
        excerpts: how many parts of works are drawn, for measuring.
        excerpt: shortest and longest excerpt in notes.
        folds: groups of families; the queries of each are weighed with tables counted from the others.
        tail: share of the whole works that the tail is fitted to.
        trimmed: share of the highest scores that is left out, as unknown variants.
        review, match: false-positive rates per query.
    """

    seed: int = 1
    splits: tuple[str, ...] = ("train", "validation")
    queries_from: tuple[str, ...] = ("train",)
    queries: int = 3000
    excerpts: int = 1000
    excerpt: tuple[int, int] = (20, 60)
    folds: int = 10
    tail: float = 0.02
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


COVERAGE = 0.5
IDENTITY = 0.6
"""Share of the shorter tune's notes that agree, and of the aligned ones, from which two tunes are variants."""
SLIGHT = 25.0
"""Bits of alignment up to which nobody asks whether two tunes are variants: the tail begins far above."""


def are_variants(search: Search, one: int, other: int, transposition: int) -> bool:
    """Tell whether two works of the catalogue are variants of one tune, whatever their labels say."""
    line = search.catalogue.line
    query, work = (search.notes(line.melody(index)) for index in (one, other))
    found = align(query, work, transposition, LOOSE)
    return found.identity >= IDENTITY and found.matches >= COVERAGE * min(len(query), len(work))


def null_scores(search: Search, family: Ints, queries: Sequence[tuple[int, Line]]) -> Floats:
    """Return the strongest alignment (bits) of each query with works that are not its variants, [queries, PARTS].

    Args:
        search: of the catalogue that the queries come from.
        family: of its works, by number; the part is the remainder on division by PARTS.
        queries: the number of the work that a query was taken from, and its notes.
    """
    found = np.zeros((len(queries), PARTS))
    for place, (work, query) in enumerate(queries):
        open_parts = set(range(PARTS))
        for hit in search.hits(query):
            theirs = family[hit.work]
            part = int(theirs) % PARTS
            if theirs == family[work] or part not in open_parts:
                continue
            if hit.score > SLIGHT and are_variants(search, work, hit.work, hit.transposition):
                continue
            found[place, part] = hit.score
            open_parts.remove(part)
            if not open_parts:
                break
    return found


def left_out_scores(
    catalogue: Catalogue, family: Ints, counted: Flags, queries: Sequence[tuple[int, Line]], fold: Ints
) -> Floats:
    """Return `null_scores` of queries that the tables do not know.

    Args:
        catalogue: of the works.
        family: of each work, by number.
        counted: whether it goes into the tables.
        queries: as for `null_scores`.
        fold: of each family; a query is weighed with tables of the other folds.
    """
    found = np.zeros((len(queries), PARTS))
    folds = fold[family[[work for work, _ in queries]]]
    for number in np.unique(folds):
        mine = np.flatnonzero(folds == number)
        works = np.flatnonzero(counted & (fold[family] != number))
        tables = Background.count(catalogue.line.take(works), family[works], SHIPPED)
        search = Search(catalogue, Thresholds(PROVISIONAL), tables)
        found[mine] = null_scores(search, family, [queries[place] for place in mine.tolist()])
    return found


def bits_a_doubling(scores: Floats) -> float:
    """Return what chance gains when a search doubles: from a part of the background to all of it, at four levels."""
    levels = (0.8, 0.9, 0.95, 0.98)
    gains = np.quantile(scores.max(1), levels) - np.quantile(scores, levels)
    return round(float(gains.mean() / np.log2(PARTS)), 3)


def draw_queries(
    line: Line, splits: Sequence[str], recipe: Recipe, generator: np.random.Generator
) -> tuple[list[tuple[int, Line]], list[tuple[int, Line]]]:
    """Draw whole works and excerpts from works of the right splits that are long enough."""
    lengths = np.diff(line.starts)
    shortest, longest = recipe.excerpt
    eligible = np.flatnonzero((lengths >= shortest) & np.isin(splits, recipe.queries_from))
    if not len(eligible):
        raise CatalogueError(f"calibration needs works of {shortest} notes or more")
    whole = [(int(work), line.melody(int(work))) for work in generator.permutation(eligible)[: recipe.queries]]
    excerpts = []
    for work in generator.choice(eligible, recipe.excerpts):
        size = int(generator.integers(shortest, min(longest, int(lengths[work])) + 1))
        begin = int(line.starts[work] + generator.integers(0, lengths[work] - size + 1))
        excerpts.append((int(work), line.cut(begin, begin + size)))
    return whole, excerpts


def fit_tail(evidence: Floats, tail: float, trimmed: float) -> Tail:
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
    line, splits = catalogue.line, [relative.split for relative in relatives]
    family = np.unique([relative.family for relative in relatives], return_inverse=True)[1].astype(np.int64)
    counted = np.isin(splits, recipe.queries_from)
    generator = np.random.default_rng(recipe.seed)
    fold = generator.integers(recipe.folds, size=int(family.max()) + 1)
    whole, excerpts = draw_queries(line, splits, recipe, generator)
    queries = [*whole, *excerpts]
    scores = left_out_scores(catalogue, family, counted, queries, fold)
    thresholds = Thresholds(PROVISIONAL, recipe.review, recipe.match, bits_a_doubling(scores[: len(whole)]))
    sizes = np.bincount(family, weights=np.diff(line.starts))
    searched = [int(len(line) - sizes[family[work]]) for work, _ in queries]
    best = zip(scores.max(1).tolist(), queries, searched, strict=True)
    evidence = np.array([thresholds.evidence(score, len(query), size) for score, (_, query), size in best])
    thresholds = replace(thresholds, tail=fit_tail(evidence[: len(whole)], recipe.tail, recipe.trimmed))
    record = {
        "seed": recipe.seed,
        "catalogue_sha256": catalogue.sha256,
        "works": len(catalogue),
        "families": int(family.max()) + 1,
        "notes": len(line),
        "clean_queries": len(queries),
        "measured": {
            "whole_works": _shares(evidence[: len(whole)], thresholds),
            "excerpts": _shares(evidence[len(whole) :], thresholds),
        },
    }
    works = np.flatnonzero(counted)
    return Background.count(line.take(works), family[works], SHIPPED), replace(thresholds, record=record)


def _shares(evidence: Floats, thresholds: Thresholds) -> dict[str, float]:
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
