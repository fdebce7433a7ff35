"""MinHash signatures: short fingerprints whose agreement estimates the overlap of two shingle sets.

The values are those of datasketch's MinHash with scheme "affine32", an identity hash function and a given seed (a
test compares them); computing them here keeps half a second of imports away from a single query. Broder (1997), On
the resemblance and containment of documents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from checks.line import Ints

if TYPE_CHECKING:
    from datasketch import MinHash, MinHashLSH

SCHEME = "affine32"
DATASKETCH_MAJOR = 2
_CHUNK = 1 << 15  # shingles permuted at a time: 16 MB for 128 permutations

Hashes = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Fingerprint:
    """The parameters of signatures and their bands; two signatures compare only if all of these are equal.

    Attributes:
        seed: seed of the permutations.
        permutations: length of a whole tune's signature.
        bands: into how many equal bands it is cut for locality-sensitive hashing; two tunes of Jaccard similarity s
            meet in at least one band with probability 1 - (1 - s^(permutations / bands))^bands.
        window_permutations, window_bands: the same for passage windows.
        scheme: datasketch's name for the family of permutations.

    Raises:
        ValueError: bands do not divide permutations, or the scheme is not the one implemented here.
    """

    seed: int = 20_261
    permutations: int = 128
    bands: int = 32
    window_permutations: int = 16
    window_bands: int = 8
    scheme: str = SCHEME

    def __post_init__(self) -> None:
        if self.scheme != SCHEME:
            raise ValueError(f"the hash scheme must be {SCHEME!r}, not {self.scheme!r}")
        for length, bands in ((self.permutations, self.bands), (self.window_permutations, self.window_bands)):
            if bands < 2 or length % bands:
                raise ValueError(f"bands must be 2 or more and divide the permutations, not {bands} of {length}")

    def as_manifest(self) -> dict[str, Any]:
        """Return the parameters as JSON values, with a signature of known shingles that proves them."""
        return {**asdict(self), "probe": [int(value) for value in self.sign(_PROBE)[:8]]}

    @cached_property
    def _coefficients(self) -> tuple[Hashes, Hashes]:
        # datasketch draws a from [0, 2^31), makes it odd, then b from [0, 2^32), both of the legacy generator.
        generator = np.random.RandomState(self.seed)
        a = generator.randint(0, 1 << 31, self.permutations, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
        b = generator.randint(0, 1 << 32, self.permutations, dtype=np.uint32)
        return a, b

    def sign(self, shingles: Hashes) -> Hashes:
        """Return the signature of one set of shingles [G], [permutations] uint32; all ones for no shingles."""
        return self.sign_groups(shingles, np.zeros(len(shingles), np.int64), 1)[0]

    def sign_groups(self, shingles: Hashes, groups: Ints, count: int) -> Hashes:
        """Return the signatures of many sets.

        Args:
            shingles: [G] uint32, of all sets.
            groups: [G] the set of each, ascending.
            count: number of sets.

        Returns:
            [count, permutations] uint32.
        """
        a, b = self._coefficients
        signatures = np.full((count, self.permutations), 0xFFFFFFFF, np.uint32)
        mixed = _fmix(np.asarray(shingles, np.uint32))
        for begin in range(0, len(mixed), _CHUNK):
            part, owner = mixed[begin : begin + _CHUNK], groups[begin : begin + _CHUNK]
            firsts = np.flatnonzero(np.diff(owner, prepend=-1))
            lows = np.minimum.reduceat(part[:, None] * a + b, firsts, axis=0)
            names = owner[firsts]
            signatures[names] = np.minimum(signatures[names], lows)
        return signatures

    def sign_windows(self, shingles: Hashes) -> Hashes:
        """Return the signatures of windows with equally many shingles, [W, G] to [W, window_permutations]."""
        a, b = (values[: self.window_permutations] for values in self._coefficients)
        signatures = np.empty((len(shingles), self.window_permutations), np.uint32)
        for begin in range(0, len(shingles), 4096):
            mixed = _fmix(shingles[begin : begin + 4096])
            signatures[begin : begin + 4096] = (mixed[:, :, None] * a + b).min(axis=1)
        return signatures

    def reference(self, shingles: Iterable[int]) -> MinHash:
        """Return datasketch's own MinHash of the shingles: the definition that `sign` is tested against."""
        from datasketch import MinHash

        sketch = MinHash(num_perm=self.permutations, seed=self.seed, scheme=SCHEME, hashfunc=int)
        sketch.update_batch([int(shingle) for shingle in shingles])
        return sketch

    def lsh(self) -> MinHashLSH:
        """Return an empty datasketch MinHashLSH with these bands."""
        from datasketch import MinHashLSH

        return MinHashLSH(num_perm=self.permutations, params=(self.bands, self.permutations // self.bands))


def band_keys(signatures: Hashes, bands: int) -> Hashes:
    """Hash each band of signatures [S, P] to one number, [bands, S] uint32 (equal bands have equal numbers)."""
    rows = signatures.reshape(len(signatures), bands, signatures.shape[1] // bands)
    keys = np.zeros((len(signatures), bands), np.uint32)
    for step in range(rows.shape[2]):
        keys = _fmix(keys * np.uint32(0x01000193) + rows[:, :, step])
    return np.ascontiguousarray(keys.T)


def _fmix(values: Hashes) -> Hashes:
    """MurmurHash3's 32-bit finalizer, with which datasketch mixes its input."""
    values = values ^ values >> np.uint32(16)
    values = values * np.uint32(0x85EBCA6B)
    values = values ^ values >> np.uint32(13)
    values = values * np.uint32(0xC2B2AE35)
    return values ^ values >> np.uint32(16)


_PROBE = np.array([1, 2, 3, 0x12345678, 0xFFFFFFFF], np.uint32)
