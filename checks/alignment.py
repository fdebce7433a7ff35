"""Local alignment of melodies: which notes of a query are a transposed, perhaps edited, passage of a work.

Smith and Waterman's (1981) recursion over notes. Under a given transposition two notes match if their pitches do; a
match is worth the note's information, more if the rhythm agrees and less if not; another pitch, an inserted and a
missing note cost a constant:

    H[i, j] = max(0, H[i-1, j-1] + s(i, j), H[i-1, j] - gap, H[i, j-1] - gap)

Rows are computed whole: the third term along a row is a running maximum of H + gap * j. Many works are aligned at
once, laid end to end with a column between them that no path can cross. Mongeau and Sankoff (1990), Comparison of
musical sequences; van Kranenburg, Volk and Wiering (2013), A comparison between global and local features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.background import NO_RATIO, Floats, Notes
from checks.line import Ints

_WALL = 1e4  # more bits than any alignment has
_BATCH = 1 << 14  # columns aligned at once: what stays in a core's cache


@dataclass(frozen=True)
class Costs:
    """What alignment pays, in bits.

    Attributes:
        mismatch: for two notes of different pitch.
        gap: for a note that the other side does not have.
        rhythm_weight: share of the rhythm's information that counts where ratio classes agree.
        rhythm_mismatch: for a matching pitch whose ratio class differs by two or more half octaves.
        step: for two notes that are a tone or a semitone apart; None: as for any other mismatch.
        mutual: whether a match is worth the mean of what the note is worth in either melody, rather than in the work.
    """

    mismatch: float = 6.0
    gap: float = 5.0
    rhythm_weight: float = 1.0
    rhythm_mismatch: float = 1.0
    step: float | None = None
    mutual: bool = False


LOOSE = Costs(mismatch=3.0, gap=3.0, rhythm_weight=0.5, rhythm_mismatch=1.0)
"""What tells variants of whole tunes, which agree over their length but not note for note."""


@dataclass(frozen=True)
class Alignment:
    """The best local alignment of a query and a work.

    Attributes:
        score: bits.
        pairs: aligned notes (query, work), ascending, without the inserted and the missing ones.
        matches: how many pairs have the same pitch under the transposition.
        columns: pairs, inserted and missing notes together.
    """

    score: float
    pairs: tuple[tuple[int, int], ...]
    matches: int
    columns: int

    @property
    def identity(self) -> float:
        """Share of columns in which the pitches agree, 0 to 1."""
        return self.matches / self.columns if self.columns else 0.0


class Gains:
    """What a note of a query gains with every note of some works, s(i, j), kept for all notes that are alike."""

    def __init__(self, work: Notes, pitches: Ints, costs: Costs) -> None:
        """Take works, whose transposed pitches are given."""
        self._work = work
        self._pitches = pitches
        self._costs = costs
        self._known: dict[tuple[int, int], Floats] = {}
        self._worths: dict[int, Floats] = {}

    def row(self, query: Notes, place: int) -> Floats:
        """Return the gains of one note of a query, [notes of the works]; not to be changed."""
        symbol = (int(query.pitches[place]), int(query.ratios[place]))
        if self._costs.mutual:
            return self._made(*symbol, float(query.pitch_bits[place]), float(query.rhythm_bits[place]))
        if symbol not in self._known:
            self._known[symbol] = self._made(*symbol)
        return self._known[symbol]

    def _made(self, pitch: int, ratio: int, *bits: float) -> Floats:
        otherwise: Floats | float = -self._costs.mismatch
        if self._costs.step is not None:
            near = np.abs(self._pitches - pitch) <= 2
            otherwise = np.where(near, -self._costs.step, -self._costs.mismatch)
        worth = self._worth(ratio)
        if bits:
            own, rhythm = bits
            worth = worth + own / 2
            if ratio != NO_RATIO:
                worth += np.where(self._work.ratios == ratio, rhythm * self._costs.rhythm_weight / 2, 0.0)
        return np.where(self._pitches == pitch, worth, otherwise)

    def _worth(self, ratio: int) -> Floats:
        """Return what notes of the right pitch are worth after this ratio."""
        if ratio not in self._worths:
            share = 0.5 if self._costs.mutual else 1.0
            worth = share * self._work.pitch_bits
            if ratio != NO_RATIO:
                apart = np.abs(self._work.ratios.astype(np.int16) - ratio)
                known = self._work.ratios != NO_RATIO
                worth = worth + np.where(apart == 0, share * self._costs.rhythm_weight * self._work.rhythm_bits, 0.0)
                worth -= self._costs.rhythm_mismatch * ((apart >= 2) & known)
            self._worths[ratio] = worth
        return self._worths[ratio]


def scores(query: Notes, works: Notes, transpositions: Ints, costs: Costs) -> Floats:
    """Return the score of the best local alignment of a query with each of several works.

    Args:
        query: one melody.
        works: L melodies end to end.
        transpositions: [L] semitones by which each is raised before it is compared.
        costs: what alignment pays.

    Returns:
        [L] bits, 0 where nothing matches.
    """
    best = np.zeros(len(transpositions))
    lane = 0
    while lane < len(best):
        limit = works.starts[lane] + _BATCH
        after = max(lane + 1, int(np.searchsorted(works.starts, limit, side="right")) - 1)
        best[lane:after] = _batch(query, _walled(works, lane, after, transpositions), costs)
        lane = after
    return best


def _walled(works: Notes, begin: int, end: int, transpositions: Ints) -> tuple[Notes, Ints]:
    """Take some lanes with their transposition, and put a column that matches nothing after each."""
    first, last = int(works.starts[begin]), int(works.starts[end])
    cuts = works.starts[begin + 1 : end + 1] - first
    lengths = np.diff(works.starts[begin : end + 1])
    pitches = works.pitches[first:last] + np.repeat(transpositions[begin:end], lengths)
    starts = np.concatenate([[0], cuts + np.arange(1, len(cuts) + 1)])
    walled = Notes(
        np.insert(pitches.astype(np.int16), cuts, -999),
        np.insert(works.ratios[first:last], cuts, NO_RATIO),
        np.insert(works.pitch_bits[first:last], cuts, 0.0),
        np.insert(works.rhythm_bits[first:last], cuts, 0.0),
        starts,
    )
    return walled, starts[1:] - 1


def _batch(query: Notes, lanes: tuple[Notes, Ints], costs: Costs) -> Floats:
    work, walls = lanes
    size = len(work)
    ramp = np.full(size, costs.gap)
    ramp[walls] = _WALL
    ramp = np.cumsum(ramp)
    cells, best, row = np.zeros(size), np.zeros(size), np.empty(size)
    gains = Gains(work, work.pitches, costs)
    for place in range(len(query)):
        gained = gains.row(query, place)
        np.add(cells[:-1], gained[1:], out=row[1:])
        row[0] = gained[0]
        row[walls] = 0.0
        np.subtract(cells, costs.gap, out=cells)
        np.maximum(row, cells, out=row)
        np.maximum(row, 0.0, out=row)
        row += ramp
        np.maximum.accumulate(row, out=cells)
        cells -= ramp
        np.maximum(best, cells, out=best)
    return np.maximum.reduceat(best, work.starts[:-1])


def align(
    query: Notes,
    work: Notes,
    transposition: int,
    costs: Costs,
    free: npt.NDArray[np.bool_] | None = None,
    gains: Gains | None = None,
) -> Alignment:
    """Find the best local alignment and trace it back.

    Args:
        query, work: one melody each.
        transposition: semitones by which the work is raised before it is compared.
        costs: what alignment pays.
        free: [notes of the query] which notes may be used; None: all.
        gains: of the work so transposed, if they were made before.

    Returns:
        the alignment; one without pairs where nothing matches.
    """
    pitches = work.pitches + np.int16(transposition)
    gains = gains or Gains(work, pitches, costs)
    ramp = costs.gap * np.arange(len(work))
    cells = np.zeros((len(query) + 1, len(work) + 1))
    gained = np.empty((len(query), len(work)))
    best = np.empty(len(work))
    for row in range(len(query)):
        if free is not None and not free[row]:
            gained[row] = -_WALL
            continue  # the row of zeros ends every path
        gained[row] = gains.row(query, row)
        np.add(cells[row, :-1], gained[row], out=best)
        np.maximum(best, cells[row, 1:] - costs.gap, out=best)
        np.maximum(best, 0.0, out=best)
        best += ramp
        np.maximum.accumulate(best, out=cells[row + 1, 1:])
        cells[row + 1, 1:] -= ramp
    return _trace(cells, gained, query, pitches, costs)


def _trace(cells: Floats, gains: Floats, query: Notes, pitches: Ints, costs: Costs) -> Alignment:
    row, column = divmod(int(cells.argmax()), cells.shape[1])
    score = float(cells[row, column])
    pairs: list[tuple[int, int]] = []
    columns = matches = 0
    while row and column and cells[row, column] > 1e-9:
        here = cells[row, column]
        columns += 1
        if abs(cells[row - 1, column - 1] + gains[row - 1, column - 1] - here) < 1e-6:
            row, column = row - 1, column - 1
            pairs.append((row, column))
            matches += int(query.pitches[row] == pitches[column])
        elif abs(cells[row - 1, column] - costs.gap - here) < 1e-6:
            row -= 1
        else:
            column -= 1
    # notes before it that agree but carry nothing, such as a melody's first, belong to the passage
    while (
        pairs and row and column and query.pitches[row - 1] == pitches[column - 1] and gains[row - 1, column - 1] >= 0
    ):
        row, column, columns, matches = row - 1, column - 1, columns + 1, matches + 1
        pairs.append((row, column))
    return Alignment(score, tuple(reversed(pairs)), matches, columns)
