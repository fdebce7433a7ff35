"""Which works are worth an alignment, and under which transposition.

Three proposers, joined: exact n-grams weighted by their rarity (they retrieve), MinHash bands of whole tunes
(near-duplicates), and MinHash bands of passage windows. Leskovec, Rajaraman and Ullman, Mining of Massive Datasets,
chapter 3; facts measured on tune families say that MinHash alone would miss most variants.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.catalogue import Catalogue
from checks.line import Ints, Line
from checks.lookup import Places, look_up
from checks.ngrams import tune_shingles, window_shingles, windows

_SHIFT = 128  # makes a transposition of -127..127 positive
_DIAGONALS = 28  # bits of a diagonal's number; works beyond two thousand million notes share the last


@dataclass(frozen=True)
class Limits:
    """How many candidates are aligned.

    Attributes:
        passages: by their best diagonal band of n-grams.
        tunes: by all their n-grams.
        hashed: by MinHash, whole tunes and windows each.
        band: notes that a diagonal band is wide.
        commonest: n-grams that begin at more places than this are not looked up.
        budget: places of n-grams that are looked at, about.
        crowd: signatures with one band key that are looked at.
    """

    passages: int = 80
    tunes: int = 32
    hashed: int = 16
    band: int = 16
    commonest: int = 20_000
    budget: int = 150_000
    crowd: int = 32


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

    def propose(self, query: Line, limits: Limits | None = None) -> Lanes:
        """Return candidates for one melody; unsearchable works are never among them."""
        limits = limits or self._limits
        votes = _Votes.count(query, self._catalogue, limits)
        codes = [votes.best_bands(limits.passages), votes.best_totals(limits.tunes)]
        near = self.near_duplicates(query)[: limits.hashed]
        codes.append(self._with_transposition(query, near, votes))
        codes.append(self.similar_windows(query)[: limits.hashed])
        joined = np.unique(np.concatenate(codes))
        works = joined // (2 * _SHIFT)
        kept = self._catalogue.searchable[works]
        return Lanes(works[kept], (joined % (2 * _SHIFT) - _SHIFT)[kept])

    def alike(self, query: Line, limit: int) -> Ints:
        """Return the works that share most with a melody under one transposition, whatever the order; all if few."""
        catalogue = self._catalogue
        if len(catalogue) <= limit:
            return np.flatnonzero(catalogue.lines.lengths > 1)
        votes = _Votes.count(query, catalogue, self._limits)
        best = np.argsort(-votes.totals, kind="stable")
        works = votes.codes[best] // (2 * _SHIFT)
        works = works[np.sort(np.unique(works, return_index=True)[1])][:limit]
        return np.union1d(works, self.near_duplicates(query)[: self._limits.hashed])

    def near_duplicates(self, query: Line) -> Ints:
        """Return the works that share a MinHash band with the query, most alike first."""
        shingles, _ = tune_shingles(query, self._catalogue.shingling)
        if not len(shingles):
            return np.zeros(0, np.int64)
        signature = self._catalogue.fingerprint.sign(shingles)
        found, alike = [], []
        for segment, offset in zip(self._catalogue.segments, self._catalogue.lines.work_offsets, strict=False):
            works = np.unique(segment.tune_bands.meet(signature[None], self._limits.crowd)[1])
            alike.append((segment.signatures[works] == signature).sum(1))
            found.append(works + offset)
        return np.concatenate(found)[np.argsort(-np.concatenate(alike), kind="stable")]

    def similar_windows(self, query: Line) -> Ints:
        """Return (work, transposition) codes of passage windows that share a band, those with most bands first."""
        shingling = self._catalogue.shingling
        firsts = windows(query, shingling, hop=1)
        if not len(firsts):
            return np.zeros(0, np.int64)
        signatures = self._catalogue.fingerprint.sign_windows(window_shingles(query, firsts, shingling))
        most = 4 * self._limits.hashed
        size = np.arange(shingling.window_notes)
        codes, shared = [], []
        for segment, offset in zip(self._catalogue.segments, self._catalogue.lines.work_offsets, strict=False):
            ours, theirs = segment.window_bands.meet(signatures, self._limits.crowd)
            pairs, counts = np.unique(ours.astype(np.int64) << 32 | theirs, return_counts=True)
            best = np.argsort(-counts, kind="stable")[:most]
            notes, places = firsts[pairs[best] >> 32], segment.windows[pairs[best] & 0xFFFFFFFF]
            # windows that only overlap begin at different notes: their medians say more of the transposition
            ours_pitch = np.median(query.pitches[notes[:, None] + size], axis=1)
            theirs_pitch = np.median(segment.line.pitches[places[:, None] + size], axis=1)
            shifts = np.rint(ours_pitch - theirs_pitch).astype(np.int64)
            codes.append(_encode(segment.owners(places).astype(np.int64) + offset, shifts))
            shared.append(counts[best])
        ordered = np.concatenate(codes)[np.argsort(-np.concatenate(shared), kind="stable")][:most]
        return ordered[np.sort(np.unique(ordered, return_index=True)[1])]

    def _with_transposition(self, query: Line, works: Ints, votes: _Votes) -> Ints:
        chosen = []
        for work in works:
            voted = votes.transposition(int(work))
            if voted is None:
                theirs = self._catalogue.lines.melody(int(work)).pitches
                voted = round(float(np.median(query.pitches)) - float(np.median(theirs)))
            chosen.append(voted)
        return _encode(works, np.array(chosen, np.int64))


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
    def count(cls, query: Line, catalogue: Catalogue, limits: Limits) -> _Votes:
        places = look_up(query, catalogue.segments, catalogue.lines, limits.budget, limits.commonest)
        return cls.of(places, len(query), limits.band // 2)

    @classmethod
    def of(cls, places: Places, size: int, half: int) -> _Votes:
        """Sum up rarity over cells of `half` diagonals; two neighbours are a band, so that no passage is cut."""
        if not len(places.notes):
            return cls(places.works, places.rarity, places.rarity)
        diagonal = (places.places - places.notes + size) // half
        cells = _encode(places.works, places.shifts) << _DIAGONALS | np.minimum(diagonal, (1 << _DIAGONALS) - 1)
        order = np.argsort(cells)
        cells = cells[order]
        begins = np.flatnonzero(np.diff(cells, prepend=-1))
        cells, sums = cells[begins], np.add.reduceat(places.rarity[order], begins)
        after = np.append(np.where(cells[1:] == cells[:-1] + 1, sums[1:], 0.0), 0.0)
        codes = cells >> _DIAGONALS
        firsts = np.flatnonzero(np.diff(codes, prepend=-1))
        return cls(codes[firsts], np.add.reduceat(sums, firsts), np.maximum.reduceat(sums + after, firsts))

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
