"""What the model sees before each event: where it is in bar and piece, what came last, what stood there some bars ago.

One code path computes the features for training, evaluation and generation. They are whole numbers, one column each
of `COLUMNS`; pitch columns hold numbers of relative pitches, so that the same features serve every key.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from genaudio.melody.grammar import Frame
from genaudio.melody.vocabulary import GRID_TICKS, NOTE, TIE, Vocabulary

LAGS = (1, 2, 4, 8, 16)
"""The bars before, in which repetition is looked for."""

BASE_COLUMNS = ("beat", "in_beat", "bar", "phrase", "left", "rhythm", "pitch", "before")
COLUMNS = (
    *BASE_COLUMNS,
    *(f"rhythm_{lag}" for lag in LAGS),
    *(f"pitch_{lag}" for lag in LAGS),
    *(f"run_{lag}" for lag in LAGS),
)
PITCH_COLUMNS = tuple(
    index for index, name in enumerate(COLUMNS) if name in ("pitch", "before") or name.startswith("pitch_")
)
LEFT_COLUMN = COLUMNS.index("left")

BEATS, IN_BEAT, BARS, PHRASES, LEFT, RUNS = 16, 96, 9, 9, 34, 8
"""Sizes of the columns: beats, places in a beat, bar of eight (or pickup), eights, bars left (or unknown), runs."""
LEFT_UNKNOWN = LEFT - 1


class History:
    """The events so far of one melody, and the features of the next.

    Args:
        vocabulary: names the symbols.
        frame: the bar lines.
        tonic: pitch class of the tonic.
    """

    def __init__(self, vocabulary: Vocabulary, frame: Frame, tonic: int) -> None:
        self.vocabulary, self.frame, self.tonic = vocabulary, frame, tonic
        self.tick = 0
        self.sounding = False
        self._none_rhythm, self._none_pitch = vocabulary.rhythm_count, vocabulary.pitch_count
        self._rhythm, self._pitch, self._before = self._none_rhythm, self._none_pitch, self._none_pitch
        self._rhythm_at: dict[int, int] = {}
        self._onsets: list[int] = []
        self._sounding_pitch: list[int] = []
        self._runs = [0] * len(LAGS)
        self._lagged: tuple[list[int], list[int]] = ([], [])

    @property
    def done(self) -> bool:
        """True when the last bar is full."""
        return self.tick >= self.frame.end

    def features(self) -> list[int]:
        """Return the features of the next event in the order of `COLUMNS`."""
        frame = self.frame
        bar, position, _ = frame.locate(self.tick)
        beat, inside = divmod(position, frame.beat_ticks)
        self._lagged = self._look_back()
        return [
            min(beat, BEATS - 1),
            min(inside // GRID_TICKS, IN_BEAT - 1),
            bar % 8 if bar >= 0 else BARS - 1,
            min(bar // 8, PHRASES - 2) if bar >= 0 else PHRASES - 1,
            min(frame.bars - 1 - bar, LEFT - 2),
            self._rhythm,
            self._pitch,
            self._before,
            *self._lagged[0],
            *self._lagged[1],
            *(min(run, RUNS - 1) for run in self._runs),
        ]

    def _look_back(self) -> tuple[list[int], list[int]]:
        """Return, for each lag, the rhythm that began and the pitch that sounded at this place that many bars ago."""
        rhythms, pitches = [], []
        for lag in LAGS:
            tick = self.tick - lag * self.frame.bar_ticks
            rhythms.append(self._rhythm_at.get(tick, self._none_rhythm))
            index = bisect_right(self._onsets, tick) - 1
            pitches.append(self._sounding_pitch[index] if index >= 0 else self._none_pitch)
        return rhythms, pitches

    def push(self, rhythm: int, pitch: int | None) -> None:
        """Add an event after `features` was called for it: a rhythm symbol and, for a note, a relative pitch number."""
        kind, duration = self.vocabulary.rhythms[rhythm]
        for index, (old_rhythm, old_pitch) in enumerate(zip(*self._lagged, strict=True)):
            same = rhythm == old_rhythm and (kind != NOTE or pitch == old_pitch)
            self._runs[index] = self._runs[index] + 1 if same else 0
        if kind == NOTE and pitch is not None:
            self._pitch, self._before = pitch, self._pitch
        self.sounding = kind in (NOTE, TIE)
        self._rhythm = rhythm
        self._rhythm_at[self.tick] = rhythm
        self._onsets.append(self.tick)
        self._sounding_pitch.append(self._pitch if self.sounding else self._none_pitch)
        self.tick += duration


def trace(history: History, events: Iterable[tuple[int, int | None]]) -> list[list[int]]:
    """Push (rhythm, pitch) after (rhythm, pitch) into a history and return the features before each, [T, columns]."""
    rows = []
    for rhythm, pitch in events:
        rows.append(history.features())
        history.push(rhythm, pitch)
    return rows
