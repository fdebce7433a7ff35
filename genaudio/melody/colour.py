"""What makes a key heard: its telling steps come, foreign ones stay rare, sections close on the tonic, and the tune
closes on a long note. Needs no torch.

A tune in G mixolydian without a single F is heard in G major, whatever was wished. Nine training works of ten are in
major or minor, so the model by itself leaves such steps out too often; and at the ends of a form's sections it closes
on the tonic less often than people do. `Colours` lean the scores of pitches: towards a telling step for as long as
fewer have come than there should be, a little away from steps beyond the scale, and towards the tonic where a section
ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genaudio.melody.grammar import Frame
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import MODES, Key

TELLING: dict[str, dict[int, float]] = {
    "major": {11: 0.05},
    "minor": {8: 0.03},
    "dorian": {9: 0.08},
    "mixolydian": {4: 0.06, 10: 0.07},
}
"""The steps in semitones above the tonic that no neighbouring mode has, and of mixolydian the third, each with the
share of a tune's notes below which it is missed. In the training works they have .08, .03, .06, .13 and .09; dorian is
asked for more, since the model takes it for minor otherwise.
"""
BORROWED = {"minor": frozenset({11}), "dorian": frozenset({11})}
"""Steps beyond the scale that a mode borrows: the leading note."""
HASTE, MOST_HASTE = 2.0, 3.0
"""How strongly a missing step is felt, and how strongly at most, in nats."""
EARLY = 0.5
"""So much of a note is missed of each telling step before the first has come."""
AVERSION = 2.0
"""How much less likely steps beyond the scale are made, in nats."""
CLOSING, RESTING, APPROACH = 2.2, 0.7, 1.0
"""How much likelier the tonic is made, in nats: for the last note of a form's section, for that of every eight bars in
tunes without a form, and for notes before either in the last half bar.
"""
REST_BARS = 8
SLOWING, LONG = 3.0, 480
"""How much likelier a last note of a crotchet or more (in ticks) is made than a shorter one, and than what leaves room
only for such, in nats. Of people's tunes 71 in 100 end so, of those that the model writes by itself 48.
"""
NEVER = -(1 << 40)
"""A tick that does not come."""

Numbers = NDArray[np.int64]
Nats = NDArray[np.float64]


@dataclass(frozen=True)
class Colour:
    """The mode of one melody, and where it rests.

    Attributes:
        key: tonic and mode; modes without telling steps only have their scale.
        ends: ticks at which sections end, and the tune, each with how much likelier the tonic is made there.
        bar_ticks: length of a bar.
        last: the tune's end, and how long its last note should be at least, in ticks; None for any.
    """

    key: Key
    ends: Mapping[int, float] = field(default_factory=dict)
    bar_ticks: int = 0
    last: tuple[int, int] | None = None

    @classmethod
    def of(cls, key: Key, frame: Frame) -> Colour:
        """Return the colour of a melody with these bar lines; its sections end at the frame's stops."""
        phrase = REST_BARS * frame.bar_ticks
        ends = {} if frame.stops else dict.fromkeys(range(phrase, frame.end, phrase), RESTING)
        last = (frame.end, min(LONG, frame.bar_ticks))
        return cls(key, ends | dict.fromkeys((*frame.stops, frame.end), CLOSING), frame.bar_ticks, last)


class Colours:
    """The colours of melodies side by side, one row R each, and how much of them has been heard.

    Args:
        colours: each melody's; None for one that is left to the model.
        vocabulary: names the symbols.
    """

    def __init__(self, colours: Sequence[Colour | None], vocabulary: Vocabulary) -> None:
        self._steps = (np.arange(vocabulary.pitch_count) + vocabulary.below) % 12
        self._durations = np.array([duration for _, duration in vocabulary.rhythms])
        rows, most = len(colours), max((len(colour.ends) for colour in colours if colour is not None), default=0)
        self._away, self._telling = np.zeros((rows, 12)), np.zeros((rows, 12))
        self._lines, self._closing = np.full((rows, most), NEVER), np.zeros((rows, most))
        self._bar, self._end, self._least = np.zeros(rows, np.int64), np.full(rows, NEVER), np.zeros(rows, np.int64)
        for row, colour in enumerate(colours):
            if colour is not None:
                self._set(row, colour)
        self._notes, self._heard = np.zeros((rows, 1), np.int64), np.zeros((rows, 12), np.int64)

    def _set(self, row: int, colour: Colour) -> None:
        mode, ends = colour.key.mode, len(colour.ends)
        self._away[row, ~np.isin(np.arange(12), [*MODES[mode], *BORROWED.get(mode, ())])] = -AVERSION
        for step, share in TELLING.get(mode, {}).items():
            self._telling[row, step] = share
        self._lines[row, :ends], self._closing[row, :ends] = list(colour.ends), list(colour.ends.values())
        self._bar[row] = colour.bar_ticks
        if colour.last is not None:
            self._end[row], self._least[row] = colour.last

    def lean(self, starts: Numbers, ends: Numbers) -> Nats:
        """Return what to add to the scores of the relative pitches, [R, P], of notes from ticks to ticks [R]."""
        missing = EARLY + self._telling * self._notes - self._heard
        haste = np.minimum(MOST_HASTE, HASTE * np.maximum(0.0, missing))
        lean = self._away + np.where(self._telling > 0, haste, 0.0)
        lean[:, 0] += self._closed(starts[:, None], ends[:, None])
        return lean.take(self._steps, axis=1)

    def slow(self, ticks: Numbers) -> Nats | None:
        """Return what to add to the scores of the rhythm symbols at ticks [R], [R, S]; None in no last bar."""
        left = self._end - ticks
        late = (left > 0) & (left <= self._bar)
        if not late.any():
            return None
        after, least = left[:, None] - self._durations, self._least[:, None]
        hurried = ((after == 0) & (self._durations < least)) | ((after > 0) & (after < least))
        return np.where(late[:, None] & hurried, -SLOWING, 0.0)

    def _closed(self, starts: Numbers, ends: Numbers) -> Nats:
        """Return how much likelier the tonic is made, [R] nats, for notes from ticks to ticks [R, 1]."""
        closing = np.where(self._lines == ends, self._closing, 0.0).sum(axis=1)
        near = (starts < self._lines) & (2 * (self._lines - starts) <= self._bar[:, None])
        return np.where(closing > 0, closing, APPROACH * near.any(axis=1))

    def place(self, rows: Numbers, numbers: Numbers) -> None:
        """Take into account notes that some rows were free to write: relative pitch numbers [rows]."""
        self._notes[rows] += 1
        self._heard[rows, self._steps[numbers]] += 1

    def keep(self, rows: Numbers) -> None:
        """Go on with some of the rows, in this order."""
        for name in ("_away", "_telling", "_lines", "_closing", "_bar", "_end", "_least", "_notes", "_heard"):
            setattr(self, name, getattr(self, name)[rows])
