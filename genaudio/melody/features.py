"""What the model sees before each event: where it is in bar and piece, what came last, what stood there some bars ago.

One code path computes the features for training, evaluation and generation. They are whole numbers, one column each
of `COLUMNS`; pitch columns hold numbers of relative pitches, so that the same features serve every key.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable

from genaudio.melody.grammar import Frame
from genaudio.melody.vocabulary import GRID_TICKS, NOTE, TIE, Vocabulary

LAGS = (1, 2, 4, 8, 16)
"""The bars before, in which repetition is looked for."""

PLACE_COLUMNS = ("beat", "in_beat", "bar", "phrase", "left")
"""Where a tick is: in bar, beat, eight bars and piece."""
CUES = ("same", "moved")
"""How the last notes may have stood earlier in the tune: at the same pitches, or with the same intervals."""
BASE_COLUMNS = (*PLACE_COLUMNS, "rhythm", "pitch", "before")
COLUMNS = (
    *BASE_COLUMNS,
    *(f"rhythm_{lag}" for lag in LAGS),
    *(f"pitch_{lag}" for lag in LAGS),
    *(f"pitch_{cue}" for cue in CUES),
    *(f"run_{lag}" for lag in LAGS),
    *(f"run_{cue}" for cue in CUES),
)
PITCH_COLUMNS = tuple(
    index for index, name in enumerate(COLUMNS) if name in ("pitch", "before") or name.startswith("pitch_")
)
RHYTHM_COPIES = tuple(COLUMNS.index(f"rhythm_{lag}") for lag in LAGS)
PITCH_COPIES = tuple(index for index, name in enumerate(COLUMNS) if name.startswith("pitch_"))
"""The columns whose symbols the outputs may copy."""
LEFT_COLUMN = COLUMNS.index("left")

BEATS, IN_BEAT, BARS, PHRASES, LEFT, RUNS = 16, 96, 9, 9, 35, 8
"""Sizes of the columns: beats, places in a beat, bar of eight (or pickup), eights, bars left (end, unknown), runs."""
LEFT_UNKNOWN, LEFT_END = LEFT - 1, LEFT - 2
LONGEST_CUE = RUNS - 1
"""So many notes or intervals are compared at most."""


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
        self._heard: list[int] = []
        self._followed: tuple[dict[tuple[int, ...], int], dict[tuple[int, ...], int]] = ({}, {})

    @property
    def done(self) -> bool:
        """True when the last bar is full."""
        return self.tick >= self.frame.end

    def features(self) -> list[int]:
        """Return the features of the next event in the order of `COLUMNS`."""
        self._lagged = self._look_back()
        cues, lengths = self._cues()
        return [
            *self._place(self.tick),
            self._rhythm,
            self._pitch,
            self._before,
            *self._lagged[0],
            *self._lagged[1],
            *cues,
            *(min(run, RUNS - 1) for run in self._runs),
            *lengths,
        ]

    def arrival(self, rhythm: int) -> list[int]:
        """Return where the next event will end if it has this rhythm symbol, in the order of `PLACE_COLUMNS`."""
        return self._place(self.tick + self.vocabulary.rhythms[rhythm][1])

    def _place(self, tick: int) -> list[int]:
        """Return where a tick is in bar, beat, eight bars and piece."""
        frame = self.frame
        bar, position, _ = frame.locate(tick)
        beat, inside = divmod(position, frame.beat_ticks)
        return [
            min(beat, BEATS - 1),
            min(inside // GRID_TICKS, IN_BEAT - 1),
            bar % 8 if bar >= 0 else BARS - 1,
            min(bar // 8, PHRASES - 2) if bar >= 0 else PHRASES - 1,
            LEFT_END if tick >= frame.end else min(frame.bars - 1 - bar, LEFT_END - 1),
        ]

    def _cues(self) -> tuple[list[int], list[int]]:
        """Return what followed the last notes where they stood before, by pitch and by interval, and how many matched.

        The longest match counts, and of those the latest.
        """
        none, heard = self._none_pitch, self._heard
        steps = [b - a for a, b in itertools.pairwise(heard[-LONGEST_CUE - 1 :])]
        cues, lengths = [none, none], [0, 0]
        for which, recent, base in ((0, heard[-LONGEST_CUE:], 0), (1, steps, self._pitch)):
            for size in range(len(recent), 0, -1):
                following = self._followed[which].get(tuple(recent[-size:]))
                if following is not None:
                    if 0 <= base + following < none:
                        cues[which], lengths[which] = base + following, size
                    break
        return cues, lengths

    def _learn(self, pitch: int) -> None:
        """Remember that a pitch followed the notes heard so far."""
        heard = self._heard
        recent = heard[-LONGEST_CUE:]
        for size in range(1, len(recent) + 1):
            self._followed[0][tuple(recent[-size:])] = pitch
        if len(heard) > 1:
            recent = [b - a for a, b in itertools.pairwise(heard[-LONGEST_CUE - 1 :])]
            for size in range(1, len(recent) + 1):
                self._followed[1][tuple(recent[-size:])] = pitch - heard[-1]
        heard.append(pitch)

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
            self._learn(pitch)
            self._pitch, self._before = pitch, self._pitch
        self.sounding = kind in (NOTE, TIE)
        self._rhythm = rhythm
        self._rhythm_at[self.tick] = rhythm
        self._onsets.append(self.tick)
        self._sounding_pitch.append(self._pitch if self.sounding else self._none_pitch)
        self.tick += duration


def trace(history: History, events: Iterable[tuple[int, int | None]]) -> tuple[list[list[int]], list[list[int]]]:
    """Push (rhythm, pitch) after (rhythm, pitch) into a history.

    Returns:
        The features before each, [T, columns], and where each ends, [T, place columns].
    """
    rows, arrivals = [], []
    for rhythm, pitch in events:
        rows.append(history.features())
        arrivals.append(history.arrival(rhythm))
        history.push(rhythm, pitch)
    return rows, arrivals
