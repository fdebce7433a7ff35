"""Resemblance, identity and families on small hand-made melodies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genaudio.corpus.duplicates import UnionFind, edit_distance, find_families, find_pairs, identity, interval_ngrams
from genaudio.corpus.recipe import CorpusRecipe
from genaudio.corpus.splits import split_of


def melody(seed: int, length: int = 60) -> list[int]:
    return list(67 + np.random.default_rng(seed).integers(-7, 8, length))


def plain_edit_distance(first: list[int], second: list[int]) -> int:
    table = {(i, 0): i for i in range(len(first) + 1)} | {(0, j): j for j in range(len(second) + 1)}
    for i, a in enumerate(first, 1):
        for j, b in enumerate(second, 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b))
    return table[len(first), len(second)]


@pytest.mark.parametrize(
    ("first", "second", "distance"), [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("flaw", "lawn", 2)]
)
def test_edit_distance(first, second, distance):
    assert edit_distance([ord(c) for c in first], [ord(c) for c in second]) == distance


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
def test_edit_distance_is_the_textbook_one(first, second):
    assert edit_distance(first, second) == plain_edit_distance(first, second)


def test_ngrams_know_their_places():
    grams = interval_ngrams([60, 62, 64, 62, 64], length=2)
    assert dict(grams) == {(2, 2): [0], (2, -2): [1], (-2, 2): [2]}


def test_transposed_copy_is_identical():
    one = melody(1)
    (pair,) = find_pairs([one, [pitch + 5 for pitch in one]])
    assert (pair.first, pair.second, pair.resemblance, pair.containment, pair.identity) == (0, 1, 1, 1, 1)


def test_identity_counts_edits():
    one = melody(1, 50)
    assert identity(one, [pitch - 3 for pitch in one[:45]], 3) == pytest.approx(0.9)


def test_families_and_aliases():
    first, other, third = melody(1), melody(2), melody(3)
    copy = [pitch + 2 for pitch in first]
    copy[30] += 1  # 59 of 60 notes the same: an alias
    half = first[:30] + third[:30]  # the first half of tune 0: a relative
    families = find_families([first, other, copy, half], CorpusRecipe())
    assert families.representatives == (0, 1, 3)
    assert families.aliases == {0: (2,)}
    assert families.family == {0: 0, 1: 1, 3: 0}


def test_union_find_names_sets_by_their_smallest():
    sets = UnionFind(5)
    sets.join(4, 3)
    sets.join(3, 1)
    assert [sets.find(item) for item in range(5)] == [0, 1, 2, 1, 1]


def test_split_depends_on_family_and_seed_only():
    names = [f"family-{number}" for number in range(4000)]
    splits = [split_of(name, seed=5) for name in names]
    assert splits == [split_of(name, seed=5) for name in names]
    assert splits != [split_of(name, seed=6) for name in names]
    # 5 % of 4000 is 200, with a standard deviation of 13.8
    assert 150 <= splits.count("validation") <= 250
    assert 150 <= splits.count("test") <= 250
    assert {split_of(name, held_out_share=0.0) for name in names} == {"train"}
