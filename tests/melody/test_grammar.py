import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genaudio.errors import GenaudioError
from genaudio.melody.events import make_frame
from genaudio.melody.grammar import Frame, Grammar, may_start
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Metre


def allowed(grammar: Grammar, frame: Frame, tick: int, sounding: bool = True) -> set[tuple[str, int]]:
    mask = grammar.mask(grammar.row(frame, tick, sounding))
    return {rhythm for rhythm, ok in zip(grammar.vocabulary.rhythms, mask, strict=True) if ok}


def test_frame_locates_ticks_with_and_without_a_pickup() -> None:
    plain = make_frame(Metre(2, 4), 2, 0)  # bars of 960 ticks
    assert plain.locate(0) == (0, 0, 960)
    assert plain.locate(1200) == (1, 240, 720)
    upbeat = make_frame(Metre(2, 4), 2, 240)  # pickup, a full bar, a bar of 720
    assert upbeat.locate(0) == (-1, 720, 240)
    assert upbeat.locate(240) == (0, 0, 960)
    assert upbeat.locate(1200) == (1, 0, 720)
    assert upbeat.end == 1920


def test_only_what_fills_the_bar_is_allowed(grammar: Grammar) -> None:
    frame = make_frame(Metre(2, 4), 2, 0)
    # a quaver before the bar line: what remains after 120 or 160 can be filled, 80 leads to 80 + 80
    assert allowed(grammar, frame, 720) == {
        ("note", 80), ("note", 120), ("note", 160), ("note", 240), ("rest", 120), ("rest", 240),
    }  # fmt: skip
    # a semiquaver before the bar line
    assert allowed(grammar, frame, 840) == {("note", 80), ("note", 120), ("rest", 120)} - {("note", 80)}


def test_a_tie_stands_only_at_a_bar_line_after_a_note(grammar: Grammar) -> None:
    frame = make_frame(Metre(2, 4), 2, 0)
    assert ("tie", 480) in allowed(grammar, frame, 960, sounding=True)
    assert ("tie", 480) not in allowed(grammar, frame, 960, sounding=False)
    assert ("tie", 480) not in allowed(grammar, frame, 480, sounding=True)
    assert ("tie", 480) not in allowed(grammar, frame, 0, sounding=True)


def test_a_tune_begins_and_ends_with_a_note(grammar: Grammar) -> None:
    frame = make_frame(Metre(2, 4), 1, 0)
    assert not any(kind == "rest" for kind, _ in allowed(grammar, frame, 0, sounding=False))
    assert ("rest", 480) not in allowed(grammar, frame, 480)
    assert ("note", 480) in allowed(grammar, frame, 480)


@pytest.fixture(scope="session")
def shared_grammar(vocabulary: Vocabulary) -> Grammar:
    """One grammar for all examples of a property, so that its masks are computed once."""
    return Grammar(vocabulary)


@pytest.mark.parametrize(
    ("position", "duration", "expected"),
    [(0, 160, True), (120, 160, True), (60, 160, False), (160, 160, True), (160, 240, False), (40, 80, True),
     (60, 80, True), (30, 80, False), (0, 320, True), (120, 320, False)],
)  # fmt: skip
def test_tuplets_begin_on_their_grid(position: int, duration: int, expected: bool) -> None:
    assert may_start(position, duration) is expected


def test_a_frame_that_cannot_be_filled_is_refused(vocabulary: Vocabulary) -> None:
    grammar = Grammar(vocabulary)
    with pytest.raises(GenaudioError, match="cannot be filled"):
        grammar.check(make_frame(Metre(1, 64), 4, 0))  # 30 ticks, the shortest note is 80
    with pytest.raises(GenaudioError, match="a bar or more"):
        grammar.check(make_frame(Metre(2, 4), 0, 0))
    with pytest.raises(GenaudioError, match="pickup shorter"):
        grammar.check(make_frame(Metre(2, 4), 2, 960))


@settings(max_examples=40)
@given(st.sampled_from(["2/4", "3/4", "4/4", "6/8", "9/8", "12/8", "5/4", "7/8"]), st.integers(1, 5), st.integers(0, 3),
       st.integers(0, 2**32))  # fmt: skip
def test_any_walk_through_the_masks_fills_every_bar(
    shared_grammar: Grammar, metre: str, bars: int, pickup: int, seed: int
) -> None:
    grammar, vocabulary = shared_grammar, shared_grammar.vocabulary
    frame = make_frame(Metre.parse(metre), bars, pickup * 120)
    grammar.check(frame)
    chance = np.random.default_rng(seed)
    tick, sounding, boundaries, kind = 0, False, {0}, ""
    while tick < frame.end:
        choices = np.flatnonzero(grammar.mask(grammar.row(frame, tick, sounding)))
        assert len(choices)  # never a dead end
        kind, duration = vocabulary.rhythms[int(chance.choice(choices))]
        tick, sounding = tick + duration, kind != "rest"
        boundaries.add(tick)
    assert tick == frame.end == bars * frame.bar_ticks
    assert kind != "rest"
    lines = {frame.pickup + bar * frame.bar_ticks for bar in range(bars)}
    assert lines <= boundaries  # no event lies across a bar line


def test_range_of_pitches_moves_with_the_key(grammar: Grammar) -> None:
    assert grammar.pitches(2).sum() == grammar.pitches(7).sum() == 34  # 55-88
    assert np.flatnonzero(grammar.pitches(7))[0] == 24  # G3 is the reference tonic of G itself
    assert np.flatnonzero(grammar.pitches(2))[0] == 17  # and 7 semitones below that of D
