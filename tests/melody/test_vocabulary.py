from dataclasses import replace

import pytest

from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.melody.vocabulary import Vocabulary, reference_pitch


def test_reference_tonic_lies_between_g3_and_f_sharp_4() -> None:
    # G 55, A 57, C 60, D 62, F# 66
    assert [reference_pitch(tonic) for tonic in (7, 9, 0, 2, 6)] == [55, 57, 60, 62, 66]


def test_pitch_numbers_count_from_the_reference_tonic(vocabulary: Vocabulary) -> None:
    assert vocabulary.pitch_number(62, 2) == 24  # D4 in D: 24 steps above the lowest, which is two octaves below
    assert vocabulary.pitch_number(69, 2) == 31  # the fifth above
    assert vocabulary.pitch_number(54, 2) is None  # below the range of 55-88
    assert all(vocabulary.midi_pitch(vocabulary.pitch_number(p, 9) or 0, 9) == p for p in range(55, 89))


def test_rhythms_are_notes_then_rests_then_ties(vocabulary: Vocabulary) -> None:
    assert vocabulary.rhythms[0] == ("note", 80)
    assert vocabulary.rhythms[9:11] == (("rest", 120), ("rest", 240))
    assert vocabulary.rhythms[-1] == ("tie", 480)
    assert vocabulary.rhythm_index["tie", 480] == vocabulary.rhythm_count - 1 == 13


def test_hash_names_the_content(vocabulary: Vocabulary) -> None:
    assert Vocabulary.from_config(vocabulary.config, vocabulary.digest) == vocabulary
    other = replace(vocabulary, styles=("air", "jig", "waltz"))
    assert other.digest != vocabulary.digest
    with pytest.raises(IncompatibleError, match="hash"):
        Vocabulary.from_config(other.config, vocabulary.digest)


def test_damaged_content_is_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(IncompatibleError, match="cannot be used"):
        Vocabulary.from_config({"styles": ["air"]}, vocabulary.digest)


def test_all_mistakes_are_named(vocabulary: Vocabulary) -> None:
    with pytest.raises(GenaudioError) as caught:
        replace(vocabulary, styles=("reel", "air"), notes=(125,), metres=("17",), highest=200, modes=("blue",))
    for part in ("styles", "125", "17", "200", "blue"):
        assert part in str(caught.value)
