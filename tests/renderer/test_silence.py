"""Stems are silent where nothing sounds."""

import numpy as np
import pytest

from genaudio.renderer.silence import CLOSES, OPENS, openness
from genaudio.sounding import Sounding

RATE = 1000
NOTES = (Sounding(1.0, 2.0, 60, 80), Sounding(1.5, 1.7, 64, 80), Sounding(4.0, 4.5, 62, 80), Sounding(5.0, 6.0, 60, 80))


def test_open_while_notes_sound_and_ring_and_closed_where_nothing_does() -> None:
    gain = openness(NOTES, 0.7, 0, 9 * RATE, RATE)
    assert not gain[: int((1 - OPENS) * RATE)].any()
    assert (gain[1000:2700] == 1).all()
    assert gain[2700 + int(CLOSES * RATE / 2)] == pytest.approx(0.5, abs=0.01)
    assert not gain[2700 + int(CLOSES * RATE) + 2 : 4000 - int(OPENS * RATE)].any()
    assert (gain[4000:6700] == 1).all()  # the third rings into the fourth
    assert not gain[7100:].any()


def test_the_same_however_it_is_cut() -> None:
    whole = openness(NOTES, 0.7, 0, 9 * RATE, RATE)
    for size in (77, 512, 4000):
        pieces = [openness(NOTES, 0.7, first, min(size, 9000 - first), RATE) for first in range(0, 9000, size)]
        np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_short_gaps_never_close_wholly() -> None:
    near = (Sounding(0.0, 1.0, 60, 80), Sounding(1.8, 2.0, 60, 80))
    assert openness(near, 0.7, 1700, 100, RATE).min() > 0.5


def test_nothing_to_play_is_silence() -> None:
    assert not openness((), 0.7, 0, 100, RATE).any()
