"""Drums rendered: are the hits there, and is each the kind that was written?

Drums have no pitch, so no transcriber of notes hears them. Onsets are found by librosa on the percussive part of the
sound. Which kinds are struck at an onset is told by logistic regressions that were trained on grooves of two kits, the
teacher's and another, so that they know a snare and not one recording of it; single hits of every drum are named by
one that knows the teacher's alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from rendering_bench import Bench, means
from rendering_instruments import RANGE, log_mel
from rendering_measures import onsets_f1

from genaudio.instruments import Family
from genaudio.percussion import DRUMS, hits
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE

KINDS = ("kick", "snare", "hi-hat", "tom", "cymbal")
"""The kinds of a groove; single hits are of all kinds that the kit has."""
SECONDS, LEAD, END = 14.0, 0.5, 1.0
"""Seconds of a groove, before its first hit and after its last."""
HOP = 512
PATCH = (-3, 12)
"""Frames before and after an onset by which it is named (35 ms before to 139 ms after)."""


FILL = (48, 45, 41, 38)
"""Keys of the last beat of every other bar."""


def bars(count: int, rng: np.random.Generator) -> dict[tuple[int, int], float]:
    """Write so many bars of sixteen steps: (step, key) -> velocity. Backbeat, fills on the toms, crashes."""
    kicks = rng.random(16) < np.where(np.arange(16) % 8 == 0, 1.0, np.where(np.arange(16) % 2 == 0, 0.3, 0.08))
    every, ride = int(rng.choice([2, 2, 4, 1])), rng.random() < 0.3
    written: dict[tuple[int, int], float] = {}
    for place in range(16 * count):
        bar, step = divmod(place, 16)
        if bar % 2 == 1 and step >= 12:
            written[place, FILL[step - 12]] = 95
            continue
        if step == 0 and bar % 2 == 0:
            written[place, 49] = 105
        elif step % every == 0:
            written[place, 51 if ride else 46 if step == 14 else 42] = 80 if step % 4 == 0 else 60
        if kicks[step]:
            written[place, 36] = 100
        if step in (4, 12):
            written[place, 38] = 100
            if ride:
                written[place, 44] = 70
    return written


def groove(rng: np.random.Generator, seconds: float = SECONDS) -> tuple[Sounding, ...]:
    """Play a groove that training never draws, as a human hand does: neither quite in time nor equally loud."""
    step, notes = 60.0 / rng.uniform(75, 145) / 4, []
    for (place, key), velocity in bars(int((seconds - LEAD - END) / step / 16) + 1, rng).items():
        start = LEAD + place * step + float(np.clip(rng.normal(0, 0.006), -0.015, 0.015))
        if start < seconds - END:
            notes.append(Sounding(start, start, key, int(np.clip(velocity + rng.normal(0, 10), 20, 127))))
    return hits(notes)


def isolated(rng: np.random.Generator, rounds: int) -> tuple[Sounding, ...]:
    """Single hits of every key, a second apart, in random order at random velocities."""
    keys = np.tile(list(DRUMS), rounds)
    return hits(
        [
            Sounding(0.5 + place, 0.5 + place, int(key), int(rng.integers(40, 128)))
            for place, key in enumerate(rng.permutation(keys))
        ]
    )


def find_onsets(audio: np.ndarray) -> np.ndarray:
    """Onsets in seconds of the percussive part of a sound [T], by librosa with its usual settings."""
    import librosa

    percussive = librosa.effects.percussive(np.ascontiguousarray(audio))
    found: np.ndarray = librosa.onset.onset_detect(y=percussive, sr=SAMPLE_RATE, hop_length=HOP, units="time")
    return found


def patches(audio: np.ndarray, onsets: np.ndarray) -> np.ndarray:
    """What a classifier sees of each onset, whatever its loudness: [onsets, features]."""
    image = np.pad(log_mel(audio), ((-PATCH[0], PATCH[1]), (0, 0))) * RANGE
    out = []
    for onset in onsets:
        frame = min(round(float(onset) * SAMPLE_RATE / HOP), len(image) - PATCH[1] + PATCH[0])
        patch = image[frame : frame + PATCH[1] - PATCH[0]]
        rise = patch[-PATCH[0] :] - patch[: -PATCH[0]].mean(axis=0)
        after = patch[-PATCH[0] :] - patch.max()
        out.append(np.concatenate([rise[:4].ravel(), after.reshape(4, 3, -1).mean(axis=1).ravel()]))
    return np.array(out, np.float32) / RANGE


def regression() -> Any:
    """An untrained classifier."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=2000, class_weight="balanced"))


