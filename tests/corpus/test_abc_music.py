"""Notes read from ABC, against values worked out by hand."""

from fractions import Fraction

import pytest

from genaudio.corpus.abc_music import MusicReader, length_factor, parse_unit
from genaudio.corpus.errors import TuneError
from genaudio.corpus.key_field import parse_key, signature
from genaudio.score import Key

EIGHTH = Fraction(1, 2)


def read(text: str, key: str = "C", compound: bool = False) -> list[list[tuple[int | None, Fraction]]]:
    segments = MusicReader(EIGHTH, key, compound).read(text.split("\n"))
    return [[(event.pitch, event.duration) for event in segment.events] for segment in segments]


def pitches(text: str, key: str = "C") -> list[int | None]:
    return [pitch for segment in read(text, key) for pitch, _ in segment]


def durations(text: str, compound: bool = False) -> list[Fraction]:
    return [duration for segment in read(text, compound=compound) for _, duration in segment]


def test_letters_and_octaves():
    assert pitches("C,CGcc'") == [48, 60, 67, 72, 84]


@pytest.mark.parametrize(
    ("text", "quarters"),
    [
        ("A", "1/2"), ("A2", "1"), ("A/", "1/4"), ("A/2", "1/4"), ("A//", "1/8"), ("A3/2", "3/4"),
    ],
)  # fmt: skip
def test_lengths(text, quarters):
    assert durations(text) == [Fraction(quarters)]


def test_broken_rhythm_dots_one_note_and_halves_the_other():
    assert durations("A>B") == [Fraction(3, 4), Fraction(1, 4)]
    assert durations("A<B") == [Fraction(1, 4), Fraction(3, 4)]
    assert durations("A>>B") == [Fraction(7, 8), Fraction(1, 8)]


def test_broken_rhythm_survives_ornaments_and_slurs_between_its_notes():
    assert durations("(A>)({g}.B") == [Fraction(3, 4), Fraction(1, 4)]


def test_tuplets():
    assert durations("(3ABc d") == [Fraction(1, 3)] * 3 + [Fraction(1, 2)]
    assert durations("(5ABcde") == [Fraction(1, 5)] * 5  # five in the time of two
    assert durations("(5ABcde", compound=True) == [Fraction(3, 10)] * 5  # five in the time of three
    assert durations("(3:2:4ABcd e") == [Fraction(1, 3)] * 4 + [Fraction(1, 2)]


def test_accidental_holds_until_the_bar_line():
    assert pitches("^F F f | F") == [66, 66, 78, 65]
    assert pitches("=f f | f", "D") == [77, 77, 78]  # D major sharpens F and C


def test_tie_joins_equal_pitches_and_carries_the_accidental_over_the_bar_line():
    first, second = MusicReader(EIGHTH, "C", False).read(["^F2-|F F|"])
    assert [event.pitch for event in second.events] == [66, 65]
    assert [event.tied for event in (*first.events, *second.events)] == [False, True, False]


def test_hyphen_between_two_pitches_is_a_slur():
    (segment,) = MusicReader(EIGHTH, "C", False).read(["G-A"])
    assert not segment.events[1].tied


def test_grace_notes_texts_and_decorations_are_left_out():
    assert pitches('{ga}A "Am"B !trill!c ~d HTe `f') == [69, 71, 72, 74, 76, 77]


def test_chord_gives_its_highest_note():
    assert read("[CEG]2 +CE+") == [[(67, Fraction(1)), (64, Fraction(1, 2))]]


def test_rests_have_no_pitch():
    assert read("A z2 x") == [[(69, EIGHTH), (None, Fraction(1)), (None, EIGHTH)]]


def test_only_the_first_voice_is_read():
    assert pitches("[V:1] AB|\n[V:2] cd|\n[V:1] EF|") == [69, 71, 64, 65]


def test_bar_lines_close_parts_and_number_endings():
    segments = MusicReader(EIGHTH, "C", False).read(["A|B:|[1 c:|[2 d|]e|1 f :|2 g ||"])
    assert [(segment.closes_part, segment.ending) for segment in segments] == [
        (False, 0), (True, 0), (True, 1), (True, 2), (False, 0), (True, 1), (True, 2),
    ]  # fmt: skip


def test_key_may_change_and_metre_may_not():
    assert pitches("f|\nK:G\nf|[K:C]f") == [77, 78, 77]
    with pytest.raises(TuneError, match="metre changes"):
        read("f|\nM:3/4\nf|")


@pytest.mark.parametrize("text", ["A 1646 B", "A ; B", "(3ABc^3^F", ",B3"])
def test_what_is_no_abc_is_refused(text):
    with pytest.raises(TuneError, match="unreadable ABC"):
        read(text)


def test_impossible_lengths_are_refused():
    with pytest.raises(TuneError, match="unreadable length"):
        length_factor("0", "", None)
    with pytest.raises(TuneError, match="unreadable length"):
        parse_unit("eighth")


@pytest.mark.parametrize(
    ("field", "tonic", "mode"),
    [
        ("G", 7, "major"), ("Gm", 7, "minor"), ("EM", 4, "major"), ("AMin", 9, "minor"), ("Ador", 9, "dorian"),
        ("A Mixolydian", 9, "mixolydian"), ("Bb", 10, "major"), ("F#m", 6, "minor"), ("Hp", 9, "mixolydian"),
        ("Dmix=c", 2, "mixolydian"), ("E Minor", 4, "minor"), ("D Major", 2, "major"),
    ],
)  # fmt: skip
def test_key_fields(field, tonic, mode):
    assert parse_key(field) == Key(tonic, mode)


def test_signatures():
    assert signature("D") == {"F": 1, "C": 1}
    assert signature("Ador") == {"F": 1}
    assert signature("Gm") == {"B": -1, "E": -1}
    assert signature("D =c ^g") == {"F": 1, "C": 0, "G": 1}


def test_a_key_that_is_none_is_refused():
    with pytest.raises(TuneError, match="unreadable key"):
        parse_key("none")
