"""Which works are worth an alignment, and under which transposition.

Three proposers, joined: exact n-grams weighted by their rarity (they retrieve), MinHash bands of whole tunes
(near-duplicates), and MinHash bands of passage windows. Leskovec, Rajaraman and Ullman, Mining of Massive Datasets,
chapter 3; facts measured on tune families say that MinHash alone would miss most variants.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from checks.catalogue import Catalogue
from checks.fingerprint import Hashes, band_keys
from checks.line import Ints, Line
from checks.ngrams import tune_shingles, window_shingles, windows

_SHIFT = 128  # makes a transposition of -127..127 positive


@dataclass(frozen=True)
class Limits:
    """How many candidates are aligned.

    Attributes:
        passages: by their best diagonal band of n-grams.
        tunes: by all their n-grams.
        hashed: by MinHash, whole tunes and windows each.
        band: notes that a diagonal band is wide.
        commonest: n-grams that begin at more places than this are not looked up.
    """

    passages: int = 80
    tunes: int = 32
    hashed: int = 16
    band: int = 16
    commonest: int = 20_000


@dataclass(frozen=True, eq=False)
class Lanes:
    """Works to align, each with semitones by which it is raised; [L] both."""

    works: Ints
    transpositions: Ints


class Proposer:
    """Proposes candidates from one catalogue."""

    def __init__(self, catalogue: Catalogue, limits: Limits | None = None) -> None:
        """Take a catalogue; `limits` other than the usual ones on request."""
        self._catalogue = catalogue
        self._limits = limits or Limits()

    @cached_property
    def _owners(self) -> Ints:
        return self._catalogue.line.owners()

    @cached_property
    def _tune_bands(self) -> BandTable:
        catalogue = self._catalogue
        return BandTable(band_keys(catalogue.signatures, catalogue.fingerprint.bands))

    @cached_property
    def _window_bands(self) -> BandTable:
        return BandTable(self._catalogue.window_bands)

    def propose(self, query: Line, limits: Limits | None = None) -> Lanes:
        """Return candidates for one melody; unsearchable works are never among them."""
        limits = limits or self._limits
        votes = _Votes.count(query, self._catalogue, self._owners, limits)
        codes = [votes.best_bands(limits.passages), votes.best_totals(limits.tunes)]
        near = self.near_duplicates(query)[: limits.hashed]
        codes.append(self._with_transposition(query, near, votes))
        codes.append(self.similar_windows(query)[: limits.hashed])
        joined = np.unique(np.concatenate(codes))
        works = joined // (2 * _SHIFT)
        kept = self._catalogue.searchable[works]
        return Lanes(works[kept], (joined % (2 * _SHIFT) - _SHIFT)[kept])

    def near_duplicates(self, query: Line) -> Ints:
        """Return the works that share a MinHash band with the query, most alike first."""
        shingles, _ = tune_shingles(query, self._catalogue.shingling)
        if not len(shingles):
            return np.zeros(0, np.int64)
        signature = self._catalogue.fingerprint.sign(shingles)
        works = np.unique(self._tune_bands.meet(signature[None])[1])
        alike = (self._catalogue.signatures[works] == signature).sum(1)
        return works[np.argsort(-alike, kind="stable")]

    def similar_windows(self, query: Line) -> Ints:
        """Return (work, transposition) codes of passage windows that share a band, those with most bands first."""
        catalogue = self._catalogue
        firsts = windows(query, catalogue.shingling, hop=1)
        if not len(firsts):
            return np.zeros(0, np.int64)
        signatures = catalogue.fingerprint.sign_windows(window_shingles(query, firsts, catalogue.shingling))
        ours, theirs = self._window_bands.meet(signatures)
        pairs, counts = np.unique(ours.astype(np.int64) << 32 | theirs, return_counts=True)
        pairs = pairs[np.argsort(-counts, kind="stable")][: 4 * self._limits.hashed]
        notes, places = firsts[pairs >> 32], catalogue.windows[pairs & 0xFFFFFFFF]
        # windows that only overlap begin at different notes: their medians say more of the transposition
        size = np.arange(catalogue.shingling.window_notes)
        ours_pitch = np.median(query.pitches[notes[:, None] + size], axis=1)
        theirs_pitch = np.median(catalogue.line.pitches[places[:, None] + size], axis=1)
        codes = _encode(self._owners[places], np.rint(ours_pitch - theirs_pitch).astype(np.int64))
        return codes[np.sort(np.unique(codes, return_index=True)[1])]

    def _with_transposition(self, query: Line, works: Ints, votes: _Votes) -> Ints:
        chosen = []
        for work in works:
            voted = votes.transposition(int(work))
            if voted is None:
                theirs = self._catalogue.line.melody(int(work)).pitches
                voted = round(float(np.median(query.pitches)) - float(np.median(theirs)))
            chosen.append(voted)
        return _encode(works, np.array(chosen, np.int64))


class BandTable:
    """Band keys of signatures; a bitmap of the query's keys picks the few that are compared."""

    def __init__(self, keys: Hashes) -> None:
        """Take the band keys of the stored signatures, [bands, S]."""
        self._keys = keys

    def meet(self, signatures: Hashes) -> tuple[Ints, Ints]:
        """Return all (query signature, stored signature) that share a band, once for every shared band."""
        ours: list[Ints] = []
        theirs: list[Ints] = []
        for wanted, stored in zip(band_keys(signatures, len(self._keys)), self._keys, strict=True):
            order = np.argsort(wanted, kind="stable")
            ordered = wanted[order]
            bitmap = np.zeros(1 << 16, bool)
            bitmap[ordered & 0xFFFF] = True
            near = np.flatnonzero(bitmap[stored & 0xFFFF])
            low = np.searchsorted(ordered, stored[near], side="left")
            counts = np.searchsorted(ordered, stored[near], side="right") - low
            inner = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
            ours.append(order[np.repeat(low, counts) + inner])
            theirs.append(np.repeat(near, counts))
        return np.concatenate(ours), np.concatenate(theirs)


