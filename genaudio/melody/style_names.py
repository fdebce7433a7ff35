"""Names of styles as people write them: plurals, words run together, misspellings. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

KIN = {
    "barndance": "a schottische", "double jig": "a jig", "fling": "a schottische", "hop jig": "a slip jig",
    "mazurka": "a waltz", "polka": "a country dance or quickstep in 2/4", "single jig": "a jig",
    "slide": "a jig in 12/8", "slow air": "an air", "song": "an air",
}  # fmt: skip
"""What comes nearest to tune types that are no style of the shipped model."""


def find_style(name: str, styles: Sequence[str]) -> str | None:
    """Return the style that a name means: itself, its plural, or its words run together; None for none."""
    if name in styles:
        return name
    wanted = _spellings(name)
    return next((style for style in styles if not wanted.isdisjoint(_spellings(style))), None)


def unknown_style(name: str, styles: Sequence[str]) -> str:
    """Return what to say of a name that means no style."""
    said = f"unknown style {name!r}; the styles are {', '.join(styles)}"
    kin = KIN.get(name, KIN.get(name.removesuffix("s")))
    if kin is not None and any(style in kin for style in styles):
        return f"{said}; the nearest to a {name.removesuffix('s')} is {kin}"
    close = get_close_matches(name, styles, n=1, cutoff=0.6)
    return f"{said}; did you mean {close[0]}?" if close else said


def _spellings(name: str) -> set[str]:
    joined = name.replace(" ", "")
    return {joined, joined.removesuffix("s"), joined.removesuffix("es")}
