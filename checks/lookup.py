"""Where a catalogue has the n-grams of a query, whatever its size.

In a small catalogue every n-gram of `index_length` intervals is looked up. In a large one many are at a hundred
thousand places, say nothing, and would take all the time. There each is made longer, by the notes that follow in the
query, until it is rare enough; what is still too common is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.line import Ints, Line, Lines
from checks.ngrams import interval_ngrams
from checks.postings import LONGEST, Postings, query_ngrams
from checks.segment import Segment

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Places:
    """Notes of the query and of the catalogue at which the same n-gram begins, [H] each.

    Attributes:
        notes: of the query.
        works: numbers of the works, counted through the catalogue.
        places: notes of the works, counted through the catalogue.
        shifts: semitones by which the query is above the work.
        rarity: inverse document frequency of the n-gram in bits: log2((works + 1) / (works that have it + 1/2)).
    """

    notes: Ints
    works: Ints
    places: Ints
    shifts: Ints
    rarity: Floats


@dataclass(frozen=True, eq=False)
class _Choice:
    """N-grams to look up: notes of the query [K], ranges of each in every segment [segments, K], rarity [K]."""

    notes: Ints
    low: Ints
    high: Ints
    rarity: Floats


def look_up(query: Line, segments: Sequence[Segment], lines: Lines, budget: int, commonest: int) -> Places:
    """Find the places of the query's n-grams.

    Args:
        query: one melody.
        segments: of a catalogue.
        lines: of the same.
        budget: places to look at, about; n-grams are made longer where there are more.
        commonest: n-grams at more places than this are left out.
    """
    choice = _chosen(query, [segment.postings for segment in segments], lines.melodies, budget, commonest)
    found = []
    offsets = zip(lines.work_offsets, lines.note_offsets, strict=True)
    for segment, (work, note), low, high in zip(segments, offsets, choice.low, choice.high, strict=False):
        counts = high - low
        ends = np.cumsum(counts)
        inner = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
        places = segment.postings.places[np.repeat(low, counts) + inner].astype(np.int64)
        owners = segment.owners(places)
        notes = np.repeat(choice.notes, counts)
        shifts = query.pitches[notes].astype(np.int64) - segment.line.pitches[places]
        rarity = np.repeat(choice.rarity, counts)
        found.append((notes, owners.astype(np.int64) + work, places + note, shifts, rarity))
    return Places(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _chosen(query: Line, indexes: Sequence[Postings], works: int, budget: int, commonest: int) -> _Choice:
    """Choose how many intervals of each n-gram are looked up."""
    length = indexes[0].length
    wanted, notes = interval_ngrams(query, length)
    low, high, having = (np.array(values) for values in zip(*(index.ranges(wanted) for index in indexes), strict=True))
    counts, having = (high - low).sum(0), having.sum(0)
    share = budget // max(1, len(notes))
    longer = length
    while counts.sum() > budget and longer < LONGEST:
        longer += 1
        common = np.flatnonzero(counts > share)
        first, last = (keys[common] for keys in query_ngrams(query, length, longer))
        for number, index in enumerate(indexes):
            low[number, common], high[number, common] = index.narrowed(
                low[number, common], high[number, common], first, last
            )
        counts[common] = (high[:, common] - low[:, common]).sum(0)
        having[common] = np.minimum(having[common], counts[common])
    kept = np.flatnonzero((counts > 0) & (counts <= commonest))
    rarest = kept[np.argsort(counts[kept], kind="stable")]
    kept = np.sort(rarest[np.cumsum(counts[rarest]) <= 2 * budget])
    return _Choice(notes[kept], low[:, kept], high[:, kept], np.log2((works + 1) / (having[kept] + 0.5)))
