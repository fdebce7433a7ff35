import pytest

from genaudio.melody.qualities import QUALITIES, bars_of, mean_qualities, overlaps
from genaudio.score import Melody

from .conftest import tune

# three bars of 2/4 in D: the second repeats the first, the third its rhythm; ends on the fifth, one G sharp
TUNE = tune([62, 64, 66, 67, 62, 64, 66, 67, 66, 68, 74, 69])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ends_on_tonic", 0.0), ("ends_stable", 1.0), ("in_key", 11 / 12), ("repeated_bars", 1 / 3),
        ("repeated_rhythms", 2 / 3), ("ambitus", 12.0), ("notes_per_bar", 4.0),
        ("leaps", 0.0),  # the largest is the sixth... from 68 to 74, six semitones
        ("repeated_ngrams", 0.0),  # eight 4-grams of 2 2 1 -5 2 2 1 -1 2 6 -5, no two alike
    ],
)  # fmt: skip
def test_qualities_counted_by_hand(name: str, expected: float) -> None:
    assert QUALITIES[name](TUNE) == pytest.approx(expected)


def test_repeated_ngrams() -> None:
    # intervals 1 1 1 1 1 1: three 4-grams, all the same, so two of three stood earlier
    assert QUALITIES["repeated_ngrams"](tune([60, 61, 62, 63, 64, 65, 66])) == pytest.approx(2 / 3)


def test_bars_begin_after_the_pickup(jig: Melody) -> None:
    bars = bars_of(jig)
    assert [len(bar) for bar in bars] == [1, 6, 4, 6, 2]
    assert bars[0] == ((1200, 240, 74),)


def test_a_set_overlaps_itself_and_not_its_opposite() -> None:
    assert overlaps([TUNE], [TUNE]) == pytest.approx({"intervals": 1.0, "durations": 1.0, "degrees": 1.0})
    other = tune([70, 70, 70], quarters=1.0)
    assert overlaps([TUNE], [other]) == {"intervals": 0.0, "durations": 0.0, "degrees": 0.0}
    assert mean_qualities([TUNE, other])["in_key"] == pytest.approx((11 / 12 + 0) / 2)
