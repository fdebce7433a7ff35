"""Families and General MIDI programs."""

import pytest

from genaudio.errors import GenaudioError
from genaudio.instruments import FAMILIES, MELODIC, family_named, family_of, program_of


def test_every_program_has_a_family_and_every_family_plays_its_own_program() -> None:
    assert all(family_of(program) in FAMILIES for program in range(128))
    assert all(family_of(family.program) is family for family in MELODIC)


@pytest.mark.parametrize(
    ("program", "name"),
    [(0, "piano"), (19, "organ"), (24, "guitar"), (30, "steel-guitar"), (49, "strings"), (70, "oboe"), (110, "violin")],
)
def test_nearest_family_by_hand(program: int, name: str) -> None:
    assert family_of(program).name == name


def test_names_are_found_and_unknown_ones_listed() -> None:
    assert program_of(" Violin ") == 40
    with pytest.raises(GenaudioError, match="piano, guitar"):
        family_named("theremin")


def test_names_may_be_written_with_spaces() -> None:
    assert family_named("Steel  guitar").name == "steel-guitar"


def test_drums_play_no_tune_and_are_not_offered() -> None:
    with pytest.raises(GenaudioError, match="drums play no tune"):
        family_named("drums")
    with pytest.raises(GenaudioError, match=r"^(?!.*drums).*piano"):
        family_named("theremin")


def test_a_stand_in_is_a_family_that_stood_before() -> None:
    names = [family.name for family in FAMILIES]
    assert all(names.index(family.like) < names.index(family.name) for family in FAMILIES if family.like)
