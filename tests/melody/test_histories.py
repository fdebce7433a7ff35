import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from genaudio.melody.events import make_frame
from genaudio.melody.features import History
from genaudio.melody.form import lay_form
from genaudio.melody.grammar import Frame, Frames, Grammar
from genaudio.melody.histories import Histories
from genaudio.melody.plan import Plan
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Metre


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Bar lines of one to twenty bars, some with sections."""
    metre = Metre.parse(draw(st.sampled_from(["2/4", "3/4", "6/8", "9/8", "12/8", "5/4", "3/8"])))
    frame = make_frame(metre, draw(st.sampled_from([1, 4, 8, 20])), draw(st.sampled_from([0, 120, 240, 480])))
    return lay_form("AABA", frame, Plan())[0] if frame.bars % 4 == 0 and draw(st.booleans()) else frame


@settings(max_examples=40, deadline=None)
@given(st.lists(frames(), min_size=1, max_size=5), st.integers(1, 30), st.integers(0, 2**32), st.sampled_from([4, 128]))
def test_each_row_is_as_its_own_history(
    vocabulary: Vocabulary, bars: list[Frame], span: int, seed: int, room: int
) -> None:
    """Random events that the grammar allows, on few or many pitches; rows that are done are dropped now and then."""
    chance, grammar = np.random.default_rng(seed), Grammar(vocabulary)
    alone, rows = [History(vocabulary, frame, 2) for frame in bars], Histories(vocabulary, Frames.of(bars), room)
    while any(not history.done for history in alone):
        live = np.array([row for row, history in enumerate(alone) if not history.done])
        features = rows.features()
        assert [features[row].tolist() for row in live] == [alone[row].features() for row in live]
        ticks = np.where(rows.tick < rows.frames.end, rows.tick, 0)
        masks = grammar.rows(rows.frames, ticks, rows.sounding)
        assert all(masks[row] == grammar.row(bars[row], alone[row].tick, alone[row].sounding) for row in live)
        rhythms = np.array([chance.choice(np.flatnonzero(grammar.mask(mask))) for mask in masks])
        pitches = chance.integers(20, 20 + span, len(alone))
        arrival = rows.arrive(rhythms)
        assert [arrival[row].tolist() for row in live] == [alone[row].arrival(int(rhythms[row])) for row in live]
        rows.push(pitches)
        for row in live:
            is_note = grammar.is_note[rhythms[row]]
            alone[row].push(int(rhythms[row]), int(pitches[row]) if is_note else None)
        if chance.random() < 0.1:
            rows.keep(live[::-1])
            alone, bars = [alone[row] for row in live[::-1]], [bars[row] for row in live[::-1]]
            assert len(rows) == len(live)
