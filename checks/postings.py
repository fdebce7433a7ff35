"""Exact n-gram index: for every interval n-gram all the notes at which it begins, with its rarity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.line import Ints, Line
from checks.ngrams import interval_ngrams


@dataclass(frozen=True, eq=False)
class Postings:
    """An inverted index of packed n-grams.

    Attributes:
        keys: [T] distinct packed n-grams, ascending, uint64 (uint32 where they fit).
        begins: [T + 1] where the places of each begin, uint32.
        places: [P] first notes, counted through the whole catalogue, int32; ascending within a key.
        works: [T] in how many works each occurs, uint32.
        length: intervals in an n-gram.
    """

    keys: npt.NDArray[Any]
    begins: Ints
    places: Ints
    works: Ints
    length: int

    @classmethod
    def build(cls, line: Line, length: int) -> Postings:
        """Index all n-grams of the works in `line`."""
        keys, places = interval_ngrams(line, length)
        order = np.argsort(keys, kind="stable")
        keys, places = keys[order], places[order]
        firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, int)
        owners = line.owners()[places]
        fresh = np.concatenate([[True], (owners[1:] != owners[:-1]) | (keys[1:] != keys[:-1])]) if len(keys) else firsts
        counts = np.add.reduceat(fresh.astype(np.int64), firsts) if len(firsts) else firsts
        return cls(
            keys[firsts].astype(np.uint32 if length <= 5 else np.uint64),
            np.append(firsts, len(keys)).astype(np.uint32),
            places.astype(np.int32),
            np.asarray(counts).astype(np.uint32),
            length,
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what goes on disk."""
        return {
            "ngram_keys.npy": self.keys,
            "ngram_begins.npy": self.begins,
            "ngram_places.npy": self.places,
            "ngram_works.npy": self.works,
        }

    @classmethod
    def load(cls, arrays: Mapping[str, npt.NDArray[Any]], length: int) -> Postings:
        """Take the arrays that `arrays` gave."""
        return cls(
            arrays["ngram_keys.npy"],
            arrays["ngram_begins.npy"],
            arrays["ngram_places.npy"],
            arrays["ngram_works.npy"],
            length,
        )

    def look_up(self, query: Line, works: int, limit: int) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
        """Find every place in the catalogue that has an n-gram of the query.

        Args:
            query: one melody.
            works: number of works in the catalogue, for the rarity.
            limit: n-grams with more places than this are left out (they say nothing and cost the most).

        Returns:
            For every hit the note of the query, the note of the catalogue, and the inverse document frequency of
            the n-gram in bits, log2((works + 1) / (works that have it + 1/2)).
        """
        wanted, notes = interval_ngrams(query, self.length)
        wanted = wanted.astype(self.keys.dtype)
        slots = np.minimum(np.searchsorted(self.keys, wanted), max(len(self.keys) - 1, 0))
        if not len(self.keys) or not len(wanted):
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        counts = self.begins[slots + 1].astype(np.int64) - self.begins[slots]
        found = (self.keys[slots] == wanted) & (counts <= limit)
        slots, notes, counts = slots[found], notes[found], counts[found]
        rarity = np.log2((works + 1) / (self.works[slots] + 0.5))
        ends = np.cumsum(counts)
        inner = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
        places = self.places[np.repeat(self.begins[slots].astype(np.int64), counts) + inner]
        return np.repeat(notes, counts), places.astype(np.int64), np.repeat(rarity, counts)
