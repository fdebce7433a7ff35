"""Batches gathered on the device are those that are collated tune by tune."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from genaudio.melody.dataset import Batch, collate, draw_changes, make_example
from genaudio.melody.grammar import Grammar
from genaudio.melody.packed import PackedExamples
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Melody

from .conftest import tune


@pytest.mark.parametrize("length", [8, 64])
def test_gathered_batches_are_collated_ones(vocabulary: Vocabulary, grammar: Grammar, jig: Melody, length: int) -> None:
    low = tune([57, 59, 60, 62, 64, 62, 60, 59], key="A")  # moves by octaves in some keys
    melodies = [(jig, "jig"), (low, "reel"), (tune([62, 64, 66, 67]), "reel"), (jig.transposed(2), "jig")]
    examples = [make_example(melody, vocabulary, grammar, style) for melody, style in melodies]
    packed = PackedExamples(examples, vocabulary, torch.device("cpu"))
    moved = cut = hidden = 0
    for seed in range(60):
        numbers = np.random.default_rng(seed).permutation(4)[: 1 + seed % 4].tolist()
        chosen = [examples[number] for number in numbers]
        expected = collate(chosen, vocabulary, length, np.random.default_rng(seed), 0.3, 0.8)
        changes = draw_changes(chosen, vocabulary, length, np.random.default_rng(seed), 0.3, 0.8)
        found = packed.batch(numbers, changes)
        for field in fields(Batch):
            one, other = getattr(found, field.name), getattr(expected, field.name)
            assert one.dtype == other.dtype
            assert torch.equal(one, other), (seed, field.name)
        moved += int((changes.semitones != 0).any())
        cut += int((changes.starts != 0).any())
        hidden += int((changes.conditions[:, -1] == 64).any())
    assert moved > 5
    assert hidden > 5
    assert (cut > 5) == (length == 8)
