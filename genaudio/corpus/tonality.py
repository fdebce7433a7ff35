"""The mode that a tune's notes show, where its key field only gives a signature.

Old transcriptions often write K:G for a tune in A dorian, and K:Gm for a tune whose sixths are all raised. Two exact
rules, each counted:

- "final": the tonic moves to the second, fifth or sixth step of a major key (dorian, mixolydian or minor with the same
  signature) where the last note of the tune is that step, more parts end on it than on the written tonic, and it sounds
  longer than the written tonic;
- "steps": where at least 4 notes are sixths (in minor and dorian) or sevenths (in major and mixolydian) and at least
  three quarters of them have the other mode's form, the mode is the other one. In minor and dorian the raised seventh
  is common to both and says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from genaudio.score import Key

KEPT_MODES = ("major", "minor", "dorian", "mixolydian")
"""Modes of the training works."""

_RELATIVE = {2: "dorian", 7: "mixolydian", 9: "minor"}
_DECISIVE_NOTES = 4
_DECISIVE_SHARE = Fraction(3, 4)
_TELLING_STEP = {"minor": (8, 9, "dorian"), "dorian": (9, 8, "minor"),
                 "major": (11, 10, "mixolydian"), "mixolydian": (10, 11, "major")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SoundedNote:
    """What the mode is judged by: a pitch, its duration in quarter notes, and whether it ends a part."""

    pitch: int
    duration: Fraction
    ends_part: bool = False


def sounding_key(written: Key, notes: Sequence[SoundedNote]) -> tuple[Key, str]:
    """Return the key that the notes show and the rule that changed it ("" where the written key stands)."""
    moved = _by_final(written, notes)
    key = _by_steps(moved, notes)
    return key, " and ".join(
        rule for rule, changed in (("final", moved != written), ("steps", key != moved)) if changed
    )


def _by_final(written: Key, notes: Sequence[SoundedNote]) -> Key:
    step = (notes[-1].pitch - written.tonic) % 12
    if written.mode != "major" or step not in _RELATIVE:
        return written
    tonic = notes[-1].pitch % 12
    sounding = {pitch_class: sum(n.duration for n in notes if n.pitch % 12 == pitch_class)
                for pitch_class in (tonic, written.tonic)}  # fmt: skip
    ends = [note.pitch % 12 for note in notes if note.ends_part]
    if sounding[tonic] > sounding[written.tonic] and ends.count(tonic) > ends.count(written.tonic):
        return Key(tonic, _RELATIVE[step])
    return written


def _by_steps(key: Key, notes: Sequence[SoundedNote]) -> Key:
    if key.mode not in _TELLING_STEP:
        return key
    own, other, mode = _TELLING_STEP[key.mode]
    steps = [(note.pitch - key.tonic) % 12 for note in notes]
    telling = steps.count(own) + steps.count(other)
    if telling >= _DECISIVE_NOTES and Fraction(steps.count(other), telling) >= _DECISIVE_SHARE:
        return Key(key.tonic, mode)
    return key
