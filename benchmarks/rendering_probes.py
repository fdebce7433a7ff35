"""Single notes rendered: attacks, velocities, silence where nothing is written; and borders between stretches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from rendering_bench import LEVEL, Bench
from rendering_measures import (
    at_level,
    attack_time,
    border_clicks,
    liveliness,
    loudest_silence,
    onset_levels,
    partials_apart,
    silences,
    velocity_correlation,
)

from genaudio.codec import codec as codec_module
from genaudio.instruments import Family
from genaudio.percussion import hits
from genaudio.renderer import renderer as renderer_module
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE

LEAD, HELD, EVERY, REST = 1.0, 0.5, 1.0, 6.0
"""Seconds: before the first note, of a note, between onsets, of the rest in the middle."""
RING = 1.5
"""Seconds that a note may ring on, where its family rings no longer, before silence is asked for."""
CYMBALS = 4.0
"""Seconds that cymbals ring on after the end of their hit."""
LONG, LONGS = 3.0, 6
"""Seconds of a long note, and how many there are."""
KEPT, KEPTS, LATER = 10.0, 3, 8.0
"""Seconds of a note that is kept down, how many there are, and how much later their level is asked for."""
FAINT = -70.0
"""Decibels from which on nothing is heard any more."""
VELOCITIES = (30, 60, 90, 120)
PITCHES = 6
SMALL = 150
"""Frames of the small stretches (1.7 s)."""
DRUM_KEYS = (36, 38, 42, 45, 49, 51)
"""Kick, snare, closed hi-hat, low tom, crash, ride."""


def spread(family: Family, low: float, high: float, count: int) -> tuple[int, ...]:
    """Pitches evenly from one share of a family's range to another."""
    width = family.high - family.low
    return tuple(round(family.low + width * share) for share in np.linspace(low, high, count))


