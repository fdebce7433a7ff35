"""Excitation: pulses at the notes' pitches, in the right places, the same however a piece is cut."""

import tracemalloc

import numpy as np
import pytest

from genaudio.codec.excitation import (
    ATTACK,
    BEGUN,
    BLOW_ENDS,
    LASTING,
    LOUDNESS,
    RELEASE,
    Stretch,
    Vibrato,
    blow,
    excite,
    pulses,
)
from genaudio.codec.sources import excite_as
from genaudio.instruments import BY_NAME, TAILS
from genaudio.sounding import Sounding

RATE = 44_100


def test_pulses_are_the_sum_of_cosines() -> None:
    phase = np.linspace(0.01, 6.2, 500)
    by_hand = sum(np.cos(k * phase) for k in range(1, 8))
    np.testing.assert_allclose(pulses(phase / (2 * np.pi), 7), by_hand, atol=5e-6)  # of 7, in single precision


def test_pulses_at_whole_turns_are_the_number_of_harmonics_however_many_turns_there_were() -> None:
    assert pulses(np.array([0.0, 1.0, -3.0, 1e9]), 12).tolist() == [12.0] * 4
    some = np.linspace(-0.5, 0.5, 1000)
    np.testing.assert_allclose(pulses(some + 2**20, 300), pulses(some, 300), atol=1e-4)


def test_spectrum_peaks_at_multiples_of_the_fundamental() -> None:
    wave = excite(Stretch([Sounding(0.0, 1.0, 69, 100)]), RATE, RATE).sum(0)  # A4: 440 Hz
    magnitude = np.abs(np.fft.rfft(wave * np.hanning(RATE)))
    assert [int(np.argmax(magnitude[440 * k - 100 : 440 * k + 100])) for k in (1, 2, 5)] == [100, 100, 100]
    assert magnitude[660] < magnitude[440] / 1000


def test_nothing_above_the_band_limit() -> None:
    wave = excite(Stretch([Sounding(0.0, 1.0, 96, 100)]), RATE, RATE).sum(0)
    magnitude = np.abs(np.fft.rfft(wave * np.hanning(RATE)))
    assert magnitude[20_000:].max() < magnitude.max() / 1000


