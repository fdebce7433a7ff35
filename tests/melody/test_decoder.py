import numpy as np
import pytest
import torch

from genaudio.melody import cpu, decoder
from genaudio.melody.batching import Batching, agree
from genaudio.melody.bfloat import BfloatDecoder
from genaudio.melody.cpu import CpuDecoder
from genaudio.melody.dataset import Example, make_example
from genaudio.melody.decoder import Decoder
from genaudio.melody.grammar import Grammar
from genaudio.melody.graphs import GraphDecoder
from genaudio.melody.memory import Memory
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Melody


@pytest.fixture
def example(vocabulary: Vocabulary, grammar: Grammar, jig: Melody) -> Example:
    return make_example(jig, vocabulary, grammar, "jig")


def columns(example: Example) -> tuple[np.ndarray, np.ndarray]:
    """Return features [1, T, F] and conditions [1, C]."""
    return example.features.astype(np.int64)[None], np.array([example.conditions])


CLOSE = {"rtol": 1e-4, "atol": 1e-4}
ROUNDED = {"rtol": 0.05, "atol": 0.15}
"""Of numbers that come of sums of numbers with 8 significant bits, through some blocks and outputs."""


@pytest.mark.parametrize("kind", [Decoder, CpuDecoder, GraphDecoder, BfloatDecoder])
@torch.no_grad()
def test_events_one_by_one_are_what_a_whole_pass_gives(
    kind: type[Decoder], model: MelodyTransformer, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "ROOM", 4)  # smaller than the tune, so that the room must grow
    monkeypatch.setattr(cpu, "ALONE", 5 * model.shape.width // model.shape.heads)  # and that it is heard in parts
    features, conditions = columns(example)
    rhythms, arrival = example.rhythm[None], example.arrival.astype(np.int64)[None]
    wanted = torch.from_numpy(features)
    hidden = model(wanted, torch.from_numpy(conditions))
    rhythm_scores = model.rhythm_logits(hidden, wanted)
    pitch_scores = model.pitch_logits(hidden, wanted, torch.from_numpy(rhythms), torch.from_numpy(arrival))
    own = kind(model)
    memory = own.start(conditions, 1)
    for step in range(len(example)):
        state, row = own.advance(memory, features[:, step : step + 1]), features[:, step]
        close = ROUNDED if kind is BfloatDecoder else CLOSE
        torch.testing.assert_close(state, hidden[:, step], **close)
        torch.testing.assert_close(own.rhythm_scores(state, row), rhythm_scores[:, step], **close)
        scores = own.pitch_scores(state, row, rhythms[:, step], arrival[:, step])
        torch.testing.assert_close(scores, pitch_scores[:, step], **close)


@pytest.mark.parametrize("kind", [Decoder, CpuDecoder, BfloatDecoder])
@torch.no_grad()
def test_a_beginning_is_read_at_once_and_once_for_equal_lines(
    kind: type[Decoder], model: MelodyTransformer, example: Example
) -> None:
    features, conditions = columns(example)
    own, other = kind(model), conditions.copy()
    other[0, 0] = 2
    conditions = np.concatenate([conditions, other, conditions, conditions])
    features = features.repeat(4, axis=0)
    at_once, by_steps = own.start(conditions, 3), own.start(conditions, 3)  # the fourth only fills the batch up
    own.read(at_once, features, conditions)
    for step in range(len(example)):
        own.advance(by_steps, features[:, step : step + 1])
    assert at_once.length == by_steps.length == len(example)
    close = ROUNDED if kind is BfloatDecoder else CLOSE
    for name in ("keys", "values"):
        read, stepped = (getattr(memory, name)[:, :, :, : len(example)] for memory in (at_once, by_steps))
        torch.testing.assert_close(read, stepped, **close)
        assert torch.equal(read[:, 0], read[:, 2])
        assert not torch.allclose(read[:, 0], read[:, 1])


@torch.no_grad()
def test_keys_and_values_in_bfloat16_take_half_the_room(model: MelodyTransformer, example: Example) -> None:
    """And are those of single precision but for rounding."""
    features, conditions = columns(example)
    memories = {}
    for kind in (CpuDecoder, BfloatDecoder):
        memories[kind] = kind(model).start(conditions, 1)
        kind(model).advance(memories[kind], features[:, :1])
    for name in ("keys", "values"):
        plain, rounded = (getattr(memories[kind], name) for kind in (CpuDecoder, BfloatDecoder))
        assert 2 * rounded.nbytes == plain.nbytes
        torch.testing.assert_close(rounded[0, :, :, 0].float(), plain[0, :, :, 0], **ROUNDED)


@pytest.mark.parametrize("kind", [Decoder, CpuDecoder, BfloatDecoder])
@torch.no_grad()
def test_lines_that_go_on_keep_their_memory(kind: type[Decoder], model: MelodyTransformer, example: Example) -> None:
    features, _ = columns(example)
    conditions = np.array([[style, *example.conditions[1:]] for style in (0, 1, 2)])
    own = kind(model)
    memory = own.start(conditions, 3)
    for step in range(5):
        own.advance(memory, features[:, step : step + 1].repeat(3, axis=0))
    states = own.advance(memory, features[:, 5:6].repeat(3, axis=0))
    memory.length -= 1
    memory.keep(np.array([2, 1]), 2)
    torch.testing.assert_close(own.advance(memory, features[:, 5:6].repeat(2, axis=0)), states[[2, 1]])


def test_batches_are_filled_up() -> None:
    assert [Batching(8, 64).lines(used) for used in (1, 8, 9, 64)] == [8, 8, 16, 64]
    assert [Batching(16, 16).lines(used) for used in (1, 16)] == [16, 16]


@pytest.mark.parametrize("kind", [Decoder, CpuDecoder, BfloatDecoder])
def test_lines_agree_in_the_sizes_that_are_chosen(kind: type[Decoder], model: MelodyTransformer) -> None:
    """And a product that depends on the number of its rows is found out."""
    own = kind(model)
    assert own.batching.most % own.batching.grain == 0
    assert own.batching == Batching(16, 16) or agree(own, own.batching.most)
    plain = own.rhythm_scores
    own.rhythm_scores = lambda hidden, row: plain(hidden, row) + 1e-6 * (len(hidden) > 24)  # type: ignore[method-assign]
    assert agree(own, 24)
    assert not agree(own, 32)


def test_what_lines_remember_takes_part_in_the_trial_of_sizes(
    model: MelodyTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attention that depends on the number of lines only where there is something to look back on is found out."""
    hear = CpuDecoder._hear

    def spoilt(self: CpuDecoder, bench: cpu.Bench, memory: Memory, layer: int) -> None:
        hear(self, bench, memory, layer)
        bench.heard += 1e-3 * (memory.used > 24 and memory.length > 1)

    monkeypatch.setattr(CpuDecoder, "_hear", spoilt)
    own = CpuDecoder(model)
    assert agree(own, 24)
    assert not agree(own, 32)


def test_copies_are_added_alike_in_both_ways() -> None:
    """A GPU's way, which keeps one order, gives what the processor's does; several copies fall on one place."""
    scores, copied = torch.randn(5, 9), torch.randn(5, 4)
    places = torch.tensor([[0, 0, 3, 8], [1, 1, 1, 1], [8, 7, 6, 5], [2, 4, 2, 4], [8, 8, 8, 8]])
    wanted = scores.clone()
    for row, column in np.ndindex(5, 4):
        wanted[row, places[row, column]] += copied[row, column]
    torch.testing.assert_close(decoder.with_copies(scores.clone(), places, copied, in_place=True), wanted)
    torch.testing.assert_close(decoder.with_copies(scores, places, copied, in_place=False), wanted)
