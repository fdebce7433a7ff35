"""From a track of a score to soundings in seconds, as a player would: pedal held, collisions resolved."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from genaudio.instruments import FAMILIES, Family, family_of
from genaudio.score import Score, Track
from genaudio.sounding import Sounding, without_collisions

SHORTEST = 0.03
"""Seconds to which shorter notes are drawn out, so that they can be heard."""


@dataclass(frozen=True)
class Part:
    """What one stem plays.

    Attributes:
        name: the stem's name, unique in its score.
        family: the instrument family.
        notes: soundings in seconds, none of one pitch overlapping.
        bends: pitch bend as (seconds, semitones).
        volume: linear gain.
        pan: -1 to 1.
    """

    name: str
    family: Family
    notes: tuple[Sounding, ...]
    bends: tuple[tuple[float, float], ...]
    volume: float
    pan: float

    @property
    def number(self) -> int:
        """The family's number in the model."""
        return FAMILIES.index(self.family)

    @property
    def modelled(self) -> tuple[Sounding, ...]:
        """The notes as the score model knows them: pitches beyond the family's range moved by octaves into it."""
        folded = (note._replace(pitch=_fold(note.pitch, self.family)) for note in self.notes)
        return without_collisions(tuple(folded))


def _fold(pitch: int, family: Family) -> int:
    """Move a pitch by octaves into a family's range."""
    if pitch < family.low:
        return pitch + 12 * -((pitch - family.low) // 12)
    if pitch > family.high:
        return pitch - 12 * -((family.high - pitch) // 12)
    return pitch


def _pedalled(onset: float, offset: float, track: Track, starts: list[float]) -> float:
    """Return where a note ends in quarter notes when the sustain pedal is down at its end."""
    index = bisect_right(starts, offset) - 1
    if index >= 0:
        down, up = track.pedal[index]
        if down <= offset < up and onset < up:
            return up
    return offset


def _name(track: Track, index: int, taken: set[str]) -> str:
    """Name a stem by its track, or its family, and make the name unique."""
    wanted = (
        "".join(c if c.isalnum() or c in " -_" else "_" for c in track.name).strip() or family_of(track.program).name
    )
    name = wanted if wanted not in taken else f"{wanted} {index + 1}"
    taken.add(name)
    return name


def parts_of(score: Score) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """Turn a score into the parts to render.

    Returns:
        the parts; and sentences on what is left out (drums, empty tracks).
    """
    parts, left_out = [], []
    taken: set[str] = set()
    for index, track in enumerate(score.tracks):
        label = track.name or f"track {index + 1}"
        if track.drums:
            left_out.append(f"{label}: drums are not rendered yet ({len(track.notes)} hits left out)")
            continue
        if not track.notes:
            left_out.append(f"{label}: no notes")
            continue
        starts = [down for down, _ in track.pedal]
        soundings = []
        for note in track.notes:
            start = score.seconds(note.onset)
            end = score.seconds(_pedalled(note.onset, note.offset, track, starts))
            soundings.append(Sounding(start, max(end, start + SHORTEST), note.pitch, note.velocity))
        bends = tuple((score.seconds(onset), semitones) for onset, semitones in track.bends)
        family = family_of(track.program)
        pan = track.pan if track.pan or len(score.tracks) == 1 else family.pan
        notes = without_collisions(tuple(soundings))
        parts.append(Part(_name(track, index, taken), family, notes, bends, track.volume, pan))
    return tuple(parts), tuple(left_out)
