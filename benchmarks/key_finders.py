"""Finders of a melody's key that know nothing of the generator: music21's four, the package's profiles, a trained one.

The trained finder is a multinomial logistic regression over the 48 keys of major, minor, dorian and mixolydian. What
it sees of a key is the tune from that tonic up: how long and how often each step sounds, on the first beat and on the
others, which steps there are, the first and the last note, the lowest, and the ends of the fourth and eighth bars.
All tonics share their weights. It learns from the training works' own keys; a mode counts by the root of its rarity.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import music21
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from genaudio.melody.key_finder import find_key
from genaudio.score import Key, Melody, to_ticks

Array = NDArray[np.float64]
MODES = ("major", "minor", "dorian", "mixolydian")
MUSIC21 = {
    "music21, Krumhansl-Schmuckler": "krumhanslschmuckler",
    "music21, Aarden-Essen": "aardenessen",
    "music21, Bellman-Budge": "bellmanbudge",
    "music21, Temperley-Kostka-Payne": "temperleykostkapayne",
}
"""Finders of major and minor, by music21's names."""
DECAY, BALANCE = 0.1, 0.5
"""Weight of the squared weights in the loss, and the power of a mode's rarity by which its tunes count."""


def by_music21(melody: Melody) -> list[Key]:
    """Return the keys that music21's finders hear, major or minor, in the order of `MUSIC21`."""
    stream = music21.stream.Stream()
    for note in melody.notes:
        stream.append(music21.note.Note(note.pitch, quarterLength=note.duration))
    found = [stream.analyze(f"key.{method}") for method in MUSIC21.values()]
    return [Key(key.tonic.pitchClass, key.mode) for key in found]


