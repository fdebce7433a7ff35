"""Excitation: pulses at the notes' pitches, in the right places, the same however a piece is cut."""

import tracemalloc

import numpy as np
import pytest

from genaudio.codec.excitation import ATTACK, LOUDNESS, RELEASE, Vibrato, excite, pulses
from genaudio.instruments import TAILS
from genaudio.sounding import Sounding

RATE = 44_100


def test_pulses_are_the_sum_of_cosines() -> None:
    phase = np.linspace(0.01, 6.2, 500)
    by_hand = sum(np.cos(k * phase) for k in range(1, 8))
    np.testing.assert_allclose(pulses(phase, 7), by_hand, atol=1e-9)


def test_pulses_at_phase_zero_are_the_number_of_harmonics() -> None:
    assert pulses(np.array([0.0, 2 * np.pi]), 12).tolist() == [12.0, pytest.approx(12.0)]


def test_spectrum_peaks_at_multiples_of_the_fundamental() -> None:
    wave = excite([Sounding(0.0, 1.0, 69, 100)], RATE, RATE)  # A4: 440 Hz
    magnitude = np.abs(np.fft.rfft(wave * np.hanning(RATE)))
    assert [int(np.argmax(magnitude[440 * k - 100 : 440 * k + 100])) for k in (1, 2, 5)] == [100, 100, 100]
    assert magnitude[660] < magnitude[440] / 1000


def test_nothing_above_the_band_limit() -> None:
    wave = excite([Sounding(0.0, 1.0, 96, 100)], RATE, RATE)
    magnitude = np.abs(np.fft.rfft(wave * np.hanning(RATE)))
    assert magnitude[20_000:].max() < magnitude.max() / 1000


