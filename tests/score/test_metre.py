from fractions import Fraction

import pytest

from genaudio.score import Metre, ScoreError


@pytest.mark.parametrize(
    ("text", "bar", "beat", "compound"),
    [
        ("4/4", 4, 1, False),
        ("C", 4, 1, False),
        ("C|", 4, 2, False),
        ("6/8", 3, Fraction(3, 2), True),
        ("9/8", Fraction(9, 2), Fraction(3, 2), True),
        ("3/8", Fraction(3, 2), Fraction(1, 2), False),
        (" 5 / 8 ", Fraction(5, 2), Fraction(1, 2), False),
    ],
)
def test_bars_and_beats(text, bar, beat, compound):
    metre = Metre.parse(text)
    assert (metre.bar, metre.beat, metre.is_compound) == (bar, beat, compound)
    assert metre.bar_ticks == bar * 480


@pytest.mark.parametrize("text", ["17/17", "0/4", "65/4", "4", "", "3/128", "a/b"])
def test_what_is_no_metre_is_refused(text):
    with pytest.raises(ScoreError, match="no metre"):
        Metre.parse(text)
