"""Features of the notes, frame by frame, computed by hand."""

import numpy as np
import pytest

from genaudio.renderer.features import RINGS, score_features
from genaudio.sounding import Sounding

RATE = 10.0  # frames a second, so that the numbers can be read


def planes(notes: list[Sounding], start: int, frames: int) -> np.ndarray:
    return score_features(notes, start, frames, RATE).reshape(frames, 4, 128)


def test_one_note_by_hand() -> None:
    seen = planes([Sounding(0.25, 0.55, 60, 127)], 0, 10)  # frames 2.5 to 5.5
    assert seen[:, 0, 60].tolist() == [0, 0, 1, 1, 1, 1, 0, 0, 0, 0]  # held
    assert seen[:, 1, 60].tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]  # onset
    assert seen[2, 3, 60] == pytest.approx(0.5)  # half-way in its frame
    np.testing.assert_allclose(seen[2:6, 2, 60], np.log1p([0, 1, 2, 3]) / 5, rtol=1e-6)
    np.testing.assert_allclose(seen[6:, 2, 60], -np.log1p([0, 1, 2, 3]) / 5 - 0.1, rtol=1e-6)
    assert not np.delete(seen, 60, axis=2).any()


def test_a_repeated_note_is_not_told_to_ring_while_it_is_held() -> None:
    seen = planes([Sounding(0.0, 0.2, 60, 100), Sounding(0.3, 0.6, 60, 100)], 0, 8)
    assert (seen[3:7, 2, 60] >= 0).all()


@pytest.mark.parametrize("cut", [1, 3, 7, 40])
def test_stretches_join_without_a_difference(cut: int) -> None:
    notes = [Sounding(0.25, 0.55, 60, 90), Sounding(0.3, 4.5, 64, 30), Sounding(5.0, 5.1, 60, 1)]
    whole = score_features(notes, 0, 130, RATE)
    joined = np.concatenate([score_features(notes, 0, cut, RATE), score_features(notes, cut, 130 - cut, RATE)])
    np.testing.assert_array_equal(joined, whole)


@pytest.mark.parametrize("rings", [RINGS, 3.0])
def test_nothing_rings_for_ever(rings: float) -> None:
    seen = score_features([Sounding(0.0, 0.1, 60, 100)], 0, 50, RATE, rings)
    last = 2 + round(rings * RATE)
    assert seen[last - 1].any()
    assert not seen[last:].any()
