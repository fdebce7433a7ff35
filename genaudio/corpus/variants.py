"""Variants that shared six-note patterns miss: works that align over much of the shorter one, or share a title.

Every work is aligned with the works that retrieval proposes (`checks`: n-grams weighted by rarity, local alignment in
bits of information, any transposition). Two works belong to one family if the alignment covers half of the shorter
one, if it covers a third and is as strong as what a screening would question, or if it is stronger than nine in ten
unrelated pairs reach and one of their titles is the same. The recipe holds the thresholds.

Families that are joined take the split of which most must be known to the weights: training before validation before
test. So a link that is found late takes works out of validation and test, and what weights were trained on stays in
training.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from genaudio.corpus.duplicates import UnionFind
from genaudio.corpus.recipe import CorpusRecipe
from genaudio.corpus.splits import SPLITS
from genaudio.corpus.titles import title_keys
from genaudio.corpus.works import TrainingWork
from genaudio.score import Melody

CLOSEST = 10
"""Works that a work is compared with note by note, the most similar first."""

TRANSPOSITIONS = range(-14, 15)
"""Semitones at which two works of one title are compared."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """The best local alignment of two works.

    Attributes:
        first, second: their places in the list, rising.
        bits: information of the notes that agree, less what the others cost.
        coverage: notes that agree as a share of the shorter work.
        identity: notes that agree as a share of the aligned ones.
    """

    first: int
    second: int
    bits: float
    coverage: float
    identity: float

    def is_variant(self, recipe: CorpusRecipe, same_title: bool = False) -> bool:
        """Tell whether the two belong to one family."""
        if same_title and self.bits >= recipe.title_bits:
            return True
        whole = self.coverage >= recipe.variant_coverage and self.bits >= recipe.variant_bits
        part = self.coverage >= recipe.part_coverage and self.bits >= recipe.part_bits
        return self.identity >= recipe.variant_identity and (whole or part)


class Comparison:
    """Aligns the melodies of a list with one another."""

    def __init__(self, melodies: Sequence[Melody], folder: Path) -> None:
        """Index two melodies or more in an empty folder."""
        from checks import Catalogue, Work
        from checks.background import Background
        from checks.search import Search
        from checks.thresholds import Tail, Thresholds

        works = (Work(str(number), melody=melody) for number, melody in enumerate(melodies))
        catalogue = Catalogue.build(works, folder, name="comparison")
        self._line = catalogue.line
        self._background = Background.count(catalogue.line)
        # the tail turns bits into a verdict, and no verdict is asked for
        self._search = Search(catalogue, Thresholds(Tail(0.0, 0.1, 0.5)), self._background)

    def closest(self, number: int, least_bits: float, most: int = CLOSEST) -> Iterator[Likeness]:
        """Yield how like a work is to those nearest to it, `most` at the most, down to an alignment of so many bits."""
        from checks.alignment import LOOSE

        hits = (hit for hit in self._search.hits(self._line.melody(number), LOOSE) if hit.work != number)
        for _, hit in zip(range(most), hits, strict=False):
            if hit.score < least_bits:
                return
            yield self._likeness(number, hit.work, hit.transposition)

    def compare(self, first: int, second: int) -> Likeness:
        """Return how like two works are at the best transposition."""
        import numpy as np

        from checks.alignment import LOOSE, scores

        shifts = np.array(TRANSPOSITIONS)
        query = self._background.notes(self._line.melody(first))
        copies = self._background.notes(self._line.take(np.full(len(shifts), second)))
        return self._likeness(first, second, int(shifts[scores(query, copies, shifts, LOOSE).argmax()]))

    def _likeness(self, first: int, second: int, transposition: int) -> Likeness:
        from checks.alignment import LOOSE, align

        query, work = (self._background.notes(self._line.melody(number)) for number in (first, second))
        found = align(query, work, transposition, LOOSE)
        low, high = sorted((first, second))
        return Likeness(low, high, found.score, found.matches / min(len(query), len(work)), found.identity)


def same_titles(works: Sequence[TrainingWork]) -> list[tuple[int, int]]:
    """Return the pairs of works that share a title, their aliases' titles included."""
    named: dict[str, list[int]] = defaultdict(list)
    for number, work in enumerate(works):
        for key in title_keys((work.title, *(alias.partition(": ")[2] for alias in work.aliases))):
            named[key].append(number)
    return sorted({pair for numbers in named.values() for pair in combinations(numbers, 2)})


def find_variants(
    works: Sequence[TrainingWork], recipe: CorpusRecipe, progress: Callable[[int], None] | None = None
) -> list[Likeness]:
    """Return the pairs of works of different families that are variants of one tune.

    `progress` is called with the number of works compared so far.
    """
    if len(works) < 2:
        return []
    found: dict[tuple[int, int], Likeness] = {}
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison([work.melody for work in works], Path(folder) / "comparison")
        for first, second in same_titles(works):
            if works[first].family != works[second].family:
                likeness = comparison.compare(first, second)
                if likeness.is_variant(recipe, same_title=True):
                    found[first, second] = likeness
        for number in range(len(works)):
            if progress is not None:
                progress(number + 1)
            for likeness in comparison.closest(number, recipe.variant_bits):
                if works[likeness.first].family != works[likeness.second].family and likeness.is_variant(recipe):
                    found[likeness.first, likeness.second] = likeness
    return [found[pair] for pair in sorted(found)]


def join_families(works: Sequence[TrainingWork], variants: Iterable[Likeness]) -> list[TrainingWork]:
    """Return the works with the families of variants joined.

    A joined family bears the name and the split of its first family in training, else of its first in validation, else
    of its first.
    """
    splits = {work.family: work.split for work in works}
    names = sorted(splits, key=lambda name: (SPLITS.index(splits[name]), name))
    places = {name: place for place, name in enumerate(names)}
    sets = UnionFind(len(names))
    for pair in variants:
        sets.join(places[works[pair.first].family], places[works[pair.second].family])
    joined = {name: names[sets.find(place)] for name, place in places.items()}
    return [replace(work, family=joined[work.family], split=splits[joined[work.family]]) for work in works]
