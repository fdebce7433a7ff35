"""Training, validation and test works: whole families, by a seeded hash of the family's name."""

from __future__ import annotations

from hashlib import sha256

SPLITS = ("train", "validation", "test")
HELD_OUT_SHARE = 0.05
"""Expected share of families in validation, and in test."""


def split_of(family: str, seed: int = 0) -> str:
    """Return the split of a family: the same on every machine, whatever other families there are."""
    digest = sha256(f"{seed}:{family}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < HELD_OUT_SHARE:
        return "test"
    return "validation" if place < 2 * HELD_OUT_SHARE else "train"
