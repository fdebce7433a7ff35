"""Held-out tunes rendered: right notes by an independent transcriber, distance to the teacher."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from rendering_bench import Bench, Effort, Given, means
from transcriber import SETTINGS, onset_f1, transcribe

from genaudio.corpus import load_works
from genaudio.instruments import BY_NAME, Family
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


def measure_row(bench: Bench, family: Family, chords: bool, count: int, seed: int) -> list[dict[str, float]]:
    """Measure a family's performances, drawn by themselves: other rows make no difference to them."""
    melodies = [work.melody for work in load_works("test")]
    rng = np.random.default_rng([seed, family.program, int(chords)])
    return [measure(bench, notes, family) for notes in performances(melodies, family, count, rng, chords)]


def _elsewhere(given: Given, row: tuple[str, bool], count: int, seed: int) -> tuple[list[dict[str, float]], Effort]:
    """Measure a row in a process of its own."""
    torch.set_num_threads(1)
    with Bench(*given) as bench:
        return measure_row(bench, BY_NAME[row[0]], row[1], count, seed), bench.effort


def run(bench: Bench, count: int, seed: int, jobs: int = 1) -> dict[str, Any]:
    """Measure every pitched family, alone and, where it plays them, in chords; so many of these at once."""
    rows = [
        (family.name, chords)
        for family in bench.families
        if not family.drums
        for chords in ((False, True) if family.chords else (False,))
    ]
    families, everything, effort = {}, [], Effort()
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        works = [pool.submit(_elsewhere, bench.given, row, count, seed) for row in rows]
        for (name, chords), work in zip(rows, works, strict=True):
            measured, spent = work.result()
            everything += measured
            effort += spent
            title = name + (" in chords" if chords else "")
            families[title] = summary(measured)
            print(title, families[title], flush=True)
    return {
        "tunes": count,
        "transcriber": {"name": "basic-pitch 0.4.0", **SETTINGS},
        "families": families,
        "all": summary(everything),
        "processor_seconds": effort.a_second(),
    }
