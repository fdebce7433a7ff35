import numpy as np
import pytest

from genaudio.codec.sources import excite_as, keys_of
from genaudio.codec.striking import strike
from genaudio.instruments import BY_NAME, DRUM_KIT
from genaudio.sounding import Sounding

RATE = 44_100


def test_a_hit_begins_on_its_sample_and_dies_away() -> None:
    wave = strike([Sounding(0.5, 0.6, 38, 100)], 2 * RATE, RATE).sum(0)
    assert not wave[: RATE // 2].any()
    assert np.abs(wave[RATE // 2 : RATE // 2 + 441]).max() > 0.02
    assert np.abs(wave[RATE // 2 + RATE // 2 :]).max() == 0


def test_it_does_not_matter_how_a_piece_is_cut() -> None:
    notes = [Sounding(0.1, 0.2, 36, 100), Sounding(0.3, 0.4, 49, 60)]
    whole = strike(notes, 2 * RATE, RATE)
    np.testing.assert_array_equal(strike(notes, 30_000, RATE, 20_000), whole[:, 20_000:50_000])


def test_a_drum_with_a_tone_has_its_pitch_in_the_spectrum() -> None:
    wave = strike([Sounding(0.0, 0.1, 50, 127)], RATE, RATE).sum(0)  # high tom, 127 Hz
    spectrum = np.abs(np.fft.rfft(wave[: RATE // 2]))
    frequency = np.fft.rfftfreq(RATE // 2, 1 / RATE)[spectrum[: RATE // 4].argmax()]
    assert frequency % 127 == pytest.approx(0, abs=4) or frequency % 127 == pytest.approx(127, abs=4)


def test_louder_hits_excite_more_and_unknown_keys_not_at_all() -> None:
    soft, loud = (np.abs(strike([Sounding(0, 1, 38, v)], RATE, RATE).sum(0)).max() for v in (20, 120))
    assert loud > 2 * soft
    assert not strike([Sounding(0, 1, 5, 100)], RATE, RATE).any()


def test_a_family_decides_what_excites_it_and_which_keys_sound() -> None:
    notes = [Sounding(0.0, 0.5, 40, 100)]
    np.testing.assert_array_equal(excite_as(DRUM_KIT, notes, RATE, RATE), strike(notes, RATE, RATE))
    assert not keys_of(DRUM_KIT, notes, 0, 20, 512, RATE).any()
    assert keys_of(BY_NAME["cello"], notes, 0, 20, 512, RATE).any()
