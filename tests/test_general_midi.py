"""General MIDI names, and the table of who plays what in the manual."""

from itertools import pairwise
from pathlib import Path

from genaudio.general_midi import PROGRAMS, Programs, as_markdown, drum_kinds, program_ranges
from genaudio.instruments import family_of
from genaudio.percussion import DRUMS

USAGE = Path(__file__).parents[1] / "docs" / "usage.md"


def test_programs_have_the_names_of_the_standard() -> None:
    assert len(PROGRAMS) == len(set(PROGRAMS)) == 128
    known = {0: "Acoustic Grand Piano", 11: "Vibraphone", 24: "Acoustic Guitar (nylon)", 47: "Timpani",
             56: "Trumpet", 71: "Clarinet", 73: "Flute", 105: "Banjo", 127: "Gunshot"}  # fmt: skip
    assert {number: PROGRAMS[number] for number in known} == known


def test_ranges_follow_one_another_and_say_who_plays() -> None:
    ranges = program_ranges()
    assert ranges[0].first == 0
    assert ranges[-1].last == 127
    for one, following in pairwise(ranges):
        assert following.first == one.last + 1
        assert following.family != one.family
    assert all(
        family_of(program).name == each.family for each in ranges for program in range(each.first, each.last + 1)
    )
    assert Programs(24, 24, "guitar").names == "Acoustic Guitar (nylon)"
    assert Programs(57, 58, "horn").names == "Trombone to Tuba"
    assert (Programs(24, 24, "guitar").numbers, Programs(57, 58, "horn").numbers) == ("24", "57-58")


def test_every_drum_is_of_one_kind() -> None:
    assert sorted(key for keys in drum_kinds().values() for key in keys) == sorted(DRUMS)
    assert drum_kinds()["kick"] == [35, 36]


def test_the_manual_has_the_table() -> None:
    assert as_markdown() in USAGE.read_text(encoding="utf-8")
