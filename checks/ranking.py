"""Variants of a tune: works in the order of their likeness to a melody, over the length of both.

Three things differ from the search for copied passages.

- What a match is worth: the mean of what the note is worth in either melody, half of it the same for all notes, and
  more the longer the note lasts, since singers and fiddlers vary the short notes and keep the long ones. Wrong, extra
  and missing notes cost little.
- The transposition is the one at which the time spent on each pitch agrees best. Likeness is the alignment's bits over
  the geometric mean of what either melody would have with itself, 0 to 1, so that long works do not win by length.
- Variants of one tune are variants of one another: works that are like the nearest works are moved up. The very nearest
  keeps its place, as do works that are the melody itself.

Van Kranenburg, Volk and Wiering (2013), A comparison between global and local features for computational classification
of folk song melodies; Salton and Buckley (1990), Improving retrieval performance by relevance feedback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from checks.alignment import Costs, scores
from checks.background import NO_RATIO, Background, Floats, Notes
from checks.line import Ints, Line, joined
from checks.search import Search
from genaudio.score import TICKS_PER_QUARTER

COSTS = Costs(mismatch=2.0, gap=2.0, rhythm_weight=1.0, rhythm_mismatch=1.0, step=1.0, mutual=True)
"""What alignments of variants pay."""
NEIGHBOURS = 5
"""Nearest works that others are compared with."""
BORROWED = 2.0
"""What likeness to the neighbours counts, where likeness to the melody counts 1."""
SAME = 0.98
"""Likeness from which a work is the melody itself, and says nothing new of others."""
_AROUND = 7  # semitones beside the difference of the mean pitches
_PITCHES = np.arange(128)


def weigh(background: Background, line: Line) -> Notes:
    """Weigh notes for the comparison of variants."""
    notes = background.notes(line)
    lasting = np.clip(np.sqrt(np.asarray(line.durations) / (TICKS_PER_QUARTER / 2)), 0.4, 2.5)
    return replace(
        notes,
        pitch_bits=(1.25 + notes.pitch_bits / 2) * lasting,
        rhythm_bits=(0.5 + notes.rhythm_bits / 2) * lasting,
    )


def likeness(query: Notes, works: Notes, transpositions: Ints) -> Floats:
    """Return how alike a melody and each of several works are, 0 to 1, [works]."""
    found = scores(query, works, transpositions, COSTS)
    own = _with_itself(query)[0]
    return found / np.sqrt(np.maximum(own * _with_itself(works), 1e-9))


def transpositions(query: Line, works: Line) -> Ints:
    """Return the semitones by which each work is raised so that both spend their time on the same pitches."""
    ours, theirs = pitch_times(query)[0], pitch_times(works)
    middle = np.rint(ours @ _PITCHES - theirs @ _PITCHES).astype(np.int64)
    best, most = middle, np.full(len(middle), -1.0)
    for step in sorted(range(-_AROUND, _AROUND + 1), key=abs):
        shifts = middle + step
        places = _PITCHES - shifts[:, None]
        moved = np.take_along_axis(theirs, np.clip(places, 0, 127), axis=1) * ((places >= 0) & (places < 128))
        common = np.minimum(ours, moved).sum(1)
        best, most = np.where(common > most + 1e-9, shifts, best), np.maximum(common, most)
    return best


def pitch_times(line: Line) -> Floats:
    """Return the share of its time that each melody spends on each pitch, notes counting a half note at most."""
    times = np.zeros((line.melodies, 128))
    counted = np.minimum(line.durations, 2 * TICKS_PER_QUARTER)
    np.add.at(times, (line.owners(), np.clip(line.pitches.astype(np.int64), 0, 127)), counted)
    return times / np.maximum(times.sum(1, keepdims=True), 1e-9)


def rank(
    query: Line, searches: Sequence[Search], background: Background, limit: int
) -> list[tuple[Search, int, float]]:
    """Rank works of one or several catalogues by their likeness to a melody.

    Returns:
        the catalogue's search, the number of the work and its score, the best first.
    """
    chosen = [(search, int(work)) for search in searches for work in search.alike(query, limit)]
    if not chosen:
        return []
    pool = joined([search.catalogue.lines.melody(work) for search, work in chosen])
    notes = weigh(background, pool)

    def compare(melody: Line) -> Floats:
        return likeness(weigh(background, melody), notes, transpositions(melody, pool))

    near = compare(query)
    order = np.argsort(-near, kind="stable")
    firm = int(np.count_nonzero(near > SAME)) + 1
    neighbours = [place for place in order[: NEIGHBOURS + firm - 1].tolist() if near[place] <= SAME]
    total = near.copy()
    weights = near[neighbours] ** 2
    if weights.sum() > 0:
        shared = np.stack([compare(pool.melody(place)) for place in neighbours])
        total += BORROWED * (weights @ shared) / weights.sum()
    rest = order[firm:][np.argsort(-total[order[firm:]], kind="stable")]
    final = np.concatenate([order[:firm], rest])
    falling = np.maximum.accumulate(total[final][::-1])[
        ::-1
    ]  # those that keep their places score no less than the next
    return [(*chosen[place], float(score)) for place, score in zip(final.tolist(), falling.tolist(), strict=True)]


def _with_itself(notes: Notes) -> Floats:
    """Return the bits of each melody aligned with itself."""
    bits = notes.pitch_bits + COSTS.rhythm_weight * np.where(notes.ratios == NO_RATIO, 0.0, notes.rhythm_bits)
    sums = np.concatenate([[0.0], np.cumsum(bits)])
    return sums[notes.starts[1:]] - sums[notes.starts[:-1]]
