"""From a track of a score to soundings in seconds, as a player would: pedal held, collisions resolved."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from genaudio.errors import GenaudioError
from genaudio.instruments import DRUM_KIT, Family, family_of
from genaudio.percussion import drum_key, hits
from genaudio.score import Score, Track
from genaudio.sounding import Sounding, without_collisions

SHORTEST = 0.03
"""Seconds to which shorter notes are drawn out, so that they can be heard."""
LONGEST = 4 * 3600.0
"""Seconds of the longest score that is rendered."""
RING = 1.5
"""Seconds that a stem rings on after its last note, at least."""


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
    def modelled(self) -> tuple[Sounding, ...]:
        """The notes as the score model knows them: pitches beyond the family's range moved by octaves into it."""
        if self.family.drums:
            return self.notes
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


def _family(track: Track) -> Family:
    """Who plays a track."""
    return DRUM_KIT if track.drums else family_of(track.program)


def _name(track: Track, index: int, taken: set[str]) -> str:
    """Name a stem by its track, or its family, and make the name unique."""
    wanted = "".join(c if c.isalnum() or c in " -_" else "_" for c in track.name).strip() or _family(track).name
    name = wanted if wanted not in taken else f"{wanted} {index + 1}"
    taken.add(name)
    return name


def _hits(track: Track, score: Score) -> tuple[tuple[Sounding, ...], int]:
    """The hits of a drum track on the keys of the kit, and how many have no drum there."""
    keys = [drum_key(note.pitch) for note in track.notes]
    struck = [
        Sounding(score.seconds(note.onset), score.seconds(note.onset), key, note.velocity)
        for note, key in zip(track.notes, keys, strict=True)
        if key is not None
    ]
    return hits(struck), len(keys) - len(struck)


def _notes(track: Track, score: Score) -> tuple[Sounding, ...]:
    """The notes of a pitched track in seconds, with the pedal held."""
    starts = [down for down, _ in track.pedal]
    soundings = []
    for note in track.notes:
        start = score.seconds(note.onset)
        end = score.seconds(_pedalled(note.onset, note.offset, track, starts))
        soundings.append(Sounding(start, max(end, start + SHORTEST), note.pitch, note.velocity))
    return without_collisions(tuple(soundings))


def parts_of(score: Score) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """Turn a score into the parts to render.

    Returns:
        the parts; and sentences on what is left out (hits that no drum plays, empty tracks).
    """
    parts, left_out = [], []
    taken: set[str] = set()
    for index, track in enumerate(score.tracks):
        label = track.name or f"track {index + 1}"
        family, unknown = _family(track), 0
        if track.drums:
            notes, unknown = _hits(track, score)
        else:
            notes = _notes(track, score)
        if unknown:
            left_out.append(f"{label}: {unknown} hits on keys that General MIDI gives no drum")
        elif not notes:
            left_out.append(f"{label}: no notes")
        if not notes:
            continue
        bent = any(semitones for _, semitones in track.bends)  # many files only set the wheel straight
        bends = tuple((score.seconds(onset), semitones) for onset, semitones in track.bends if bent)
        pan = track.pan if track.pan or len(score.tracks) == 1 else family.pan
        parts.append(Part(_name(track, index, taken), family, notes, bends, track.volume, pan))
    return tuple(parts), tuple(left_out)


class Playable(NamedTuple):
    """The parts of a score to render, sentences on what is left out, and the seconds that it lasts."""

    parts: tuple[Part, ...]
    left_out: tuple[str, ...]
    seconds: float


def playable(score: Score, knows: Callable[[Family], bool]) -> Playable:
    """Return what of a score can be rendered by a renderer that knows some families.

    Raises:
        GenaudioError: there is nothing to play, or the score is longer than `LONGEST`.
    """
    parts, left_out = parts_of(score)
    unknown = [part for part in parts if not knows(part.family)]
    left_out += tuple(f"{part.name}: this renderer has not learnt the {part.family.name}" for part in unknown)
    parts = tuple(part for part in parts if part not in unknown)
    if not parts:
        raise GenaudioError("there are no notes to render" + (": " + "; ".join(left_out) if left_out else ""))
    seconds = max(note.end + max(RING, part.family.rings) for part in parts for note in part.notes)
    if seconds > LONGEST:
        raise GenaudioError(
            f"the score lasts {seconds / 3600:.1f} h; at most {LONGEST / 3600:g} h are rendered: cut it into parts"
        )
    return Playable(parts, left_out, seconds)