def steps(melody: Melody, sections: bool = True) -> Array:
    """Return what is counted of each pitch class, [kinds, 12]; without `sections` sounding times and notes alone."""
    assert melody.metre is not None
    bar, beat, pickup = melody.metre.bar_ticks, to_ticks(melody.metre.beat), to_ticks(melody.pickup)
    sounding, counts, strong, beats, halves, ends = (np.zeros(12) for _ in range(6))
    last_in_bar: dict[int, int] = {}
    for note in melody.notes:
        pitch_class, place = note.pitch % 12, note.onset_ticks - pickup
        sounding[pitch_class] += note.duration_ticks
        counts[pitch_class] += 1
        if place % bar % beat == 0:
            (beats if place % bar else strong)[pitch_class] += note.duration_ticks
        last_in_bar[place // bar] = pitch_class
    rows = [_shares(sounding), np.sqrt(_shares(sounding)), _shares(counts), (counts > 0).astype(float)]
    if not sections:
        return np.array(rows)
    for number, pitch_class in last_in_bar.items():
        if number % 4 == 3:
            (ends if number % 8 == 7 else halves)[pitch_class] += 1
    first = next((note for note in melody.notes if note.onset_ticks >= pickup), melody.notes[0])
    single = np.zeros((3, 12))
    for row, pitch in enumerate((melody.notes[-1].pitch, first.pitch, min(melody.pitches))):
        single[row, pitch % 12] = 1
    return np.array([*rows, _shares(strong), _shares(beats), *single, _shares(ends), _shares(halves)])


def _shares(counts: Array) -> Array:
    return counts / max(1.0, counts.sum())


def seen_of(melodies: Sequence[Melody], sections: bool = True) -> Array:
    """Return what is seen of each melody from each tonic, [N, 12, features]."""
    rows = [steps(melody, sections) for melody in melodies]
    return np.stack([[np.roll(row, -tonic, axis=1).ravel() for tonic in range(12)] for row in rows])


class TrainedFinder:
    """The logistic regression.

    Args:
        seen: what is seen of each melody to learn from, as `seen_of` returns it.
        keys: of each.
    """

    def __init__(self, seen: Array, keys: Sequence[Key]) -> None:
        modes = np.array([MODES.index(key.mode) for key in keys])
        right = modes * 12 + np.array([key.tonic for key in keys])
        counts = (len(modes) / len(MODES) / np.bincount(modes, minlength=len(MODES)))[modes] ** BALANCE
        start = np.zeros((len(MODES), seen.shape[2] + 1))
        found = minimize(_loss, start.ravel(), (seen, right, counts), "L-BFGS-B", jac=True, options={"maxiter": 200})
        self.weights = found.x.reshape(start.shape)

    def find(self, seen: Array) -> list[Key]:
        """Return the likeliest key of each melody, given what is seen of it."""
        best = _scores(self.weights, seen).argmax(1)
        return [Key(int(number % 12), MODES[number // 12]) for number in best]


def _scores(weights: Array, seen: Array) -> Array:
    """Return scores [N, 48], by mode and tonic, of what is seen [N, 12, features]."""
    by_mode = np.einsum("ntd,md->nmt", seen, weights[:, :-1]) + weights[None, :, -1:]
    return np.asarray(by_mode.reshape(len(seen), -1))


def _loss(flat: Array, seen: Array, right: NDArray[np.int64], counts: Array) -> tuple[float, Array]:
    """Return the weighted negative log-likelihood of the right keys [N] with its gradient."""
    weights = flat.reshape(len(MODES), -1)
    scores = _scores(weights, seen)
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    rows = np.arange(len(right))
    loss = -(counts * np.log(shares[rows, right] + 1e-300)).sum() + DECAY / 2 * (weights[:, :-1] ** 2).sum()
    shares[rows, right] -= 1
    pulls = (shares * counts[:, None]).reshape(len(right), len(MODES), 12)
    slope = np.einsum("nmt,ntd->md", pulls, seen) + DECAY * weights[:, :-1]
    return float(loss), np.concatenate([slope, pulls.sum((0, 2))[:, None]], axis=1).ravel()


def agreement(found: Sequence[Key], keys: Sequence[Key]) -> dict[str, float]:
    """Return the shares of keys found: exactly, the tonic, and the signature (a relative key has the same)."""
    pairs = list(zip(found, keys, strict=True))
    by_mode = {mode: [a == b for a, b in pairs if b.mode == mode] for mode in MODES}
    return {
        "exact": float(np.mean([a == b for a, b in pairs])),
        "tonic": float(np.mean([a.tonic == b.tonic for a, b in pairs])),
        "signature": float(np.mean([a.pitch_classes == b.pitch_classes for a, b in pairs])),
        "relative": float(np.mean([a.tonic != b.tonic and a.pitch_classes == b.pitch_classes for a, b in pairs])),
        **{f"exact_{mode}": float(np.mean(hits)) for mode, hits in by_mode.items() if hits},
    }


def judge_keys(
    sets: dict[str, Sequence[Melody]], training: Sequence[Melody], folds: Sequence[int]
) -> dict[str, dict[str, dict[str, float]]]:
    """Return for each finder how it agrees with the keys of each set.

    Args:
        sets: melodies whose keys are written or wished.
        training: what the trained finders learn from; they are also measured on its tenth that they have not seen.
        folds: a number from 0 to 9 for each of `training`; variants of one tune share it.
    """
    logging.getLogger("music21").setLevel(logging.ERROR)
    found: dict[str, dict[str, dict[str, float]]] = {}
    unseen = np.array(folds) == 0
    keys = keys_of(training)
    for title, sections in (("trained", True), ("trained, sounding times alone", False)):
        seen = seen_of(training, sections)
        finder = TrainedFinder(seen, keys)
        found[title] = {
            name: agreement(finder.find(seen_of(some, sections)), keys_of(some)) for name, some in sets.items()
        }
        finder = TrainedFinder(seen[~unseen], [key for key, out in zip(keys, unseen, strict=True) if not out])
        kept_out = [key for key, out in zip(keys, unseen, strict=True) if out]
        found[title]["a tenth of the training works"] = agreement(finder.find(seen[unseen]), kept_out)
    found["genaudio's profiles"] = {
        name: agreement([find_key(melody) for melody in some], keys_of(some)) for name, some in sets.items()
    }
    for name, some in sets.items():
        by_melody = [by_music21(melody) for melody in some]
        for title, keys in zip(MUSIC21, zip(*by_melody, strict=True), strict=True):
            found.setdefault(title, {})[name] = agreement(keys, keys_of(some))
    return found


def keys_of(melodies: Sequence[Melody]) -> list[Key]:
    """Return the keys that melodies carry."""
    return [melody.key for melody in melodies if melody.key is not None]
