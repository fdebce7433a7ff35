"""What music21 reads in a written tune, and which wishes that keeps: bars, length, form, range, density."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import music21
import numpy as np

from genaudio.melody import Wish
from genaudio.melody.pitch_names import parse_pitch
from genaudio.score import Melody, Metre, write_musicxml

NEAR = 0.1
"""A density is kept if the notes a bar are at most this share off."""


@dataclass(frozen=True)
class Reading:
    """What music21 reads in a file.

    Attributes:
        measures: length of each measure in quarter notes, rests included.
        notes: (onset, duration, MIDI pitch), ties joined, time 0 being the file's beginning.
    """

    measures: list[Fraction]
    notes: list[tuple[Fraction, Fraction, int]]


def read_back(melody: Melody, path: Path) -> Reading:
    """Write a melody as MusicXML and read it with music21."""
    write_musicxml(melody, path)
    part = music21.converter.parse(path, format="musicxml").parts[0]
    measures = [
        sum((Fraction(item.duration.quarterLength) for item in measure.notesAndRests), Fraction(0))
        for measure in part.getElementsByClass("Measure")
    ]
    notes = [
        (Fraction(note.offset), Fraction(note.duration.quarterLength), note.pitch.midi)
        for note in part.flatten().stripTies().notes
    ]
    return Reading(measures, notes)


def judge(wish: Wish, melody: Melody, reading: Reading) -> dict[str, bool]:
    """Return for each wish whether it is kept."""
    bar = Metre.parse(wish.metre or "").bar
    measures = reading.measures
    if melody.pickup:  # the pickup and the last measure make one bar
        measures = [*measures[1:-1], measures[0] + measures[-1]]
    kept = {
        "bars_sum": all(measure == bar for measure in measures),
        "length": len(measures) == wish.bars and reading.notes[-1][0] < (wish.bars or 0) * bar,
    }
    if wish.form is not None:
        kept["form"] = has_form(wish.form, (wish.bars or 0) // len(wish.form) * bar, bar, reading)
    if wish.lowest is not None and wish.highest is not None:
        low, high = parse_pitch(wish.lowest), parse_pitch(wish.highest)
        kept["range"] = all(low <= pitch <= high for _, _, pitch in reading.notes)
    if wish.density is not None:
        kept["density"] = abs(len(reading.notes) / (wish.bars or 1) / wish.density - 1) <= NEAR
    return kept


def has_form(form: str, length: Fraction, bar: Fraction, reading: Reading) -> bool:
    """Return whether sections of the same letter are the same, and those of other letters are not.

    Args:
        form: letters.
        length: of a section in quarter notes, its pickup included.
        bar: length of a bar; the last one of the last section may be its own where the section has been heard before.
        reading: has the notes.
    """
    sections = [
        [
            (onset - place * length, duration, pitch)
            for onset, duration, pitch in reading.notes
            if onset // length == place
        ]
        for place in range(len(form))
    ]
    pickup = reading.measures[0] if reading.measures[0] < bar else Fraction(0)

    def alike(one: int, other: int) -> bool:
        if other + 1 < len(form) or length == bar:
            return sections[one] == sections[other]
        own = length - bar + pickup
        first, second = (
            [(onset, min(duration, own - onset), pitch) for onset, duration, pitch in sections[place] if onset < own]
            for place in (one, other)
        )
        return first == second

    pairs = [(a, b) for b in range(len(form)) for a in range(b)]
    return all(alike(a, b) == (form[a] == form[b]) for a, b in pairs)


def judge_wishes(wishes: Sequence[Wish], tunes: Sequence[Melody]) -> dict[str, Any]:
    """Return how many tunes have each wish, and how many keep it."""
    asked, kept, off = Counter[str](), Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        for wish, melody in zip(wishes, tunes, strict=True):
            reading = read_back(melody, Path(folder) / "tune.musicxml")
            for name, fine in judge(wish, melody, reading).items():
                asked[name] += 1
                kept[name] += fine
            if wish.density is not None:
                off.append(abs(len(reading.notes) / (wish.bars or 1) / wish.density - 1))
    return {
        "kept": {name: {"tunes": asked[name], "kept": kept[name]} for name in asked},
        "density_mean_error": float(np.mean(off)) if off else None,
    }
