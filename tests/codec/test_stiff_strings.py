"""Partials of stiff strings: where they lie, what they sum up to, and how they join."""

import numpy as np
import pytest

from genaudio.codec.excitation import ATTACK, excite, pulses
from genaudio.codec.stiff_strings import partials, ratios
from genaudio.instruments import BY_NAME, Stiffness
from genaudio.sounding import Sounding

RATE = 44_100


def steps(stiffness: float, frequency: float) -> np.ndarray:
    return ratios(stiffness, frequency, RATE) * (frequency / RATE)


def test_ratios_are_those_of_fletcher_and_end_below_the_top() -> None:
    found = ratios(1e-3, 440.0, RATE)
    assert found[0] == 1
    assert found[9] == pytest.approx(10 * np.sqrt(1.1 / 1.001))
    assert found[-1] * 440 < 0.45 * RATE <= (len(found) + 1) * np.sqrt(1 + 1e-3 * (len(found) + 1) ** 2) * 440
    assert ratios(1e-3, 19_000.0, RATE).tolist() == [1.0]


def test_limp_strings_give_the_pulses_in_closed_form() -> None:
    time, late = np.arange(5000), ATTACK * RATE
    expected = pulses(2 * np.pi * (time - late) * 220 / RATE, int(0.45 * RATE / 220))
    np.testing.assert_allclose(partials(0, 5000, steps(0.0, 220.0), late), expected, atol=1e-4)


def test_partials_by_hand() -> None:
    found = partials(1000, 300, steps(8e-4, 900.0), 80.0)
    time = np.arange(1000, 1300) - 80.0
    expected = sum(np.cos(2 * np.pi * ratio * 900 / RATE * time) for ratio in ratios(8e-4, 900.0, RATE))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_piano_is_the_same_however_it_is_cut_and_as_loud_as_limp_strings() -> None:
    notes, strings = [Sounding(0.1, 0.9, 33, 90), Sounding(0.3, 1.0, 72, 60)], Stiffness(3e-4, 0.08, 2e-3)
    whole = excite(notes, RATE, RATE, decay=0.2, stiffness=strings)
    joined = [excite(notes, n, RATE, at, decay=0.2, stiffness=strings) for at, n in ((0, 9_999), (9_999, RATE - 9_999))]
    np.testing.assert_allclose(np.concatenate(joined), whole, atol=1e-6)
    limp = excite(notes, RATE, RATE, decay=0.2)
    assert np.square(whole).mean() == pytest.approx(np.square(limp).mean(), rel=0.25)


def test_low_strings_of_a_piano_are_nearer_to_limp_ones() -> None:
    strings = BY_NAME["piano"].stiffness
    assert strings is not None
    stiff = [strings.of(pitch) for pitch in (28, 60, 84, 100)]
    assert stiff == sorted(stiff)
    assert stiff[1] == pytest.approx(2.75e-4)
    assert stiff[-1] == strings.most
