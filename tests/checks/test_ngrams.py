"""N-grams against values worked out by hand."""

import numpy as np
import pytest

from checks.line import Line
from checks.ngrams import (
    Shingling,
    hash_ngrams,
    interval_ngrams,
    intervals,
    ratio_classes,
    rhythm_ngrams,
    tune_shingles,
    window_shingles,
    windows,
)
from tests.checks.melodies import melody_of


def test_intervals_and_ratios_by_hand():
    line = Line.of([melody_of([60, 62, 64, 59], [1.0, 0.5, 0.5, 1.5])])
    assert intervals(line)[:3].tolist() == [2, 2, -5]
    # IOIs 1, .5, .5, 1.5 (the last is its duration): log2 of the ratios -1, 0, 1.585, doubled and rounded
    assert ratio_classes(line)[:3].tolist() == [-2, 0, 3]


def test_wide_intervals_and_long_notes_are_cut():
    line = Line.of([melody_of([20, 100], [0.25, 8.0])])
    assert intervals(line)[0] == 31
    assert ratio_classes(line)[0] == 6  # log2(32) is 5 octaves, 10 half octaves


def test_packed_interval_ngrams_by_hand():
    line = Line.of([melody_of([60, 62, 64, 59])])
    keys, places = interval_ngrams(line, 2)
    assert places.tolist() == [0, 1]
    assert keys.tolist() == [33 << 6 | 33, 33 << 6 | 26]  # each interval plus 31


def test_packed_rhythm_ngrams_by_hand():
    keys, places = rhythm_ngrams(Line.of([melody_of([60, 62, 59], [1.0, 0.5, 0.5])]), 2)
    assert places.tolist() == [0]
    assert keys.tolist() == [(33 << 4 | 4) << 10 | (28 << 4 | 6)]


def test_no_ngram_crosses_from_one_melody_to_the_next():
    line = Line.of([melody_of([60, 62, 64]), melody_of([]), melody_of([50]), melody_of([70, 69, 67, 65])])
    assert interval_ngrams(line, 2)[1].tolist() == [0, 4, 5]


def test_shingles_survive_transposition_and_tempo():
    pitches, durations = [60, 62, 64, 59, 60, 67, 65, 64], [1.0, 0.5, 0.5, 1.5, 0.5, 1.0, 1.0, 2.0]
    one, _ = tune_shingles(Line.of([melody_of(pitches, durations)]), Shingling())
    other, _ = tune_shingles(Line.of([melody_of([p + 5 for p in pitches], [2 * d for d in durations])]), Shingling())
    assert one.tolist() == other.tolist()
    # 8 notes: 5 + 4 + 3 interval n-grams of lengths 3, 4, 5 and 5 with rhythm of length 3
    assert len(one) == 17


def test_equal_numbers_of_two_kinds_are_two_shingles():
    keys = np.array([5], np.uint64)
    assert hash_ngrams(keys, 0, 3) != hash_ngrams(keys, 1, 3)
    assert hash_ngrams(keys, 0, 3) != hash_ngrams(keys, 0, 4)


def test_windows_cover_the_end():
    line = Line.of([melody_of(list(range(50, 71))), melody_of([60] * 15), melody_of([60] * 16)])
    firsts = windows(line, Shingling(), hop=4)
    assert firsts.tolist() == [0, 4, 5, 36]  # 21 notes: 0, 4 and the last possible, 5; 15 are too few; 16 are one
    assert window_shingles(line, firsts, Shingling()).shape == (4, 13)


@pytest.mark.parametrize("wrong", [{"interval_lengths": (11,)}, {"window_hop": 0}, {"rhythm_lengths": (7,)}])
def test_impossible_shinglings_are_refused(wrong):
    with pytest.raises(ValueError, match=r"n-grams|window"):
        Shingling(**wrong)