def test_silence_before_the_note_and_after_its_tail() -> None:
    wave = excite(Stretch([Sounding(0.5, 0.7, 60, 100)]), 2 * RATE, RATE).sum(0)
    assert not wave[: RATE // 2].any()
    assert not wave[int((0.7 + TAILS * RELEASE) * RATE) + 1 :].any()
    assert np.abs(wave[RATE // 2 : int(0.7 * RATE)]).max() > 0.01


@pytest.mark.parametrize("cut", [1, 20_000, 44_100, 50_000])
def test_stretches_join_without_a_difference(cut: int) -> None:
    notes = [Sounding(0.1, 0.9, 52, 90), Sounding(0.4, 1.2, 71, 30)]
    whole = excite(Stretch(notes), 2 * RATE, RATE).sum(0)
    joined = [excite(Stretch(notes), cut, RATE).sum(0), excite(Stretch(notes, cut), 2 * RATE - cut, RATE).sum(0)]
    np.testing.assert_array_equal(np.concatenate(joined), whole)


def test_a_bend_of_twelve_semitones_doubles_the_frequency() -> None:
    wave = excite(Stretch([Sounding(0.0, 1.0, 57, 100)], bends=[(0.0, 12.0)]), RATE, RATE).sum(0)  # A3 bent to A4
    magnitude = np.abs(np.fft.rfft(wave * np.hanning(RATE)))
    assert int(np.argmax(magnitude[:600])) == 440


def test_louder_notes_excite_more() -> None:
    soft, loud = (np.abs(excite(Stretch([Sounding(0, 1, 60, v)]), RATE, RATE).sum(0)).max() for v in (20, 120))
    assert loud > 1.5 * soft


def test_vibrato_begins_late_and_sways_to_its_depth() -> None:
    vibrato = Vibrato(rate=5.0, depth=0.2, delay=0.1, rise=0.2)
    times = np.array([0.05, 0.1, 0.15, 0.35, 0.45, 0.55])  # a quarter of a sway every 0.05 s
    ratios = (vibrato.swayed(times + 1e-5) - vibrato.swayed(times - 1e-5)) / 2e-5
    up = 2 ** (0.2 / 12) - 1
    np.testing.assert_allclose(ratios, [1, 1, 1 + up / 4, 1 + up, 1 - up, 1 + up], atol=1e-7)
    assert vibrato.swayed(np.zeros(1)) == 0


def test_vibrato_spreads_a_harmonic_but_keeps_its_place() -> None:
    plain = excite(Stretch([Sounding(0, 2, 69, 100)]), 2 * RATE, RATE).sum(0)
    swaying = excite(Stretch([Sounding(0, 2, 69, 100)], vibrato=Vibrato(5.0, 0.3)), 2 * RATE, RATE).sum(0)
    window = np.hanning(RATE)
    spectra = [np.abs(np.fft.rfft(wave[RATE // 2 : RATE // 2 + RATE] * window)) for wave in (plain, swaying)]
    energy = [float((s[4300:4500] ** 2).sum()) for s in spectra]
    assert spectra[1][4300:4500].max() < 0.6 * spectra[0][4300:4500].max()
    assert energy[1] == pytest.approx(energy[0], rel=0.1)


def test_vibrato_and_stretches_join() -> None:
    notes, vibrato = [Sounding(0.1, 0.9, 60, 90)], Vibrato(5.0, 0.2)
    whole = excite(Stretch(notes, vibrato=vibrato), RATE, RATE).sum(0)
    pieces = [(0, 30_000), (30_000, RATE - 30_000)]
    joined = [excite(Stretch(notes, start, vibrato=vibrato), samples, RATE).sum(0) for start, samples in pieces]
    np.testing.assert_array_equal(np.concatenate(joined), whole)


def test_struck_notes_fall_away_and_held_ones_do_not() -> None:
    note = [Sounding(0.0, 1.0, 60, 100)]
    held, struck = excite(Stretch(note), RATE, RATE).sum(0), excite(Stretch(note, decay=0.2), RATE, RATE).sum(0)
    early, late = slice(0, 1000), slice(40_000, 44_000)
    ratio = np.abs(struck[late]).max() / np.abs(held[late]).max()
    assert ratio == pytest.approx(0.2 + 0.8 * np.exp(-0.95 / 0.2), abs=0.01)
    assert np.abs(struck[early]).max() > 0.9 * np.abs(held[early]).max()


def test_a_struck_note_does_not_depend_on_the_cut() -> None:
    note = [Sounding(0.1, 1.0, 60, 100)]
    whole = excite(Stretch(note, decay=0.15), RATE, RATE).sum(0)
    for start in (4500, 8000, 20_000):  # in its rise, its blow and its fall
        np.testing.assert_array_equal(
            excite(Stretch(note, start, decay=0.15), 9000, RATE).sum(0), whole[start : start + 9000]
        )


def test_a_long_release_rings_on_and_still_ends() -> None:
    note = [Sounding(0.0, 0.2, 60, 100)]
    short, long = (excite(Stretch(note, release=release), 3 * RATE, RATE).sum(0) for release in (0.02, 0.4))
    assert not short[RATE // 2 :].any()
    assert np.abs(long[RATE : RATE + 4410]).max() > 0.05 * np.abs(long).max()
    assert not long[int((0.2 + TAILS * 0.4) * RATE) + 1 :].any()


def test_turns_of_a_long_note_that_sways_and_bends_are_the_sum_over_all_its_samples() -> None:
    note, bends, sway = Sounding(0.3, 60.0, 62, 90), ((0.0, 0.1), (20.0, -0.4), (41.0, 1.0)), Vibrato(5.5, 0.3)
    first, start = round(0.3 * RATE), 50 * RATE
    since = (np.arange(start + 2000 - first) + 0.5) / RATE  # half a sample later: the middle of what is summed up
    bent = np.select([since + 0.3 < 20, since + 0.3 < 41], [0.1, -0.4], 1.0)
    swing = np.clip((since - 0.15) / 0.35, 0, 1) * np.sin(2 * np.pi * 5.5 * (since - 0.15))
    steady = 440 * 2 ** ((62 - 69) / 12)
    frequency = steady * 2 ** (bent / 12) * (1 + (2 ** (0.3 / 12) - 1) * swing)
    turns = np.cumsum(np.r_[0.0, frequency / RATE])[-2001:-1] - ATTACK * steady
    harmonics = int(0.45 * RATE / steady)
    expected = LOUDNESS * np.sqrt(2 / harmonics) * (0.3 + 0.7 * 90 / 127) * pulses(turns, harmonics)
    np.testing.assert_allclose(excite(Stretch([note], start, bends, sway), 2000, RATE).sum(0), expected, atol=1e-6)


def test_bends_within_a_note_and_before_it_join() -> None:
    note, bends = [Sounding(0.1, 0.9, 60, 90)], ((0.02, 0.5), (0.05, -1.0), (0.3, 0.7), (0.6, 2.0), (0.95, -1.0))
    whole = excite(Stretch(note, 0, bends, Vibrato(5.0, 0.2)), RATE, RATE).sum(0)
    joined = [
        excite(Stretch(note, start, bends, Vibrato(5.0, 0.2)), RATE // 9, RATE).sum(0)
        for start in range(0, RATE, RATE // 9)
    ]
    np.testing.assert_array_equal(np.concatenate(joined)[:RATE], whole)
    np.testing.assert_array_equal(excite(Stretch(note, 0, bends[1:], Vibrato(5.0, 0.2)), RATE, RATE).sum(0), whole)
    there_and_back = (*bends[:3], (0.5, 4.0), (0.5, 0.7), *bends[3:])
    made = excite(Stretch(note, 0, there_and_back, Vibrato(5.0, 0.2)), RATE, RATE).sum(0)
    np.testing.assert_allclose(made, whole, atol=1e-6)


def test_cents_are_hundredths_of_a_semitone() -> None:
    wave = excite(Stretch([Sounding(0.0, 1.0, 57, 100)], cents=1200.0), RATE, RATE).sum(0)
    np.testing.assert_array_equal(wave, excite(Stretch([Sounding(0.0, 1.0, 69, 100)]), RATE, RATE).sum(0))


def test_nothing_of_a_blow_is_missed_when_it_ends() -> None:
    assert blow(np.array([BLOW_ENDS]))[0] < 1e-8


@pytest.mark.parametrize("pitch", [28, 60, 90])
def test_a_blow_stands_at_its_highest_after_the_attack_however_low_the_note(pitch: int) -> None:
    wave = excite(Stretch([Sounding(0.1, 0.6, pitch, 100)], decay=0.2), RATE, RATE).sum(0)
    highest = int(np.abs(wave).argmax()) / RATE - 0.1
    assert ATTACK - 0.0005 < highest < ATTACK + 0.001


def test_memory_does_not_grow_with_a_note() -> None:
    tracemalloc.start()
    for note in (Sounding(0.0, 3600.0, 50, 90), Sounding(0.0, 300.0, 50, 90)):
        for vibrato in (None, Vibrato(5.0, 0.2)):
            excite(Stretch([note], 299 * RATE, vibrato=vibrato), 1000, RATE).sum(0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 60e6  # one float64 for each sample of an hour would be 1.3 GB, of five minutes 106 MB


@pytest.mark.parametrize("family", ["piano", "violin", "vibraphone", "drums"])
def test_a_note_begins_and_then_lasts(family: str) -> None:
    notes = [Sounding(0.1, 0.9, 60 if family != "drums" else 49, 100)]
    begins, lasts = excite_as(BY_NAME[family], notes, RATE, RATE)
    onset = 0.1 + BY_NAME[family].latency
    begun, lasting = round((onset + BEGUN) * RATE), round((onset + LASTING) * RATE)
    assert np.abs(begins[:begun]).max() > 0
    assert not lasts[: begun - 1].any()
    assert not begins[lasting + 1 :].any()
    assert np.abs(lasts[lasting : lasting + RATE // 10]).max() > 0
    for start in (0, begun + 300, lasting + 300):
        cut = excite_as(BY_NAME[family], notes, RATE // 4, RATE, start)
        np.testing.assert_allclose(cut, np.stack([begins, lasts])[:, start : start + RATE // 4], atol=1e-6)