def probe(family: Family, rng: np.random.Generator) -> tuple[Sounding, ...]:
    """Single notes over the middle of a family's range at every velocity, in random order, with a rest half-way."""
    pitches = DRUM_KEYS if family.drums else spread(family, 0.15, 0.85, PITCHES)
    chosen = [(pitch, velocity) for pitch in pitches for velocity in VELOCITIES]
    notes, now = [], LEAD
    for place, index in enumerate(rng.permutation(len(chosen))):
        pitch, velocity = chosen[index]
        notes.append(Sounding(now, now + HELD, int(pitch), velocity))
        now += EVERY + (REST if place + 1 == len(chosen) // 2 else 0.0)
    return hits(notes) if family.drums else tuple(notes)


def long_notes(family: Family) -> tuple[Sounding, ...]:
    """Long notes over the middle of a family's range, one after the other."""
    starts = (number * (LONG + 0.5) for number in range(LONGS))
    pitches = spread(family, 0.2, 0.7, LONGS)
    return tuple(Sounding(start, start + LONG, pitch, 80) for start, pitch in zip(starts, pitches, strict=True))


def held(bench: Bench, family: Family) -> dict[str, float]:
    """How much a family's held notes live, the teacher's and ours; nothing of what is struck or plucked."""
    if family.decay or family.drums:
        return {}
    notes = long_notes(family)
    sounds = {"teacher": bench.teacher, "ours": bench.rendering}
    made = {who: play(notes, family, LONGS * (LONG + 0.5)) for who, play in sounds.items()}
    return {f"lively_{who}_db": round(liveliness(sound, notes, SAMPLE_RATE), 2) for who, sound in made.items()}


def fall(audio: np.ndarray, notes: tuple[Sounding, ...]) -> float:
    """By how many decibels notes are softer after `LATER` seconds than at first, on average; at least `FAINT`."""

    def level(start: float) -> float:
        first = round(start * SAMPLE_RATE)
        return float(np.sqrt(np.mean(audio[first : first + SAMPLE_RATE] ** 2)))

    ratios = [level(note.start + LATER) / max(level(note.start + 0.1), 1e-9) for note in notes]
    return float(np.mean([max(FAINT, 20 * np.log10(max(ratio, 1e-9))) for ratio in ratios]))


def kept(bench: Bench, family: Family) -> dict[str, float]:
    """How much softer a family's notes are that are kept down for long, the teacher's and ours; nothing of drums."""
    if family.drums:
        return {}
    pitches = spread(family, 0.25, 0.75, KEPTS)
    notes = tuple(
        Sounding(place * (KEPT + RING), place * (KEPT + RING) + KEPT, p, 90) for place, p in enumerate(pitches)
    )
    sounds = {"teacher": bench.teacher, "ours": bench.rendering}
    return {
        f"fall_{who}_db": round(fall(play(notes, family, KEPTS * (KEPT + RING)), notes), 1)
        for who, play in sounds.items()
    }


def attacks(audio: np.ndarray, notes: tuple[Sounding, ...], family: Family) -> float:
    """Median attack time in milliseconds."""
    within = 0.1 if family.decay > 0 or family.drums else 0.3
    times = [attack_time(audio, note.start, SAMPLE_RATE, within) for note in notes]
    return 1000 * float(np.nanmedian(times)) if np.isfinite(times).any() else float("nan")


def measure(bench: Bench, family: Family, rng: np.random.Generator) -> dict[str, Any]:
    """Render a family's probe and compare it with the teacher's."""
    notes = probe(family, rng)
    ring = CYMBALS if family.drums else max(RING, family.rings)
    seconds = max(note.end for note in notes) + ring + 1.0
    quiet = silences(notes, seconds, ring)
    target = bench.teacher(notes, family, seconds)
    ours = bench.rendering(notes, family, seconds)
    heard, wanted = (onset_levels(x, notes, SAMPLE_RATE) for x in (ours, target))
    result = {
        "velocity_ours": velocity_correlation(notes, heard),
        "velocity_teacher": velocity_correlation(notes, wanted),
        "note_levels": float(np.corrcoef(heard, wanted)[0, 1]),
        "attack_ours_ms": attacks(ours, notes, family),
        "attack_teacher_ms": attacks(target, notes, family),
        "before_first_db": loudest_silence(at_level(ours, LEVEL), quiet[:1], SAMPLE_RATE),
        "silence_ours_db": loudest_silence(at_level(ours, LEVEL), quiet, SAMPLE_RATE),
        "silence_teacher_db": loudest_silence(target, quiet, SAMPLE_RATE),
    }
    if not family.drums:
        balanced = at_level(ours, float(np.sqrt(np.mean(target**2))))
        result["partials_db"], result["partials_louder_db"] = partials_apart(balanced, target, notes, SAMPLE_RATE)
    return {"struck": family.decay > 0 or family.drums} | {name: round(x, 3) for name, x in result.items()}


@contextmanager
def small_stretches(frames: int) -> Iterator[None]:
    """Let both networks work in stretches of so many frames."""
    with (
        patch.object(codec_module, "stretch_for", lambda channels, device: frames),
        patch.object(renderer_module, "stretch_for", lambda channels, device: frames),
    ):
        yield


def borders(bench: Bench, family: Family, rng: np.random.Generator) -> dict[str, float]:
    """Render part of a probe in one stretch and in small ones, and compare."""
    notes, seconds = probe(family, rng)[:8], 9.0
    whole = bench.rendering(notes, family, seconds)
    with small_stretches(SMALL):
        cut = bench.rendering(notes, family, seconds)
    hop = round(SAMPLE_RATE / bench.renderer.codec.frame_rate)
    places = range(SMALL * hop, len(cut), SMALL * hop)
    gain = LEVEL / max(float(np.sqrt(np.mean(whole**2))), 1e-6)
    difference = 20 * float(np.log10(np.abs(cut - whole).max() * gain + 1e-9))
    clicks = (border_clicks(x, places) for x in (cut, whole))
    cut_db, whole_db = (round(x, 2) for x in clicks)
    return {"largest_difference_db": round(difference, 1), "click_db": cut_db, "click_uncut_db": whole_db}


def run(bench: Bench, rng: np.random.Generator) -> dict[str, Any]:
    """Probe every family, and its borders."""
    families = {}
    for family in bench.families:
        families[family.name] = {
            **measure(bench, family, rng),
            **held(bench, family),
            **kept(bench, family),
            **borders(bench, family, rng),
        }
        print(family.name, families[family.name], flush=True)
    return {"notes": PITCHES * len(VELOCITIES), "small_stretch": SMALL, "families": families}
