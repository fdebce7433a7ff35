"""Clips that are drawn more often than others."""

import numpy as np
import pytest

from genaudio.errors import GenaudioError
from genaudio.instruments import BY_NAME
from genaudio.training.drawing import draw, running_shares

PLAYERS = (BY_NAME["piano"], BY_NAME["drums"], None)


def test_clips_are_drawn_by_length_and_family() -> None:
    shares = running_shares([2.0, 1.0, 1.0], PLAYERS, {"drums": 3.0})
    np.testing.assert_allclose(shares, [2 / 6, 5 / 6, 1.0])
    drawn = draw(shares, np.random.default_rng(0), 60_000)
    np.testing.assert_allclose(np.bincount(drawn) / 60_000, [2 / 6, 3 / 6, 1 / 6], atol=0.01)


def test_a_family_can_be_left_out() -> None:
    shares = running_shares([1.0, 1.0, 1.0], PLAYERS, {"piano": 0.0})
    assert set(draw(shares, np.random.default_rng(1), 1000).tolist()) == {1, 2}


@pytest.mark.parametrize(
    ("often", "message"),
    [
        ({"kazoo": 2.0}, "no family kazoo"),
        ({"piano": -1.0}, "positive"),
        ({"piano": float("nan")}, "positive"),
        ({"piano": 0.0, "drums": 0.0}, "positive"),
    ],
)
def test_what_cannot_be_drawn_is_said(often: dict[str, float], message: str) -> None:
    with pytest.raises(GenaudioError, match=message):
        running_shares([1.0, 1.0], PLAYERS[:2], often)
