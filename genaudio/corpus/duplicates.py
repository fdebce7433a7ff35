"""The same tune in several collections: representatives, aliases and families.

Tunes are compared without regard to transposition. Candidates share 5-grams of intervals; for each pair
`resemblance` is the Jaccard coefficient of the two sets of n-grams (Broder 1997), `containment` the shared n-grams as
a share of the smaller set, and `identity` is 1 - edit distance / longer length of the two pitch sequences (Levenshtein
1966), one of them transposed by the most frequent pitch difference between shared n-grams.

Near-identical tunes keep one representative, and the others become its aliases. Tunes that share a part or are variants
of one another stay, but belong to one family, by union-find. The recipe holds the thresholds of both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from genaudio.corpus.recipe import CorpusRecipe

NGRAM = 5
"""Intervals in an n-gram: six notes."""

CANDIDATE_CONTAINMENT = 0.15
"""Pairs that share less of the smaller tune's n-grams are not aligned."""

_COMMON = 60
"""An n-gram that stands in more tunes than this proposes no candidates (it still counts in the coefficients)."""

Ngrams = dict[Hashable, list[int]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tunes, by their place in the list, and how alike they are (all from 0 to 1)."""

    first: int
    second: int
    resemblance: float
    containment: float
    identity: float

    def is_family(self, recipe: CorpusRecipe) -> bool:
        """Tell whether the two belong to one family."""
        return self.identity >= recipe.family_identity or self.containment >= recipe.family_containment


def interval_ngrams(pitches: Sequence[int], length: int = NGRAM) -> Ngrams:
    """Return where each n-gram of `length` intervals begins: {intervals: places of the first note}."""
    steps = [b - a for a, b in pairwise(pitches)]
    places: Ngrams = defaultdict(list)
    for place in range(len(steps) - length + 1):
        places[tuple(steps[place : place + length])].append(place)
    return places


def edit_distance(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the Levenshtein distance of two sequences, one row at a time.

    In a row, insertions are a running minimum: row[j] = min over i <= j of (step[i] + j - i).
    """
    other = np.asarray(second)
    columns = np.arange(len(other) + 1)
    row = columns.copy()
    for number, item in enumerate(first, 1):
        step = np.empty_like(row)
        step[0] = number
        step[1:] = np.minimum(row[1:] + 1, row[:-1] + (other != item))
        row = np.minimum.accumulate(step - columns) + columns
    return int(row[-1])


def identity(first: Sequence[int], second: Sequence[int], transposition: int = 0) -> float:
    """Return 1 - edit distance / longer length, the second sequence raised by so many semitones."""
    longer = max(len(first), len(second))
    return 1.0 if longer == 0 else 1 - edit_distance(first, [pitch + transposition for pitch in second]) / longer


def find_pairs(melodies: Sequence[Sequence[int]], progress: Callable[[int], None] | None = None) -> Iterator[Pair]:
    """Compare melodies, given as their pitches, and yield the pairs that share enough to be looked at."""
    grams = [interval_ngrams(pitches) for pitches in melodies]
    index: dict[Hashable, list[int]] = defaultdict(list)
    for number, own in enumerate(grams):
        for gram in own:
            index[gram].append(number)
    for number, own in enumerate(grams):
        if progress is not None:
            progress(number + 1)
        votes = Counter(other for gram in own if len(index[gram]) <= _COMMON for other in index[gram] if other < number)
        for other in sorted(votes):
            shared = own.keys() & grams[other].keys()
            containment = len(shared) / min(len(own), len(grams[other]))
            if containment < CANDIDATE_CONTAINMENT:
                continue
            resemblance = len(shared) / (len(own) + len(grams[other]) - len(shared))
            shift = _transposition(melodies[other], melodies[number], grams[other], own, shared)
            yield Pair(other, number, resemblance, containment, identity(melodies[other], melodies[number], shift))


def _transposition(
    first: Sequence[int], second: Sequence[int], own: Ngrams, others: Ngrams, shared: set[Hashable]
) -> int:
    differences = Counter(first[a] - second[b] for gram in shared for a in own[gram] for b in others[gram])
    return min(differences, key=lambda step: (-differences[step], abs(step), step))


class UnionFind:
    """Disjoint sets over 0..size-1; a set is named by its smallest member."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, item: int) -> int:
        """Return the smallest member of an item's set."""
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, first: int, second: int) -> None:
        """Make one set of two items' sets."""
        low, high = sorted((self.find(first), self.find(second)))
        self._parent[high] = low


@dataclass(frozen=True, slots=True)
class Families:
    """What stays of a list of tunes.

    Attributes:
        representatives: places of the tunes that stay, rising.
        aliases: places of the left-out tunes by representative.
        family: place of the family's first tune by representative.
    """

    representatives: tuple[int, ...]
    aliases: dict[int, tuple[int, ...]]
    family: dict[int, int]


def find_families(
    melodies: Sequence[Sequence[int]], recipe: CorpusRecipe, progress: Callable[[int], None] | None = None
) -> Families:
    """De-duplicate melodies, given as their pitches; of near-identical ones the first stays.

    `progress` is called with the number of melodies compared so far.

    A tune is left out only if it is near-identical to a tune that stays (no chains), and joins that tune's family, so
    that what its own variants share with it holds for its representative too.
    """
    pairs = sorted(find_pairs(melodies, progress), key=lambda pair: (pair.second, pair.first))
    same: dict[int, list[Pair]] = defaultdict(list)
    sets = UnionFind(len(melodies))
    for pair in pairs:
        if pair.identity >= recipe.near_identical:
            same[pair.second].append(pair)
        if pair.is_family(recipe):
            sets.join(pair.first, pair.second)
    kept: list[int] = []
    standing_in: dict[int, int] = {}
    for number in range(len(melodies)):
        options = [pair for pair in same[number] if pair.first not in standing_in]
        if options:
            standing_in[number] = max(options, key=lambda pair: (pair.identity, -pair.first)).first
        else:
            kept.append(number)
    aliases: dict[int, list[int]] = defaultdict(list)
    for number, representative in standing_in.items():
        aliases[representative].append(number)
    return Families(
        representatives=tuple(kept),
        aliases={number: tuple(others) for number, others in aliases.items()},
        family={number: sets.find(number) for number in kept},
    )
