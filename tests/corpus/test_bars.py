"""Bars: pickups, repeats, endings and each repair rule, with hand-made segments of 3/4."""

from fractions import Fraction

import pytest

from genaudio.corpus.abc_music import MusicReader, Segment
from genaudio.corpus.bars import arrange, last_endings
from genaudio.corpus.errors import TuneError

BAR = Fraction(3)


def segments(text: str) -> list[Segment]:
    return MusicReader(Fraction(1), "C", False).read([text])


def arranged(text: str) -> tuple[list[tuple[int | None, Fraction]], Fraction, dict[str, int]]:
    bars = arrange(segments(text), BAR)
    return [(event.pitch, event.duration) for event in bars.events], bars.pickup, dict(bars.repairs)


def test_full_bars_stay():
    assert arranged("CDE|FGA|") == ([(p, 1) for p in (60, 62, 64, 65, 67, 69)], 0, {})


def test_first_incomplete_bar_is_the_pickup():
    _, pickup, repairs = arranged("G|CDE|FG|")
    assert (pickup, repairs) == (1, {})


def test_rests_before_the_first_note_are_no_part_of_the_pickup():
    events, pickup, _ = arranged("z z G|CDE|FGA|")
    assert events[0] == (67, 1)
    assert pickup == 1


def test_bar_split_by_a_repeat_is_one_bar():
    events, pickup, repairs = arranged("G|CDE|F2:|A|CDE|F2|]")
    assert (len(events), pickup, repairs) == (10, 1, {"split bar": 1})


def test_short_end_of_a_part_is_filled_with_a_rest():
    events, _, repairs = arranged("G|CDE|F2:|CDE|F2|]")
    assert events[4:6] == [(65, 2), (None, 1)]
    assert repairs == {"filled with a rest": 1}


def test_rest_stands_before_a_smaller_pickup_of_the_next_part():
    events, _, repairs = arranged("GA|CDE|F:|B|CDE|F2|]")
    assert events[5:8] == [(65, 1), (None, 1), (71, 1)]  # F, the rest that fills the bar, B
    assert repairs == {"filled with a rest": 1}


def test_last_note_makes_room_for_a_pickup():
    events, _, repairs = arranged("CDE|F3:|G|CDE|F2|]")
    assert events[3:5] == [(65, 2), (67, 1)]
    assert repairs == {"last note shortened": 1}


def test_rest_makes_room_for_a_pickup():
    events, _, _ = arranged("CDE|F2z:|G|CDE|F2|]")
    assert events[3:5] == [(65, 2), (67, 1)]


def test_note_is_not_shortened_by_more_than_half():
    with pytest.raises(TuneError, match="no room for a part's pickup"):
        arranged("CDE|F2G:|A|CDE|F2|]")


def test_missing_bar_line_is_put_in():
    assert arranged("CDE|FGABcd|CDE|")[2] == {"missing bar line": 1}
    with pytest.raises(TuneError, match="bars do not sum"):
        arranged("CDE|F2G2AB|CDE|")  # the second bar would begin inside a note


@pytest.mark.parametrize("text", ["CDE|FG|CDE|FGA|", "CDE|FGAB|CDE|"])
def test_bar_that_does_not_sum_is_refused(text):
    with pytest.raises(TuneError, match="bars do not sum"):
        arranged(text)


def test_last_ending_stays():
    kept = last_endings(segments("CDE|[1FGA:|[2GAB||CDE|1cde:|2def:|"))
    assert [segment.events[0].pitch for segment in kept] == [60, 67, 60, 74]


def test_lone_first_ending_stays():
    assert len(last_endings(segments("CDE|[1FGA:|"))) == 2


def test_ending_in_the_middle_of_a_bar_is_completed():
    events, _, repairs = arranged("CDE|F[1G2:|[2A2||CDE|]")
    assert events[3:5] == [(65, 1), (69, 2)]
    assert repairs == {"split bar": 1}
