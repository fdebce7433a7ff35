"""Exact n-gram index: for every interval n-gram all the notes at which it begins, with its rarity.

The places of an n-gram lie in the order of what follows them there, up to `LONGEST` intervals, as in a suffix array.
So the places that share more than the indexed n-gram with a query are a range within the range, and an n-gram that a
large catalogue has too often is looked up with as many more intervals as make it rare. Manber and Myers (1993), Suffix
arrays: a new method for on-line string searches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.line import Ints, Line
from checks.ngrams import INTERVAL_BITS, INTERVAL_LIMIT, complete, intervals

LONGEST = 10
"""Intervals by which places are ordered."""
SAMPLE = 16
"""Of so many places one keeps its long n-gram, by which ranges are found; they are wider than need be by so many."""

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Postings:
    """An inverted index of packed n-grams.

    Attributes:
        keys: [T] distinct packed n-grams, ascending, uint64 (uint32 where they fit).
        begins: [T + 1] where the places of each begin, uint32.
        places: [P] first notes, int32; within a key in the order of what follows.
        works: [T] in how many works each occurs, uint32.
        samples: [P / SAMPLE] packed n-gram of `LONGEST` intervals at every so many places, ascending, uint64; None in
            catalogues of format 1, whose places ascend within a key.
        length: intervals in an n-gram.
    """

    keys: npt.NDArray[Any]
    begins: Ints
    places: Ints
    works: Ints
    samples: Keys | None
    length: int

    @classmethod
    def build(cls, line: Line, length: int) -> Postings:
        """Index all n-grams of the works in `line`."""
        places = complete(line, length).astype(np.int32)
        long = long_ngrams(line)[places]
        order = np.argsort(long, kind="stable")
        long, places = long[order], places[order]
        del order
        keys = long >> np.uint64(INTERVAL_BITS * (LONGEST - length))
        firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.int64)
        distinct = keys[firsts].astype(np.uint32 if length <= 5 else np.uint64)
        slots = np.repeat(np.arange(len(firsts), dtype=np.int64), np.diff(np.append(firsts, len(keys))))
        pairs = np.sort(slots << 32 | line.owners()[places])
        fresh = np.concatenate([[True], pairs[1:] != pairs[:-1]]) if len(pairs) else np.zeros(0, bool)
        return cls(
            distinct,
            np.append(firsts, len(keys)).astype(np.uint32),
            places,
            np.bincount(pairs[fresh] >> 32, minlength=len(firsts)).astype(np.uint32),
            np.ascontiguousarray(long[::SAMPLE]),
            length,
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what goes on disk."""
        found = {
            "ngram_keys.npy": self.keys,
            "ngram_begins.npy": self.begins,
            "ngram_places.npy": self.places,
            "ngram_works.npy": self.works,
        }
        return found if self.samples is None else {**found, "ngram_samples.npy": self.samples}

    @classmethod
    def load(cls, arrays: Mapping[str, npt.NDArray[Any]], length: int) -> Postings:
        """Take the arrays that `arrays` gave."""
        return cls(
            arrays["ngram_keys.npy"],
            arrays["ngram_begins.npy"],
            arrays["ngram_places.npy"],
            arrays["ngram_works.npy"],
            arrays.get("ngram_samples.npy"),
            length,
        )

    def ranges(self, wanted: Keys) -> tuple[Ints, Ints, Ints]:
        """Return where the places of each n-gram begin and end, and in how many works it is; [K] int64 each."""
        if not len(self.keys):
            none = np.zeros(len(wanted), np.int64)
            return none, none, none
        wanted = wanted.astype(self.keys.dtype)
        slots = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        found = self.keys[slots] == wanted
        low, high = self.begins[slots].astype(np.int64), self.begins[slots + 1].astype(np.int64)
        return low, np.where(found, high, low), np.where(found, self.works[slots], 0).astype(np.int64)

    def narrowed(self, low: Ints, high: Ints, first: Keys, last: Keys) -> tuple[Ints, Ints]:
        """Narrow ranges to the places whose long n-grams lie between two (both included), [K].

        A range may have up to `SAMPLE` places too many at either end; in format 1 it stays as it is.
        """
        if self.samples is None:
            return low, high
        begin = np.searchsorted(self.samples, first, side="left") - 1
        end = np.searchsorted(self.samples, last, side="right")
        low, high = np.maximum(low, begin * SAMPLE), np.minimum(high, end * SAMPLE)
        return low, np.maximum(low, high)


def long_ngrams(line: Line) -> Keys:
    """Pack the `LONGEST` intervals after every note, [N] uint64; works are not told apart, and beyond the end is 63."""
    symbols = (intervals(line) + INTERVAL_LIMIT).astype(np.uint8)
    symbols[-1:] = 63
    keys = np.zeros(len(line), np.uint64)
    for step in range(LONGEST):
        room = max(0, len(line) - step)
        keys <<= np.uint64(INTERVAL_BITS)
        keys[:room] |= symbols[step:]
        keys[room:] |= np.uint64(63)
    return keys


def query_ngrams(query: Line, length: int, longest: int) -> tuple[Keys, Keys]:
    """Return the least and the greatest long n-gram that begins like the query, for the first notes of `length`.

    Args:
        query: one melody.
        length: intervals that there are after each of the notes, which are all but the last `length`.
        longest: intervals that are to agree; no more than there are after a note.

    Returns:
        [notes - length] uint64 each.
    """
    keys = long_ngrams(query)[: max(0, len(query) - length)]
    there = np.minimum(longest, len(query) - 1 - np.arange(len(keys)))
    free = (np.uint64(INTERVAL_BITS) * (LONGEST - there).astype(np.uint64)).astype(np.uint64)
    first = keys >> free << free
    return first, first | ((np.uint64(1) << free) - np.uint64(1))
