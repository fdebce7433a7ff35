"""Is the instrument recognised? A classifier trained on the teacher's sound names renderings.

It learns from the teacher playing training tunes and is tried on test tunes, played by the teacher and by us. What the
codec makes of the teacher's sound is named too: whether the codec or the score model is to blame.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rendering_bench import Bench
from torchaudio.functional import melscale_fbanks

from genaudio.corpus import load_works
from genaudio.instruments import FAMILIES, Family
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE, TeacherRecipe, make_teacher_set
from genaudio.teacher.performance import draw_performance

SECONDS = 5.0
PLAYERS = ("teacher", "codec", "ours")
SIZE, HOP, BANDS = 2048, 512, 80
RANGE = 60.0
"""dB below the loudest cell that are looked at: what lies deeper nobody hears, but it would tell who made the sound."""


def log_mel(audio: np.ndarray) -> np.ndarray:
    """Mel spectrogram of audio [T] in dB below its loudest cell, 0 to 1 of the range: [frames, bands]."""
    window = torch.hann_window(SIZE)
    power = torch.stft(torch.from_numpy(np.ascontiguousarray(audio)), SIZE, HOP, SIZE, window, return_complex=True)
    filters = melscale_fbanks(SIZE // 2 + 1, 40.0, 16_000.0, BANDS, SAMPLE_RATE)
    decibels = 10 * torch.log10(power.abs().square().T @ filters + 1e-10).numpy()
    return np.clip(decibels - decibels.max() + RANGE, 0, RANGE) / RANGE


def statistics(audio: np.ndarray) -> np.ndarray:
    """Describe a sound whatever its loudness: [features]."""
    image = log_mel(audio)
    image = image[image.max(axis=1) > 0.25]
    motion = np.abs(np.diff(image, axis=0)) if len(image) > 1 else np.zeros((1, BANDS))
    spread = np.percentile(image, (10, 50, 90), axis=0) if len(image) else np.zeros((3, BANDS))
    centred = image - image.mean(axis=1, keepdims=True) if len(image) else np.zeros((1, BANDS))
    parts = [centred.mean(axis=0), centred.std(axis=0), motion.mean(axis=0), np.percentile(motion, 95, axis=0)]
    return np.concatenate([*parts, *spread]).astype(np.float32)


def train(clips: int, folder: Path, soundfont: str) -> Any:
    """Train a classifier of families on the teacher's audio, which is kept in a folder."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    recipe = TeacherRecipe(clips, SECONDS, seed=5, split="train", soundfont=soundfont)
    name = hashlib.sha256(repr((FAMILIES, recipe)).encode()).hexdigest()[:12]
    teacher = make_teacher_set(recipe, [work.melody for work in load_works("train")], folder / name)
    features = np.stack([statistics(teacher.clip(index)) for index in range(len(teacher))])
    labels = [played.family for played in teacher.performances]
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=2000)).fit(features, labels)


def name_all(bench: Bench, classifier: Any, family: Family, drawn: list[tuple[Sounding, ...]]) -> dict[str, Any]:
    """Name the teacher's sound, the codec's of it and ours: shares that are right, and all names given."""
    targets = [bench.teacher(notes, family, SECONDS) for notes in drawn]
    coded = [bench.round_trip(target, notes, family) for target, notes in zip(targets, drawn, strict=True)]
    ours = [bench.rendering(notes, family, SECONDS) for notes in drawn]
    row: dict[str, Any] = {}
    for who, sounds in zip(PLAYERS, (targets, coded, ours), strict=True):
        named = [str(name) for name in classifier.predict(np.stack([statistics(sound) for sound in sounds]))]
        row[who] = round(named.count(family.name) / len(drawn), 3)
        row[f"{who}_named"] = dict(Counter(named).most_common())
    return row


def run(bench: Bench, clips: int, trials: int, folder: Path, soundfont: str, rng: np.random.Generator) -> dict:
    """Name every family's sound on test tunes."""
    classifier = train(clips, folder, soundfont)
    melodies = [work.melody for work in load_works("test")]
    families: dict[str, dict[str, Any]] = {}
    for family in bench.families:
        drawn = [draw_performance(melodies, family, SECONDS, rng).notes for _ in range(trials)]
        families[family.name] = name_all(bench, classifier, family, drawn)
        print(family.name, families[family.name], flush=True)
    rates = {who: round(float(np.mean([row[who] for row in families.values()])), 3) for who in PLAYERS}
    ratio = round(rates["ours"] / max(rates["teacher"], 1e-9), 3)
    return {"clips": clips, "trials": trials, "seconds": SECONDS, "families": families, **rates, "ratio": ratio}
