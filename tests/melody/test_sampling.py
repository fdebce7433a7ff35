import copy

import numpy as np
import pytest

from genaudio.errors import GenaudioError
from genaudio.melody import batching, sampling
from genaudio.melody.batching import Batching
from genaudio.melody.dataset import condition_numbers
from genaudio.melody.draft import Draft, Taste, Tastes, choose, choose_each
from genaudio.melody.events import Event, decode, make_frame
from genaudio.melody.grammar import Grammar
from genaudio.melody.plan import Plan
from genaudio.melody.sampling import PRECISIONS, Sampler
from genaudio.melody.transformer import MelodyTransformer
from genaudio.score import Key, Metre

LOGITS = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
ALL = np.ones(4, dtype=np.bool_)


@pytest.mark.parametrize(
    ("taste", "chance", "expected"),
    [
        (Taste(), 0.49, 0), (Taste(), 0.51, 1), (Taste(), 0.81, 2), (Taste(), 0.999, 3),
        (Taste(top_p=0.6), 0.999, 1),  # .5 + .3 reach .6; the rest falls out
        (Taste(min_p=0.25), 0.999, 2),  # .05 is less than a quarter of .5
        (Taste(temperature=1e-9), 0.999, 0),
        (Taste(temperature=5.0), 0.9, 3),  # nearly even: .31 .28 .24 .17... beyond .83
    ],
)  # fmt: skip
def test_choice(taste: Taste, chance: float, expected: int) -> None:
    assert choose(LOGITS, ALL, taste, chance) == expected


def test_what_the_grammar_forbids_is_never_chosen() -> None:
    allowed = np.array([False, True, False, True])
    assert {choose(LOGITS, allowed, Taste(), chance) for chance in np.linspace(0, 0.9999, 50)} == {1, 3}


def test_rows_are_chosen_as_each_is_by_itself() -> None:
    chance = np.random.default_rng(1)
    scores, allowed = 3 * chance.normal(size=(40, 65)), chance.random((40, 65)) < 0.7
    chances = chance.random(40)
    tastes = [
        Taste(float(t), float(p), float(m))
        for t, p, m in zip(
            chance.choice([0.5, 1, 2], 40),
            chance.choice([0.6, 0.97, 1], 40),
            chance.choice([0, 0.02, 0.3], 40),
            strict=True,
        )
    ]
    together = choose_each(scores, allowed, Tastes.of(tastes), chances)
    alone = [choose(*row) for row in zip(scores, allowed, tastes, chances.tolist(), strict=True)]
    assert together.tolist() == alone
    assert len(set(alone)) > 10
    assert allowed[np.arange(40), together].all()


def draft(
    model: MelodyTransformer, number: int, metre: str = "6/8", pickup: int = 240, taste: Taste | None = None
) -> Draft:
    key = Key(number % 12, "minor")
    conditions = condition_numbers(model.vocabulary, "jig", key, metre, 4)
    frame = make_frame(Metre.parse(metre), 4, pickup)
    return Draft(frame, key.tonic, conditions, np.random.default_rng((7, number)), taste or Taste())


def test_a_tune_is_the_same_alone_and_among_others(model: MelodyTransformer, grammar: Grammar) -> None:
    sampler = Sampler(model, grammar)
    many = [draft(model, number) for number in range(18)]
    sampler.write(many)
    for number in (0, 3, 17):
        alone = draft(model, number)
        sampler.write([alone])
        assert alone.events == many[number].events
    assert len({tuple(d.events) for d in many}) == 18


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_tune_is_the_same_in_batches_of_any_size(precision: str, model: MelodyTransformer, grammar: Grammar) -> None:
    """More tunes than go together, of several lengths, kinds and tastes: rows move and are dropped on the way."""
    sampler = Sampler(model, grammar, precision=precision)

    def drafts() -> list[Draft]:
        kinds = [("2/4", Taste()), ("12/8", Taste(top_p=0.9)), ("6/8", Taste(guidance=2.0, min_p=0.01))]
        return [draft(model, number, kinds[number % 3][0], 0, kinds[number % 3][1]) for number in range(150)]

    many = drafts()
    sampler.write(many)
    for some in (range(0, 150, 7), range(11, 14), range(149, 150), range(20, 60)):
        few = [one for number, one in enumerate(drafts()) if number in some]
        sampler.write(few)
        assert [one.events for one in few] == [many[number].events for number in some]


