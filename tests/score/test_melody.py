from fractions import Fraction

import pytest

from genaudio.score import Key, Melody, Metre, Note, ScoreError


def quarters(*pitches: int, start: float = 0.0) -> list[Note]:
    return [Note(start + index, 1.0, pitch) for index, pitch in enumerate(pitches)]


def test_notes_are_sorted_and_may_come_from_an_iterator():
    melody = Melody(iter([Note(1, 1, 64), Note(0, 1, 60)]))
    assert melody.pitches == (60, 64)
    assert melody.end == 2
    assert len(melody) == 2


def test_notes_that_sound_together_are_refused():
    with pytest.raises(ScoreError, match=r"60 and 64 sound together at quarter note 0\.5"):
        Melody([Note(0, 1, 60), Note(0.5, 1, 64)])


def test_one_tick_of_overlap_is_rounding():
    assert len(Melody([Note(0, 1 + 1 / 480, 60), Note(1, 1, 62)])) == 2


def test_bars_after_a_pickup():
    # pickup of one quarter, then 3/4: bars begin at 1 and 4
    melody = Melody(quarters(60, 62, 64, 65, 67, 69), Metre(3, 4), pickup=1)
    assert melody.bars == 2
    positions = [melody.bar_position(note) for note in melody.notes]
    assert positions == [(0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]


def test_bars_without_a_pickup():
    melody = Melody([Note(0, 0.5, 60), Note(2.5, 0.5, 62), Note(3, 0.5, 64)], Metre(6, 8))
    assert melody.bars == 2
    assert [melody.bar_position(note) for note in melody.notes] == [(0, 0), (0, Fraction(5, 2)), (1, 0)]


def test_a_pickup_of_a_whole_bar_is_bar_0():
    melody = Melody(quarters(60, 62, 64), Metre(2, 4), pickup=2)
    assert melody.bars == 1
    assert [melody.bar_position(note) for note in melody.notes] == [(0, 0), (0, 1), (1, 0)]


def test_only_the_pickup_is_no_full_bar():
    assert Melody([Note(0, 1, 60)], Metre(3, 4), pickup=1).bars == 0


def test_bars_need_a_metre():
    melody = Melody(quarters(60))
    with pytest.raises(ScoreError, match="without a metre"):
        _ = melody.bars
    with pytest.raises(ScoreError, match="without a metre"):
        melody.bar_position(melody.notes[0])


def test_transposing_moves_the_key_too():
    melody = Melody(quarters(60, 67), key=Key(11, "dorian"), title="A tune").transposed(3)
    assert melody.pitches == (63, 70)
    assert melody.key == Key(2, "dorian")
    assert melody.title == "A tune"
    with pytest.raises(ScoreError, match="0 to 127"):
        melody.transposed(100)


@pytest.mark.parametrize("values", [{"tempo": 0}, {"tempo": float("nan")}, {"pickup": -1}, {"pickup": float("inf")}])
def test_numbers_out_of_range_are_refused(values):
    with pytest.raises(ScoreError):
        Melody([], **values)
