"""MinHash bands kept in order, so that a search looks up its own few keys instead of reading all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checks.fingerprint import Hashes, band_keys
from checks.line import Ints


@dataclass(frozen=True, eq=False)
class BandTable:
    """Band keys of stored signatures.

    Attributes:
        keys: [bands, S] band keys, ascending within a band, uint32.
        names: [bands, S] the number of the signature that each is of, uint32.
    """

    keys: Hashes
    names: Hashes

    @classmethod
    def of(cls, keys: Hashes) -> BandTable:
        """Sort the keys of signatures that lie in their own order, [bands, S]."""
        names = np.argsort(keys, axis=1, kind="stable").astype(np.uint32)
        return cls(np.take_along_axis(keys, names, axis=1), names)

    def in_order(self) -> Hashes:
        """Return the keys in the order of their signatures, [bands, S]."""
        keys = np.empty_like(self.keys)
        np.put_along_axis(keys, self.names.astype(np.int64), self.keys, axis=1)
        return keys

    def meet(self, signatures: Hashes, crowd: int) -> tuple[Ints, Ints]:
        """Return all (query signature, stored signature) that share a band, once for every shared band.

        Args:
            signatures: [Q, permutations] of the query.
            crowd: of the stored ones that share one band key no more than this are returned, the earliest.
        """
        ours: list[Ints] = []
        theirs: list[Ints] = []
        for wanted, keys, names in zip(band_keys(signatures, len(self.keys)), self.keys, self.names, strict=True):
            order = np.argsort(wanted, kind="stable")  # neighbouring look-ups stay in the processor's cache
            low = np.searchsorted(keys, wanted[order], side="left")
            counts = np.minimum(np.searchsorted(keys, wanted[order], side="right") - low, crowd)
            inner = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
            ours.append(order[np.repeat(np.arange(len(order)), counts)])
            theirs.append(names[np.repeat(low, counts) + inner].astype(np.int64))
        return np.concatenate(ours), np.concatenate(theirs)