def test_silence_before_the_note_and_after_its_tail() -> None:
    wave = excite([Sounding(0.5, 0.7, 60, 100)], 2 * RATE, RATE)
    assert not wave[: RATE // 2].any()
    assert not wave[int((0.7 + TAILS * RELEASE) * RATE) + 1 :].any()
    assert np.abs(wave[RATE // 2 : int(0.7 * RATE)]).max() > 0.01


@pytest.mark.parametrize("cut", [1, 20_000, 44_100, 50_000])
def test_stretches_join_without_a_difference(cut: int) -> None:
    notes = [Sounding(0.1, 0.9, 52, 90), Sounding(0.4, 1.2, 71, 30)]
    whole = excite(notes, 2 * RATE, RATE)
    joined = np.concatenate([excite(notes, cut, RATE), excite(notes, 2 * RATE - cut, RATE, start=cut)])
    np.testing.assert_allclose(joined, whole, atol=1e-7)


def test_a_bend_of_twelve_semitones_doubles_the_frequency() -> None:
    wave = excite([Sounding(0.0, 1.0, 57, 100)], RATE, RATE, bends=[(0.0, 12.0)])  # A3 bent to A4
    magnitude = np.abs(np.fft.rfft(wave * np.hanning(RATE)))
    assert int(np.argmax(magnitude[:600])) == 440


def test_louder_notes_excite_more() -> None:
    soft, loud = (np.abs(excite([Sounding(0, 1, 60, v)], RATE, RATE)).max() for v in (20, 120))
    assert loud > 1.5 * soft


def test_vibrato_begins_late_and_sways_to_its_depth() -> None:
    vibrato = Vibrato(rate=5.0, depth=0.2, delay=0.1, rise=0.2)
    sway = vibrato.semitones(np.array([0.0, 0.1, 0.35, 0.45, 0.55]))  # a quarter turn every 0.05 s
    np.testing.assert_allclose(sway, [0, 0, 0.2, -0.2, 0.2], atol=1e-9)


def test_vibrato_spreads_a_harmonic_but_keeps_its_place() -> None:
    plain = excite([Sounding(0, 2, 69, 100)], 2 * RATE, RATE)
    swaying = excite([Sounding(0, 2, 69, 100)], 2 * RATE, RATE, vibrato=Vibrato(5.0, 0.3))
    window = np.hanning(RATE)
    spectra = [np.abs(np.fft.rfft(wave[RATE // 2 : RATE // 2 + RATE] * window)) for wave in (plain, swaying)]
    energy = [float((s[4300:4500] ** 2).sum()) for s in spectra]
    assert spectra[1][4300:4500].max() < 0.6 * spectra[0][4300:4500].max()
    assert energy[1] == pytest.approx(energy[0], rel=0.1)


def test_vibrato_and_stretches_join() -> None:
    notes, vibrato = [Sounding(0.1, 0.9, 60, 90)], Vibrato(5.0, 0.2)
    whole = excite(notes, RATE, RATE, vibrato=vibrato)
    joined = [excite(notes, 30_000, RATE, vibrato=vibrato), excite(notes, RATE - 30_000, RATE, 30_000, (), vibrato)]
    np.testing.assert_allclose(np.concatenate(joined), whole, atol=1e-6)


def test_struck_notes_fall_away_and_held_ones_do_not() -> None:
    note = [Sounding(0.0, 1.0, 60, 100)]
    held, struck = excite(note, RATE, RATE), excite(note, RATE, RATE, decay=0.2)
    early, late = slice(0, 1000), slice(40_000, 44_000)
    ratio = np.abs(struck[late]).max() / np.abs(held[late]).max()
    assert ratio == pytest.approx(0.2 + 0.8 * np.exp(-0.95 / 0.2), abs=0.01)
    assert np.abs(struck[early]).max() > 0.9 * np.abs(held[early]).max()


def test_a_struck_note_does_not_depend_on_the_cut() -> None:
    note = [Sounding(0.1, 1.0, 60, 100)]
    whole = excite(note, RATE, RATE, decay=0.15)
    np.testing.assert_allclose(excite(note, 10_000, RATE, 20_000, decay=0.15), whole[20_000:30_000], atol=1e-6)


def test_a_long_release_rings_on_and_still_ends() -> None:
    note = [Sounding(0.0, 0.2, 60, 100)]
    short, long = excite(note, 3 * RATE, RATE, release=0.02), excite(note, 3 * RATE, RATE, release=0.4)
    assert not short[RATE // 2 :].any()
    assert np.abs(long[RATE : RATE + 4410]).max() > 0.05 * np.abs(long).max()
    assert not long[int((0.2 + TAILS * 0.4) * RATE) + 1 :].any()


def test_long_notes_that_sway_and_bend_join_too() -> None:
    """A drone of a minute, from blocks of turns that are kept, is that of the sum over all its samples."""
    note, bends, sway = Sounding(0.3, 60.0, 62, 90), ((0.0, 0.1), (20.0, -0.4), (41.0, 1.0)), Vibrato(5.5, 0.3)
    first, start = round(0.3 * RATE), 50 * RATE
    since = np.arange(start + 2000 - first) / RATE
    bent = np.select([since + 0.3 < 20, since + 0.3 < 41], [0.1, -0.4], 1.0)
    frequency = 440 * 2 ** ((62 - 69 + bent + sway.semitones(since)) / 12)
    steady = 440 * 2 ** ((62 - 69) / 12)
    phase = 2 * np.pi * np.mod(np.cumsum(frequency / RATE)[-2000:] - ATTACK * steady, 1.0) + 1e-4
    harmonics = int(0.45 * RATE / steady)
    expected = LOUDNESS * np.sqrt(2 / harmonics) * (0.3 + 0.7 * 90 / 127) * pulses(phase, harmonics)
    np.testing.assert_allclose(excite([note], 2000, RATE, start, bends, sway), expected, atol=1e-6)


@pytest.mark.parametrize("pitch", [28, 60, 90])
def test_a_blow_stands_at_its_highest_after_the_attack_however_low_the_note(pitch: int) -> None:
    wave = excite([Sounding(0.1, 0.6, pitch, 100)], RATE, RATE, decay=0.2)
    highest = int(np.abs(wave).argmax()) / RATE - 0.1
    assert ATTACK - 0.0005 < highest < ATTACK + 0.001


def test_memory_does_not_grow_with_a_note() -> None:
    tracemalloc.start()
    for note in (Sounding(0.0, 3600.0, 50, 90), Sounding(0.0, 300.0, 50, 90)):
        excite([note], 1000, RATE, start=299 * RATE, vibrato=Vibrato(5.0, 0.2) if note.end < 3600 else None)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 60e6  # one float64 for each sample of an hour would be 1.3 GB, of five minutes 106 MB