def _encode(works: npt.ArrayLike, transpositions: Ints) -> Ints:
    codes: Ints = np.asarray(works, np.int64) * (2 * _SHIFT) + transpositions + _SHIFT
    return codes


@dataclass(frozen=True, eq=False)
class _Votes:
    """Rarity of shared n-grams, by (work, transposition) codes ascending: all together, and in the best band."""

    codes: Ints
    totals: npt.NDArray[np.float64]
    bands: npt.NDArray[np.float64]

    @classmethod
    def count(cls, query: Line, catalogue: Catalogue, owners: Ints, limits: Limits) -> _Votes:
        notes, places, rarity = catalogue.postings.look_up(query, len(catalogue), limits.commonest)
        shift = query.pitches[notes].astype(np.int64) - catalogue.line.pitches[places]
        codes = _encode(owners[places], shift)
        order = np.argsort(codes, kind="stable")
        codes, notes, places, rarity = codes[order], notes[order], places[order], rarity[order]
        firsts = np.flatnonzero(np.diff(codes, prepend=-1))
        if not len(firsts):
            return cls(codes, rarity, rarity)
        lane = np.repeat(np.arange(len(firsts)), np.diff(np.append(firsts, len(codes))))
        diagonal = places - notes + len(query)
        bands = np.zeros(len(firsts))
        for offset in (0, limits.band // 2):  # two grids, so that no passage is cut in the middle
            cells = lane << 40 | (diagonal + offset) // limits.band
            order = np.argsort(cells, kind="stable")
            begins = np.flatnonzero(np.diff(cells[order], prepend=-1))
            sums = np.add.reduceat(rarity[order], begins)
            np.maximum.at(bands, lane[order][begins], sums)
        return cls(codes[firsts], np.add.reduceat(rarity, firsts), bands)

    def best_bands(self, limit: int) -> Ints:
        return self.codes[_largest(self.bands, limit)]

    def best_totals(self, limit: int) -> Ints:
        return self.codes[_largest(self.totals, limit)]

    def transposition(self, work: int) -> int | None:
        low, high = np.searchsorted(self.codes, [work * 2 * _SHIFT, (work + 1) * 2 * _SHIFT])
        if low == high:
            return None
        return int(self.codes[low + int(self.totals[low:high].argmax())] % (2 * _SHIFT)) - _SHIFT


def _largest(values: npt.NDArray[np.float64], limit: int) -> Ints:
    if len(values) <= limit:
        return np.arange(len(values))
    return np.argpartition(-values, limit)[:limit]