class Ear:
    """Names hits.

    Args:
        bench: the teachers.
        family: a family of drums.
        rng: draws what the teacher plays.
        grooves, rounds: how much.
    """

    def __init__(self, bench: Bench, family: Family, rng: np.random.Generator, grooves: int = 24, rounds: int = 6):
        seen, struck = [], []
        for index in range(grooves):
            notes = groove(rng)
            audio = (bench.teacher, bench.second)[index % 2](notes, family, SECONDS)
            onsets = find_onsets(audio)
            seen.append(patches(audio, onsets))
            struck += [kinds_at(notes, onset) for onset in onsets]
        features = np.concatenate(seen)
        self.in_kit = {kind: regression().fit(features, [kind in kinds for kinds in struck]) for kind in KINDS}
        notes = isolated(rng, rounds)
        audio = bench.teacher(notes, family, len(notes) + 1.0)
        alone = patches(audio, np.array([note.start for note in notes]))
        self.alone = regression().fit(alone, [DRUMS[note.pitch].kind for note in notes])

    def hear(self, audio: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """All onsets in seconds, and those of each kind."""
        onsets = find_onsets(audio)
        if not len(onsets):
            return onsets, dict.fromkeys(KINDS, onsets)
        features = patches(audio, onsets)
        return onsets, {kind: onsets[model.predict(features).astype(bool)] for kind, model in self.in_kit.items()}

    def name(self, audio: np.ndarray, notes: tuple[Sounding, ...]) -> list[str]:
        """Name the kind of each single hit."""
        return [str(name) for name in self.alone.predict(patches(audio, np.array([note.start for note in notes])))]


def kinds_at(notes: tuple[Sounding, ...], onset: float, within: float = 0.05) -> set[str]:
    """Kinds that are written within so many seconds of an onset."""
    return {DRUMS[note.pitch].kind for note in notes if abs(note.start - onset) <= within}


def strokes(notes: tuple[Sounding, ...], together: float = 0.03) -> np.ndarray:
    """Times in seconds at which anything is struck; hits within `together` seconds are one."""
    times = sorted(note.start for note in notes)
    return np.array([time for place, time in enumerate(times) if place == 0 or time - times[place - 1] > together])


def scores(ear: Ear, audio: np.ndarray, notes: tuple[Sounding, ...]) -> dict[str, float]:
    """F1 of all onsets and of each kind."""
    onsets, kinds = ear.hear(audio)
    written = {kind: np.array([note.start for note in notes if DRUMS[note.pitch].kind == kind]) for kind in KINDS}
    return {"hits": onsets_f1(onsets, strokes(notes))} | {kind: onsets_f1(kinds[kind], written[kind]) for kind in KINDS}


def singles(bench: Bench, family: Family, ear: Ear, rng: np.random.Generator) -> dict[str, Any]:
    """Share of single hits whose kind is named rightly, of three players; and ours by kind."""
    notes = isolated(rng, 2)
    kinds = np.array([DRUMS[note.pitch].kind for note in notes])
    sources = {"teacher": bench.teacher, "ours": bench.rendering, "second": bench.second}
    right = {
        who: np.array(ear.name(play(notes, family, len(notes) + 1.0), notes)) == kinds for who, play in sources.items()
    }
    by_kind = {str(kind): round(float(right["ours"][kinds == kind].mean()), 3) for kind in np.unique(kinds)}
    return {
        "hits": len(notes),
        **{who: round(float(each.mean()), 3) for who, each in right.items()},
        "by_kind": by_kind,
    }


def compare(bench: Bench, family: Family, count: int, rng: np.random.Generator) -> dict[str, Any]:
    """Measure one kit: F1 by kind in grooves, single hits named, distance to the teacher."""
    ear = Ear(bench, family, rng)
    heard: dict[str, list[dict[str, float]]] = {"teacher": [], "ours": []}
    rows = []
    for _ in range(count):
        notes = groove(rng)
        target, ours = bench.teacher(notes, family, SECONDS), bench.rendering(notes, family, SECONDS)
        rows.append(bench.distances(ours, target, notes, family))
        heard["teacher"].append(scores(ear, target, notes))
        heard["ours"].append(scores(ear, ours, notes))
    f1 = {}
    for kind in ("hits", *KINDS):
        row = {who: round(float(np.mean([one[kind] for one in each])), 3) for who, each in heard.items()}
        f1[kind] = {**row, "ratio": round(row["ours"] / max(row["teacher"], 1e-9), 3)}
    return {"f1": f1, "named": singles(bench, family, ear, rng), "distances": means(rows)}


def run(bench: Bench, count: int, rng: np.random.Generator) -> dict[str, Any]:
    """Measure every family of drums."""
    kits = {}
    for family in (family for family in bench.families if family.drums):
        kits[family.name] = compare(bench, family, count, rng)
        print(family.name, kits[family.name], flush=True)
    return {"grooves": count, "detector": "librosa onset_detect on the percussive part", "kits": kits}
