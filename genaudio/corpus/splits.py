"""Training, validation and test works: whole families, by a seeded hash of the family's name.

Families that are found later to be one (`genaudio.corpus.variants`) bear the name of the one among them whose split is
the first in `SPLITS`, so that the hash of the name still gives the split.
"""

from __future__ import annotations

from hashlib import sha256

SPLITS = ("train", "validation", "test")


def split_of(family: str, seed: int = 0, held_out_share: float = 0.05) -> str:
    """Return the split of a family: the same on every machine, whatever other families there are.

    Validation and test each get `held_out_share` of all families in expectation.
    """
    digest = sha256(f"{seed}:{family}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < held_out_share:
        return "test"
    return "validation" if place < 2 * held_out_share else "train"
