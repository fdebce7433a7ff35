"""Families that alignment joins: on hand-made works, and across the splits of the shipped ones."""

import numpy as np
import pytest

from genaudio.corpus import CorpusRecipe, TrainingWork
from genaudio.corpus.splits import split_of
from genaudio.corpus.variants import Comparison, Likeness, find_variants, join_families, same_titles
from genaudio.score import Key, Melody, Metre, Note

RECIPE = CorpusRecipe()


def tune(name: str, pitches: list[int], split: str = "train", title: str = "", aliases: tuple[str, ...] = ()):
    notes = [Note(0.5 * number, 0.5, int(pitch)) for number, pitch in enumerate(pitches)]
    melody = Melody(notes, metre=Metre.parse("2/4"), key=Key.parse("C major"), title=title or name)
    return TrainingWork(name, title or name, "reel", "aird", "free", name, split, aliases, melody)


def wandering(seed: int, length: int = 60) -> list[int]:
    return [int(pitch) for pitch in 67 + np.random.default_rng(seed).integers(-7, 8, length)]


@pytest.mark.parametrize(
    ("bits", "coverage", "identity", "same_title", "expected"),
    [
        (40.0, 0.5, 0.6, False, True),  # a variant of the whole tune
        (39.9, 0.5, 0.6, False, False),
        (40.0, 0.49, 0.6, False, False),
        (40.0, 0.5, 0.59, False, False),
        (60.0, 0.3, 0.6, False, True),  # a part in common
        (59.9, 0.3, 0.6, False, False),
        (60.0, 0.29, 0.9, False, False),
        (20.0, 0.1, 0.1, True, True),  # one title
        (19.9, 0.1, 0.9, True, False),
        (20.0, 0.1, 0.9, False, False),
    ],
)
def test_what_makes_a_variant(bits, coverage, identity, same_title, expected):
    assert Likeness(0, 1, bits, coverage, identity).is_variant(RECIPE, same_title) is expected


def test_half_a_tune_in_another_key(tmp_path):
    first, other = wandering(1), wandering(2)
    mixed = [pitch + 5 for pitch in first[:30]] + other[:40]
    comparison = Comparison([tune(str(n), p).melody for n, p in enumerate((first, mixed, wandering(3)))], tmp_path)
    likeness = comparison.compare(1, 0)
    assert (likeness.first, likeness.second) == (0, 1)
    assert 0.48 <= likeness.coverage <= 0.55  # 30 of 60 notes, and what chance adds at the seam
    assert likeness.identity > 0.9
    assert [pair.second for pair in comparison.closest(0, 40.0)] == [1]


def test_an_ornamented_variant_is_found_although_no_six_notes_in_a_row_agree():
    plain = wandering(4)
    ornamented = [p for n, pitch in enumerate(plain) for p in ([pitch, pitch + 1, pitch] if n % 5 == 4 else [pitch])]
    works = [tune("a", plain), tune("b", ornamented), tune("c", wandering(5)), tune("d", wandering(6))]
    assert [(pair.first, pair.second) for pair in find_variants(works, RECIPE)] == [(0, 1)]
    assert find_variants(works[:1], RECIPE) == []


def test_titles_propose_pairs_aliases_included():
    works = [
        tune("a", wandering(1), title="The Oak Stick, or Skiver the Quilt"),
        tune("b", wandering(2), title="Other", aliases=("ryan: Oak-stick",)),
        tune("c", wandering(3), title="A Jig"),
        tune("d", wandering(4), title="Jig"),
        tune("e", wandering(5), title="Skiver The Quilt"),
    ]
    assert same_titles(works) == [(0, 1), (0, 4)]


def test_joined_families_go_where_one_was_trained_on():
    splits = {"a": "test", "b": "validation", "c": "train", "d": "test", "e": "validation", "f": "test", "g": "train"}
    works = [tune(name, wandering(1), split) for name, split in splits.items()]
    pairs = [Likeness(0, 1, 60, 1, 1), Likeness(1, 2, 60, 1, 1), Likeness(3, 4, 60, 1, 1)]  # a-b-c, d-e
    joined = {work.id: (work.family, work.split) for work in join_families(works, pairs)}
    assert joined == {
        "a": ("c", "train"), "b": ("c", "train"), "c": ("c", "train"),
        "d": ("e", "validation"), "e": ("e", "validation"), "f": ("f", "test"), "g": ("g", "train"),
    }  # fmt: skip


def test_a_familys_name_gives_its_split(works):
    """So a joined family has the split of one of its own, and no draw was repeated."""
    assert all(work.split == split_of(work.family, RECIPE.seed, RECIPE.held_out_share) for work in works)
    assert {work.family for work in works} <= {work.id for work in works}


def test_nothing_held_out_is_a_variant_of_what_was_trained_on(works, tmp_path):
    """Titles: all pairs across splits. Alignments: a sample of the held-out works with those most like them."""
    comparison = Comparison([work.melody for work in works], tmp_path)
    titled = [(a, b) for a, b in same_titles(works) if works[a].split != works[b].split]
    assert titled
    assert [pair for pair in titled if comparison.compare(*pair).is_variant(RECIPE, same_title=True)] == []
    held_out = [number for number, work in enumerate(works) if work.split != "train"]
    for number in np.random.default_rng(1).choice(held_out, 40, replace=False).tolist():
        for pair in comparison.closest(number, RECIPE.variant_bits):
            other = pair.first + pair.second - number
            assert works[other].split == works[number].split or not pair.is_variant(RECIPE)
