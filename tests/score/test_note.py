import pytest

from genaudio.score import Note, ScoreError, to_ticks


def test_a_triplet_eighth_lies_on_the_grid():
    note = Note(onset=1 / 3, duration=1 / 3, pitch=62)
    assert (note.onset_ticks, note.offset_ticks, note.duration_ticks) == (160, 320, 160)


def test_ticks_do_not_drift_over_a_thousand_triplets():
    # the 1000th triplet eighth ends at 1000 / 3 quarter notes = tick 160,000
    assert to_ticks(999 / 3 + 1 / 3) == 160_000


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"onset": -0.1}, "onset"),
        ({"onset": float("inf")}, "onset"),
        ({"duration": 0.0}, "duration"),
        ({"duration": float("nan")}, "duration"),
        ({"pitch": 128}, "pitch"),
        ({"pitch": 60.5}, "pitch"),
        ({"pitch": float("nan")}, "pitch"),
        ({"velocity": 0}, "velocity"),
        ({"velocity": 300}, "velocity"),
    ],
)
def test_values_out_of_range_are_refused(values, message):
    with pytest.raises(ScoreError, match=message):
        Note(**{"onset": 0.0, "duration": 1.0, "pitch": 60, **values})
