"""The alphabet of the melody model: what a step can be, as one frozen, validated object with a hash.

A melody is a row of *events*, each inside one bar: a note, a rest, or the continuation of a note over a bar line
(a tie). An event's rhythm (its kind and duration) is one symbol; a note has a pitch beside it, relative to the tonic,
so that all keys share their statistics. Pitches count from the *reference tonic*, the tonic in the octave 55-66
(G below middle C to F#), so that the key still tells the register.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.score import MODES, Metre, ScoreError

NOTE, REST, TIE = "note", "rest", "tie"
KINDS = (NOTE, REST, TIE)
GRID_TICKS = 10
"""Every onset and duration is a multiple of this many ticks (1/48 quarter note)."""
PLAIN_TICKS = 30
"""Durations and onsets on this grid (1/16 quarter note) belong to no tuplet."""
LOWEST_REFERENCE = 55
"""The reference tonic is the lowest tonic from here on (G3)."""


def reference_pitch(tonic: int) -> int:
    """Return the MIDI number that relative pitch 0 means: the tonic between 55 (G3) and 66 (F#4)."""
    return LOWEST_REFERENCE + (tonic - LOWEST_REFERENCE) % 12


@dataclass(frozen=True)
class Vocabulary:
    """What the model can say and be asked for.

    Attributes:
        styles: tune types, the order being their numbers.
        metres: time signatures, such as ``6/8``.
        modes: names of modes.
        notes, rests, ties: durations in ticks (480 a quarter) of each kind of event, ascending.
        lowest, highest: range of MIDI pitches that the model writes.
        below, above: range of pitches relative to the reference tonic in semitones (`below` is negative).

    Raises:
        GenaudioError: something is empty, unordered, off the grid or out of range; all that is wrong is named.
    """

    styles: tuple[str, ...]
    metres: tuple[str, ...]
    modes: tuple[str, ...]
    notes: tuple[int, ...]
    rests: tuple[int, ...]
    ties: tuple[int, ...]
    lowest: int
    highest: int
    below: int = -24
    above: int = 40

    def __post_init__(self) -> None:
        mistakes: list[str] = []
        if list(self.styles) != sorted(set(self.styles)):
            mistakes.append("styles are not in ascending order or not unique")
        for kind, durations in (("notes", self.notes), ("rests", self.rests), ("ties", self.ties)):
            if list(durations) != sorted(set(durations)):
                mistakes.append(f"durations of {kind} are not in ascending order or not unique")
        mistakes += [
            f"there are no {name}" for name in ("styles", "metres", "modes", "notes") if not getattr(self, name)
        ]
        mistakes += [f"unknown mode {mode!r}" for mode in self.modes if mode not in MODES]
        for duration in (*self.notes, *self.rests, *self.ties):
            if duration <= 0 or duration % GRID_TICKS:
                mistakes.append(f"a duration of {duration} ticks is no multiple of {GRID_TICKS}")
        for text in self.metres:
            try:
                Metre.parse(text)
            except ScoreError as error:
                mistakes.append(str(error))
        if not 0 <= self.lowest < self.highest <= 127:
            mistakes.append(f"the range {self.lowest}-{self.highest} is no range of MIDI pitches")
        if not self.below < 0 < self.above:
            mistakes.append(f"relative pitches {self.below} to {self.above} do not enclose the tonic")
        if mistakes:
            raise GenaudioError("the melody vocabulary is wrong: " + "; ".join(mistakes))

    @classmethod
    def from_config(cls, config: dict[str, Any], digest: str) -> Vocabulary:
        """Rebuild a vocabulary that a weights file carries.

        Raises:
            IncompatibleError: the content is damaged or its hash is not `digest`.
        """
        try:
            content: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}
            vocabulary = cls(**content)
        except (TypeError, GenaudioError) as error:
            raise IncompatibleError(f"the melody model's vocabulary cannot be used: {error}") from error
        if vocabulary.digest != digest:
            raise IncompatibleError(
                f"the melody model's vocabulary has hash {vocabulary.digest[:12]} where its weights were trained with "
                f"{digest[:12]}; install the model file again"
            )
        return vocabulary

    @cached_property
    def config(self) -> dict[str, Any]:
        """The content as JSON can carry it."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content in hexadecimal."""
        return hashlib.sha256(json.dumps(self.config, sort_keys=True).encode()).hexdigest()

    @cached_property
    def rhythms(self) -> tuple[tuple[str, int], ...]:
        """The rhythm symbols as (kind, duration in ticks), the order being their numbers."""
        durations = {NOTE: self.notes, REST: self.rests, TIE: self.ties}
        return tuple((kind, duration) for kind in KINDS for duration in durations[kind])

    @cached_property
    def rhythm_index(self) -> dict[tuple[str, int], int]:
        """Number of each rhythm symbol."""
        return {rhythm: index for index, rhythm in enumerate(self.rhythms)}

    @property
    def rhythm_count(self) -> int:
        """Number of rhythm symbols; the number itself means "none" as an input."""
        return len(self.rhythms)

    @property
    def pitch_count(self) -> int:
        """Number of relative pitches; the number itself means "none" as an input."""
        return self.above - self.below + 1

    def pitch_number(self, pitch: int, tonic: int) -> int | None:
        """Return the number of a MIDI pitch in a key, or None where the vocabulary does not reach it."""
        number = pitch - reference_pitch(tonic) - self.below
        return number if 0 <= number < self.pitch_count and self.lowest <= pitch <= self.highest else None

    def midi_pitch(self, number: int, tonic: int) -> int:
        """Return the MIDI pitch that a number means in a key."""
        return number + self.below + reference_pitch(tonic)
