"""Titles of new tunes, made from style, key and seed."""

from __future__ import annotations

import numpy as np

from genaudio.score import Key

_FIRST = (
    "Amber", "Bell", "Birch", "Bramble", "Chalk", "Clover", "Copper", "Dapple", "Ember", "Fallow", "Fern", "Flint",
    "Gannet", "Garland", "Hazel", "Heather", "Holly", "Iron", "Juniper", "Kestrel", "Lantern", "Larch", "Linen",
    "Maple", "Marble", "Meadow", "Mill", "Nettle", "Otter", "Pebble", "Plover", "Quarry", "Rowan", "Rush", "Saffron",
    "Sedge", "Slate", "Sorrel", "Tallow", "Thistle", "Umber", "Velvet", "Willow", "Wren", "Yarrow",
)  # fmt: skip
_SECOND = (
    "Bank", "Bay", "Bridge", "Brook", "Close", "Common", "Corner", "Court", "Cross", "Dale", "Ferry", "Field", "Ford",
    "Gate", "Green", "Grove", "Harbour", "Hill", "Hollow", "Landing", "Lane", "Lock", "Moor", "Pass", "Path", "Pier",
    "Point", "Quay", "Ridge", "Rise", "Road", "Row", "Square", "Stair", "Stile", "Strand", "Wharf", "Wood", "Yard",
)  # fmt: skip


def make_title(style: str | None, key: Key, seed: int, number: int) -> str:
    """Return a title such as ``The Kestrel Lane Reel``; the same style, key, seed and number give the same title."""
    letters = sum(ord(letter) * (place + 1) for place, letter in enumerate(f"{style} {key}"))
    chance = np.random.default_rng((letters, seed, number))
    words = f"The {_FIRST[chance.integers(len(_FIRST))]} {_SECOND[chance.integers(len(_SECOND))]}"
    return words if style in (None, "other") else f"{words} {style.title()}"
