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
_BLOCK = 1 << 16  # shingles permuted at a time: 256 kB, what a core keeps close

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

        Sets of about equal size are laid side by side, so that every permutation is three passes over a block that
        stays in the processor's cache, and the minimum runs across whole rows.

        Args:
            shingles: [G] uint32, of all sets.
            groups: [G] the number of the set that each belongs to, ascending.
            count: number of sets; those without shingles get all ones.

        Returns:
            [count, permutations] uint32.
        """
        signatures = np.full((count, self.permutations), 0xFFFFFFFF, np.uint32)
        mixed = _fmix(np.asarray(shingles, np.uint32))
        begins = np.searchsorted(groups, np.arange(count + 1))
        sizes = np.diff(begins)
        names = np.argsort(sizes, kind="stable")
        names = names[np.searchsorted(sizes[names], 1) :]  # those that hold anything
        while len(names):
            few = max(1, _BLOCK // int(sizes[names[0]]))
            block, names = names[:few], names[few:]
            size = int(sizes[block[-1]])
            # shorter sets are filled up with their last shingle, which changes no minimum
            rows = np.minimum(np.arange(size)[:, None], sizes[block] - 1) + begins[block]
            signatures[block] = self._minima(mixed[rows], self.permutations)
        return signatures

    def sign_windows(self, shingles: Hashes) -> Hashes:
        """Return the signatures of windows with equally many shingles, [W, G] to [W, window_permutations]."""
        signatures = np.empty((len(shingles), self.window_permutations), np.uint32)
        step = max(1, _BLOCK // max(1, shingles.shape[1]))
        for begin in range(0, len(shingles), step):
            mixed = _fmix(np.ascontiguousarray(shingles[begin : begin + step].T))
            signatures[begin : begin + step] = self._minima(mixed, self.window_permutations)
        return signatures

    def _minima(self, mixed: Hashes, permutations: int) -> Hashes:
        """Return the minima of sets in columns [G, S] under the first permutations, [S, permutations]."""
        a, b = self._coefficients
        if mixed.shape[1] == 1:  # one set: the permutations lie side by side instead
            return (mixed * a[:permutations] + b[:permutations]).min(axis=0)[None]
        lows = np.empty((permutations, mixed.shape[1]), np.uint32)
        room = np.empty_like(mixed)
        for number in range(permutations):
            np.multiply(mixed, a[number], out=room)
            np.add(room, b[number], out=room)
            np.min(room, axis=0, out=lows[number])
        return lows.T

    def reference(self, shingles: Iterable[int]) -> MinHash:
        """Return datasketch's own MinHash of the shingles: the definition that `sign` is tested against."""
        from datasketch import MinHash

        sketch = MinHash(num_perm=self.permutations, seed=self.seed, scheme=SCHEME, hashfunc=int)
        sketch.update_batch([int(shingle) for shingle in shingles])
        return sketch

    def minhash(self, signature: Hashes) -> MinHash:
        """Return a signature as datasketch's MinHash."""
        from datasketch import MinHash

        return MinHash(num_perm=self.permutations, seed=self.seed, scheme=SCHEME, hashvalues=signature)

    def lsh(self, **settings: Any) -> MinHashLSH:
        """Return a datasketch MinHashLSH with these bands; empty, unless the settings name a storage that is not."""
        from datasketch import MinHashLSH

        return MinHashLSH(num_perm=self.permutations, params=(self.bands, self.permutations // self.bands), **settings)


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
