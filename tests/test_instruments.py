"""Families and General MIDI programs."""

import pytest

from genaudio.errors import GenaudioError
from genaudio.instruments import FAMILIES, family_named, family_of, program_of


def test_every_program_has_a_family_and_every_family_plays_its_own_program() -> None:
    assert all(family_of(program) in FAMILIES for program in range(128))
    assert all(family_of(family.program) is family for family in FAMILIES)


@pytest.mark.parametrize(
    ("program", "name"), [(0, "piano"), (40, "violin"), (73, "flute"), (25, "guitar"), (110, "violin")]
)
def test_nearest_family_by_hand(program: int, name: str) -> None:
    assert family_of(program).name == name


def test_names_are_found_and_unknown_ones_listed() -> None:
    assert program_of(" Violin ") == 40
    with pytest.raises(GenaudioError, match="piano, guitar"):
        family_named("theremin")
