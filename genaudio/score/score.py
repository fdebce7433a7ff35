"""A score: tracks of polyphonic notes under one tempo map."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from operator import itemgetter

from genaudio.score.errors import ScoreError
from genaudio.score.key import Key
from genaudio.score.melody import Melody
from genaudio.score.metre import Metre
from genaudio.score.note import Note

DEFAULT_TEMPO = 120.0
"""Quarter notes a minute where a score says nothing (the MIDI standard's default)."""


@dataclass(frozen=True)
class Track:
    """One part: notes of one instrument, which may sound together.

    Attributes:
        notes: the notes, in the order of their onsets.
        program: General MIDI program, 0-127.
        drums: True for a percussion track, where pitch names the drum.
        name: the part's name.
        volume: linear gain from 0 to 1.
        pan: -1 (left) to 1 (right).
        pedal: spans (onset, offset) in quarter notes in which the sustain pedal is down.
        bends: pitch bend as (onset in quarter notes, semitones), each valid until the next.
    """

    notes: tuple[Note, ...]
    program: int = 0
    drums: bool = False
    name: str = ""
    volume: float = 1.0
    pan: float = 0.0
    pedal: tuple[tuple[float, float], ...] = ()
    bends: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", tuple(sorted(self.notes)))
        if not 0 <= self.program <= 127:
            raise ScoreError(f"a General MIDI program must be from 0 to 127, not {self.program}")

    @property
    def end(self) -> float:
        """End of the last sounding note in quarter notes; 0 for an empty track."""
        return max((note.offset for note in self.notes), default=0.0)


@dataclass(frozen=True)
class Score:
    """Tracks under one map of tempi, metres and keys.

    Attributes:
        tracks: the parts.
        tempi: (onset in quarter notes, quarter notes a minute), first at 0.
        metres: (onset in quarter notes, metre); empty where unknown.
        keys: (onset in quarter notes, key); empty where unknown.
        pickup: length of the incomplete first bar in quarter notes, 0 where there is none.
        title, creator: as far as known.
    """

    tracks: tuple[Track, ...]
    tempi: tuple[tuple[float, float], ...] = ((0.0, DEFAULT_TEMPO),)
    metres: tuple[tuple[float, Metre], ...] = ()
    keys: tuple[tuple[float, Key], ...] = ()
    pickup: float = 0.0
    title: str | None = None
    creator: str | None = None

    def __post_init__(self) -> None:
        tempi = tuple(sorted(self.tempi, key=itemgetter(0))) or ((0.0, DEFAULT_TEMPO),)
        if tempi[0][0] < 0:
            raise ScoreError(f"a tempo must begin at quarter note 0 or later, not at {tempi[0][0]:g}")
        if tempi[0][0] > 0:
            tempi = ((0.0, DEFAULT_TEMPO), *tempi)
        for onset, tempo in tempi:
            if not 0 < tempo < 10_000:
                raise ScoreError(f"the tempo at quarter note {onset:g} must be more than 0, not {tempo}")
        object.__setattr__(self, "tempi", tempi)
        object.__setattr__(self, "tracks", tuple(self.tracks))
        for name in ("metres", "keys"):
            object.__setattr__(self, name, tuple(sorted(getattr(self, name), key=itemgetter(0))))
        if not (isfinite(self.pickup) and self.pickup >= 0):
            raise ScoreError(f"a pickup must be 0 or more quarter notes, not {self.pickup}")
        starts = [0.0]
        for (start, tempo), (end, _) in pairwise(tempi):
            starts.append(starts[-1] + (end - start) * 60.0 / tempo)
        object.__setattr__(self, "_tempo_seconds", tuple(starts))

    @classmethod
    def from_melody(cls, melody: Melody, program: int = 0, tempo: float | None = None) -> Score:
        """Make a score of one track that plays a melody; `tempo` overrides the melody's own."""
        return cls(
            tracks=(Track(melody.notes, program=program, name=melody.title or ""),),
            tempi=((0.0, tempo or melody.tempo or DEFAULT_TEMPO),),
            metres=() if melody.metre is None else ((0.0, melody.metre),),
            keys=() if melody.key is None else ((0.0, melody.key),),
            pickup=melody.pickup,
            title=melody.title,
        )

    @property
    def end(self) -> float:
        """End of the last note in quarter notes."""
        return max((track.end for track in self.tracks), default=0.0)

    @property
    def duration(self) -> float:
        """End of the last note in seconds."""
        return self.seconds(self.end)

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes of all tracks, sorted by onset."""
        return tuple(sorted(note for track in self.tracks for note in track.notes))

    def seconds(self, onset: float) -> float:
        """Turn quarter notes from the beginning into seconds by the tempo map."""
        index = max(0, bisect_right(self.tempi, onset, key=lambda change: change[0]) - 1)
        start, tempo = self.tempi[index]
        first: float = self._tempo_seconds[index]  # type: ignore[attr-defined]
        return first + (onset - start) * 60.0 / tempo
