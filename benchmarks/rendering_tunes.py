"""Held-out tunes rendered: right notes by an independent transcriber, distance to the teacher."""

from __future__ import annotations

from typing import Any

import numpy as np
from rendering_bench import Bench, means
from transcriber import SETTINGS, onset_f1, transcribe

from genaudio.corpus import load_works
from genaudio.instruments import Family
from genaudio.score import Melody
from genaudio.sounding import Sounding, without_collisions
from genaudio.teacher import SAMPLE_RATE
from genaudio.teacher.performance import play_chords, play_melody

SECONDS = 16.0
RING = 1.5


def performances(melodies: list[Melody], family: Family, count: int, rng: np.random.Generator, chords: bool) -> list:
    """Draw performances of held-out tunes."""
    play = play_chords if chords else play_melody
    chosen = [melodies[int(rng.integers(len(melodies)))] for _ in range(count)]
    return [without_collisions(play(melody, family, SECONDS, rng)) for melody in chosen]


def measure(bench: Bench, notes: tuple[Sounding, ...], family: Family) -> dict[str, float]:
    """Render one performance and compare it with the teacher's."""
    target = bench.teacher(notes, family, SECONDS + RING)
    ours = bench.rendering(notes, family, SECONDS + RING)
    return {
        "f1_ours": onset_f1(transcribe(ours, SAMPLE_RATE), notes),
        "f1_teacher": onset_f1(transcribe(target, SAMPLE_RATE), notes),
        **bench.distances(ours, target, notes, family),
    }


def summary(rows: list[dict[str, float]]) -> dict[str, float]:
    """Means of the measures, and the ratio of the F1s."""
    out = means(rows)
    return {**out, "f1_ratio": round(out["f1_ours"] / max(out["f1_teacher"], 1e-9), 3)}


def run(bench: Bench, count: int, rng: np.random.Generator) -> dict[str, Any]:
    """Measure every pitched family, alone and, where it plays them, in chords."""
    melodies = [work.melody for work in load_works("test")]
    families, everything = {}, []
    for family in (family for family in bench.families if not family.drums):
        for chords in (False, True) if family.chords else (False,):
            drawn = performances(melodies, family, count, rng, chords)
            rows = [measure(bench, notes, family) for notes in drawn]
            everything += rows
            name = family.name + (" in chords" if chords else "")
            families[name] = summary(rows)
            print(name, families[name], flush=True)
    return {
        "tunes": count,
        "transcriber": {"name": "basic-pitch 0.4.0", **SETTINGS},
        "families": families,
        "all": summary(everything),
        "processor_seconds": bench.effort(),
    }