def test_bfloat16_has_beginnings_too(model: MelodyTransformer, grammar: Grammar) -> None:
    given = {0: Event("note", 240, 62), 240: Event("note", 480, 64)}
    some = [draft(model, number) for number in range(3)]
    for one in some:
        one.plan = Plan(given)
    Sampler(model, grammar, precision="bfloat16").write(some)
    for one in some:
        assert one.events[:2] == [given[0], given[240]]
        assert decode(one.events)[-1].offset_ticks == 4 * Metre.parse("6/8").bar_ticks


def test_a_precision_that_does_not_fit_is_refused(model: MelodyTransformer, grammar: Grammar) -> None:
    with pytest.raises(GenaudioError, match="float32 or bfloat16, not float16"):
        Sampler(model, grammar, precision="float16")
    with pytest.raises(GenaudioError, match="use float32"):
        Sampler(model, grammar, graphs=True, precision="bfloat16")
    with pytest.raises(GenaudioError, match="use float32"):
        Sampler(copy.deepcopy(model).double(), grammar, precision="bfloat16")


def test_what_bfloat16_needs_is_told(
    model: MelodyTransformer, grammar: Grammar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "find_spec", lambda name: None)
    with pytest.raises(GenaudioError, match="needs numba: pip install"):
        Sampler(model, grammar, precision="bfloat16")
    Sampler(model, grammar)


def test_the_work_that_graphs_record_writes_the_same_tunes(
    model: MelodyTransformer, grammar: Grammar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches keep their size, as on a GPU; some drafts have a beginning."""
    plain, recorded = Sampler(model, grammar), Sampler(model, grammar, graphs=True)
    monkeypatch.setattr(batching, "agree", lambda *_: False)
    assert recorded.decoder.batching == Batching(16, 16)
    first, second = ([draft(model, number) for number in range(20)] for _ in range(2))
    for some in (first, second):
        given = {0: Event("note", 240, 62), 240: Event("note", 480, 64)}
        some[3].plan, some[4].plan = Plan(given), Plan({0: given[0]})
    plain.write(first)
    recorded.write(second)
    assert [one.events for one in second] == [one.events for one in first]


def test_where_sizes_do_not_agree_all_batches_are_of_one(
    model: MelodyTransformer, grammar: Grammar, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler = Sampler(model, grammar)
    monkeypatch.setattr(batching, "agree", lambda *_: False)
    assert sampler.decoder.batching == Batching(16, 16)
    many = [draft(model, number) for number in range(18)]
    sampler.write(many)
    for number in (0, 3, 17):
        alone = draft(model, number)
        sampler.write([alone])
        assert alone.events == many[number].events


@pytest.mark.parametrize("metre", ["2/4", "3/4", "4/4", "2/2", "6/8", "9/8", "12/8"])
def test_a_random_network_still_writes_whole_bars(model: MelodyTransformer, grammar: Grammar, metre: str) -> None:
    drafts = [draft(model, number, metre, 120 * (number % 3)) for number in range(12)]
    Sampler(model, grammar).write(drafts)
    for written in drafts:
        notes = decode(written.events)
        assert notes[-1].offset_ticks == 4 * Metre.parse(metre).bar_ticks
        assert all(55 <= note.pitch <= 88 for note in notes)


def test_guidance_changes_the_tune_and_one_does_not(model: MelodyTransformer, grammar: Grammar) -> None:
    sampler = Sampler(model, grammar)
    plain, one, three = draft(model, 1), draft(model, 1), draft(model, 1, taste=Taste(guidance=3.0))
    sampler.write([plain])
    sampler.write([one, three])  # in a guided batch, a guidance of 1 still means none
    assert one.events == plain.events
    assert three.events != plain.events


def test_a_closed_tune_ends_on_its_tonic(model: MelodyTransformer, grammar: Grammar) -> None:
    drafts = [draft(model, number) for number in range(12)]
    for one in drafts:
        one.closed = True
    free = [draft(model, number) for number in range(12)]
    for some in (drafts, free):
        Sampler(model, grammar).write(some)
    last = [[e.pitch for e in one.events if e.pitch is not None][-1] for one in drafts]
    assert all((pitch - one.tonic) % 12 == 0 for one, pitch in zip(drafts, last, strict=True))
    assert [one.events[:-1] for one in drafts] == [one.events[:-1] for one in free]  # nothing before it changes
