import torch

from genaudio.melody.build import pitch_table
from genaudio.melody.dataset import Batch, collate, make_example
from genaudio.melody.features import COLUMNS
from genaudio.melody.grammar import Grammar
from genaudio.melody.loss import likelihood
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Melody


def jig_batch(vocabulary: Vocabulary, grammar: Grammar, jig: Melody) -> Batch:
    return collate([make_example(jig, vocabulary, grammar, "jig")], vocabulary)


@torch.no_grad()
def test_no_step_sees_later_ones(
    model: MelodyTransformer, vocabulary: Vocabulary, grammar: Grammar, jig: Melody
) -> None:
    batch = jig_batch(vocabulary, grammar, jig)
    changed = batch.features.clone()
    changed[:, 10:, COLUMNS.index("pitch")] = 5
    before, after = model(batch.features, batch.conditions), model(changed, batch.conditions)
    torch.testing.assert_close(after[:, :10], before[:, :10])
    assert not torch.allclose(after[:, 10:], before[:, 10:])


def test_copies_raise_what_stood_there_and_nothing_else() -> None:
    scores, weights = torch.zeros(1, 1, 4), torch.tensor([[[1.0, 2.0, 4.0]]])
    places = torch.tensor([[[2, 2, 4]]])  # two lags point at symbol 2, the third nowhere
    assert MelodyTransformer._with_copies(scores, weights, places).tolist() == [[[0.0, 0.0, 3.0, 0.0]]]


@torch.no_grad()
def test_probabilities_sum_to_one_over_what_is_allowed(
    model: MelodyTransformer, vocabulary: Vocabulary, grammar: Grammar, jig: Melody
) -> None:
    batch = jig_batch(vocabulary, grammar, jig)
    table, pitches = torch.from_numpy(grammar.table), pitch_table(grammar)
    mask = table[batch.row[0, 3]]
    total = 0.0
    for symbol in range(vocabulary.rhythm_count):
        if mask[symbol]:
            batch.rhythm[0, 3] = symbol
            total += float(torch.exp(-likelihood(model, batch, table, pitches).rhythm[0, 3]))
    assert abs(total - 1) < 1e-5


def test_gradients_are_finite_with_padding_and_smoothing(
    model: MelodyTransformer, vocabulary: Vocabulary, grammar: Grammar, jig: Melody
) -> None:
    long = make_example(jig, vocabulary, grammar, "jig")
    short = make_example(Melody(jig.notes[:8], jig.metre, jig.key, pickup=jig.pickup), vocabulary, grammar, "jig")
    batch = collate([short, long], vocabulary)
    losses = likelihood(model.train(), batch, torch.from_numpy(grammar.table), pitch_table(grammar), smoothing=0.1)
    (losses.rhythm.sum() + losses.pitch.sum()).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(torch.isfinite(g).all() for g in gradients)
    assert (losses.rhythm[0, len(short) :] == 0).all()
