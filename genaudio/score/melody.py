"""A melody: notes one after the other, with what a musician knows about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil, isfinite

from genaudio.score.errors import ScoreError
from genaudio.score.key import Key
from genaudio.score.metre import Metre
from genaudio.score.note import TICKS_PER_QUARTER, Note, to_ticks


@dataclass(frozen=True)
class Melody:
    """Notes that never overlap, in the order of their onsets.

    Attributes:
        notes: the notes; any iterable is taken and sorted by onset.
        metre: the time signature, if known.
        key: the key, if known.
        tempo: quarter notes a minute, if known.
        title: the title, if known.
        pickup: length in quarter notes of the incomplete bar at the beginning (anacrusis), 0 where there is
            none. Time 0 is the beginning of the pickup, so full bars begin at `pickup`.

    Raises:
        ScoreError: two notes sound at once (by more than a tick), or a number is out of range.
    """

    notes: tuple[Note, ...]
    metre: Metre | None = None
    key: Key | None = None
    tempo: float | None = None
    title: str | None = None
    pickup: float = 0.0

    def __init__(
        self,
        notes: Iterable[Note],
        metre: Metre | None = None,
        key: Key | None = None,
        tempo: float | None = None,
        title: str | None = None,
        pickup: float = 0.0,
    ) -> None:
        ordered = tuple(sorted(notes))
        for earlier, later in pairwise(ordered):
            if earlier.offset_ticks > later.onset_ticks + 1:
                raise ScoreError(
                    f"a melody has one voice, but notes {earlier.pitch} and {later.pitch} sound together at "
                    f"quarter note {later.onset:g}; take a voice of the score first"
                )
        if tempo is not None and not 0 < tempo < 10_000:
            raise ScoreError(f"a tempo must be more than 0 quarter notes a minute, not {tempo}")
        if not (isfinite(pickup) and pickup >= 0):
            raise ScoreError(f"a pickup must be 0 or more quarter notes, not {pickup}")
        for name, value in zip(
            ("notes", "metre", "key", "tempo", "title", "pickup"),
            (ordered, metre, key, tempo, title, pickup),
            strict=True,
        ):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.notes)

    @property
    def end(self) -> float:
        """End of the last note in quarter notes; 0 for no notes."""
        return self.notes[-1].offset if self.notes else 0.0

    @property
    def pitches(self) -> tuple[int, ...]:
        """MIDI numbers in order."""
        return tuple(note.pitch for note in self.notes)

    @property
    def bars(self) -> int:
        """Number of full bars that the notes reach into, the pickup not counted.

        Where a pickup is made up for by a short last bar, that bar counts.

        Raises:
            ScoreError: the melody has no metre.
        """
        if self.metre is None:
            raise ScoreError("a melody without a metre has no bars")
        ticks = to_ticks(self.end) - to_ticks(self.pickup)
        return max(0, ceil(Fraction(ticks, self.metre.bar_ticks)))

    def transposed(self, semitones: int) -> Melody:
        """Return the melody so many semitones higher, key included.

        Raises:
            ScoreError: a pitch leaves 0-127.
        """
        key = None if self.key is None else Key((self.key.tonic + semitones) % 12, self.key.mode)
        notes = (replace(note, pitch=note.pitch + semitones) for note in self.notes)
        return replace(self, notes=tuple(notes), key=key)

    def bar_position(self, note: Note) -> tuple[int, Fraction]:
        """Return (bar, quarter notes into it) of a note; bar 0 is the pickup bar or, without one, the first.

        Raises:
            ScoreError: the melody has no metre.
        """
        if self.metre is None:
            raise ScoreError("a melody without a metre has no bars")
        lead = -to_ticks(self.pickup) % self.metre.bar_ticks
        bar, ticks = divmod(note.onset_ticks + lead, self.metre.bar_ticks)
        return bar, Fraction(ticks, TICKS_PER_QUARTER)
