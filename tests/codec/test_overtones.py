"""Partials of stiff strings and bars: where they lie, what they sum up to, and how they join."""

import numpy as np
import pytest

from genaudio.codec.excitation import ATTACK, Stretch, excite, pulses
from genaudio.codec.overtones import multiples, partials, ratios, tuned
from genaudio.instruments import BY_NAME, Bars, Stiffness
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
    expected = pulses((time - late) * 220 / RATE, int(0.45 * RATE / 220))
    np.testing.assert_allclose(partials(0, 5000, steps(0.0, 220.0), late), expected, atol=1e-4)


def test_partials_by_hand() -> None:
    found = partials(1000, 300, steps(8e-4, 900.0), 80.0)
    time = np.arange(1000, 1300) - 80.0
    expected = sum(np.cos(2 * np.pi * ratio * 900 / RATE * time) for ratio in ratios(8e-4, 900.0, RATE))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_piano_is_the_same_however_it_is_cut_and_as_loud_as_limp_strings() -> None:
    notes, strings = [Sounding(0.1, 0.9, 33, 90), Sounding(0.3, 1.0, 72, 60)], Stiffness(3e-4, 0.08, 2e-3)
    whole = excite(Stretch(notes, decay=0.2, overtones=strings), RATE, RATE).sum(0)
    pieces = ((0, 9_999), (9_999, RATE - 9_999))
    joined = [excite(Stretch(notes, at, decay=0.2, overtones=strings), n, RATE).sum(0) for at, n in pieces]
    np.testing.assert_allclose(np.concatenate(joined), whole, atol=1e-6)
    limp = excite(Stretch(notes, decay=0.2), RATE, RATE).sum(0)
    assert np.square(whole).mean() == pytest.approx(np.square(limp).mean(), rel=0.25)


def test_low_strings_of_a_piano_are_nearer_to_limp_ones() -> None:
    strings = BY_NAME["piano"].overtones
    assert isinstance(strings, Stiffness)
    stiff = [strings.of(pitch) for pitch in (28, 60, 84, 100)]
    assert stiff == sorted(stiff)
    assert stiff[1] == pytest.approx(2.75e-4)
    assert stiff[-1] == strings.most


BARS = Bars((60, 64), ((1.0, 4.0, 10.0), (1.0, 4.0, 9.0)))


def test_a_bar_is_tuned_as_those_beside_it() -> None:
    assert BARS.of(60) == (1, 4, 10)
    assert BARS.of(61) == (1, 4, 9.75)
    assert BARS.of(70) == BARS.of(64) == (1, 4, 9)
    assert BARS.of(40) == (1, 4, 10)
    assert Bars((60,), ((1.0, 3.9),)).of(72) == (1, 3.9)
    for pitch in range(40, 100):
        assert BY_NAME["vibraphone"].overtones.of(pitch)[0] == 1


def test_no_partial_lies_beyond_the_top() -> None:
    assert tuned(62, BARS, 440.0, RATE).tolist() == [1, 4, 9.5]
    assert tuned(62, BARS, 4000.0, RATE).tolist() == [1, 4]
    assert tuned(62, BARS, 30_000.0, RATE).tolist() == [1]
    assert tuned(62, None, 440.0, RATE) is None
    assert multiples(440.0, RATE) == 45
    assert multiples(30_000.0, RATE) == 1


def test_bars_are_struck_by_a_click_and_ring_with_their_own_partials() -> None:
    note = [Sounding(0.0, 0.9, 60, 100)]
    struck = excite(Stretch(note, decay=0.3, overtones=BARS), RATE, RATE).sum(0)
    frequency = 440 * 2 ** ((60 - 69) / 12)
    ring = np.abs(np.fft.rfft(struck[RATE // 5 : RATE // 5 + 22_050] * np.hanning(22_050)))
    levels = [ring[round(number * frequency / 2)] for number in range(1, 12)]
    loud = {number for number, level in enumerate(levels, 1) if level > 0.5 * max(levels)}
    assert loud == {1, 4, 10}
    assert max(level for number, level in enumerate(levels, 1) if number not in loud) < 0.01 * max(levels)
    click = np.abs(np.fft.rfft(struck[:882] * np.hanning(882)))
    assert click[20:300].min() > 0.02 * click.max(), "a click has all frequencies"


def test_notes_that_are_bent_have_multiples() -> None:
    note, bends = [Sounding(0.0, 0.5, 60, 100)], ((0.0, 0.5),)
    for overtones in (BARS, Stiffness(3e-4, 0.08, 2e-3)):
        bent = excite(Stretch(note, 0, bends, decay=0.2, overtones=overtones), RATE, RATE).sum(0)
        np.testing.assert_array_equal(bent, excite(Stretch(note, 0, bends, decay=0.2), RATE, RATE).sum(0))
