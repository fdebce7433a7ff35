"""Bits per pitch on eight sets of folk songs and chorales, after Pearce (2005), *The construction and evaluation of
statistical models of melodic structure in music perception and composition*.

``python benchmarks/melody_prediction.py --data melody_prediction_8_sets.jsonl.gz [--sets 1 2] [--rows model timed]``

Each set is cut into ten random folds; a fold's pieces are predicted note by note, the first included, over the set's
own alphabet of pitches, after learning from the other nine. A set's figure is the mean over folds of bits per pitch.
Results are kept after every fold, and what is there already is not run again. A line of the data is one piece:
``{"set": ..., "notes": [[onset, duration, pitch], ...]}``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from common import RESULTS, machine
from melody_ppm import UNBOUNDED, Array, IntervalPpm, Mixer, Ppm, combine

FOLDS = 10
RATE = 0.005
"""Step of the online weights; set once, on four folds of the sets 2, 4 and 7."""
NGRAM_ROWS = {
    "ngram_offline": "a: n-grams of up to four pitches, learned from the nine folds alone",
    "ngram_mixed_offline": "a: those of pitches and of intervals, mixed by fixed weights",
    "ngram_piece": "b: n-grams of any length, of the piece so far alone",
    "ngram_online": "b: as ngram_offline, learning on through the test fold",
    "ngram_combined_online": "b: ngram_piece and ngram_online, weighted by entropy (the published method)",
    "ngram_mixed_online": "b: n-grams of pitches and intervals, of set and piece, mixed by weights learned online",
}
MODEL_ROWS = {
    "model_offline": "a: the shipped model, fine-tuned on the nine folds",
    "model_mixed_offline": "a: the same mixed with the n-grams by fixed weights",
    "model_online": "b: model_offline among the experts of ngram_mixed_online",
    "scratch_offline": "a: the same network from random weights",
    "scratch_online": "b: scratch_offline among the experts of ngram_mixed_online",
    "timed_offline": "c: the shipped model, fine-tuned, seeing onsets, durations and metre",
    "timed_online": "c, learning online: timed_offline among the experts of ngram_mixed_online",
    "timed_scratch_offline": "c: the same network from random weights",
    "timed_scratch_online": "c, learning online: timed_scratch_offline among the experts of ngram_mixed_online",
}
NETWORKS = {"model": (False, False), "scratch": (False, True), "timed": (True, False), "timed_scratch": (True, True)}
"""Network rows by the beginning of their names: whether they see the rhythm, whether they begin from random weights."""
COMMAND = "python benchmarks/melody_prediction.py --data melody_prediction_8_sets.jsonl.gz --rows {networks}"
PUBLISHED = {"a": 2.878, "b": 2.479, "c, set 2": 1.953}

Predictor = Callable[[int, int, Sequence[int]], Array]
"""From piece, place and history to a distribution [A]."""


def read_sets(path: Path) -> dict[str, list[list[tuple[float, float, int]]]]:
    """Return the pieces of each set as (onset, duration, pitch)."""
    sets: dict[str, list[list[tuple[float, float, int]]]] = defaultdict(list)
    with gzip.open(path, "rt") as lines:
        for line in lines:
            piece = json.loads(line)
            sets[piece["set"]].append([(onset, duration, pitch) for onset, duration, pitch in piece["notes"]])
    return dict(sorted(sets.items()))


def folds_of(pieces: int, seed: int) -> list[list[int]]:
    """Return the numbers of the test pieces of ten random folds."""
    return [fold.tolist() for fold in np.array_split(np.random.default_rng(seed).permutation(pieces), FOLDS)]


class Experts:
    """N-gram models of a set and of the piece under way.

    Args:
        alphabet: MIDI pitches [A].
        training: pieces as places in the alphabet.
    """

    def __init__(self, alphabet: Sequence[int], training: Sequence[Sequence[int]]) -> None:
        self.alphabet = alphabet
        size = len(alphabet)
        self.frozen = [Ppm(size, 3), IntervalPpm(alphabet, 4)]
        self.learning = [Ppm(size, 3), IntervalPpm(alphabet, 4), Ppm(size, 6, deterministic=True)]
        for model in (*self.frozen, *self.learning):
            for piece in training:
                model.learn_all(piece)
        self.begin()

    def begin(self) -> None:
        """Forget the piece."""
        self.piece = [Ppm(len(self.alphabet), UNBOUNDED, deterministic=True), IntervalPpm(self.alphabet, 8)]

    def learn(self, history: Sequence[int], symbol: int) -> None:
        """Let all that learn online count a note."""
        for model in (*self.learning, *self.piece):
            model.learn(history, symbol)


class Costs:
    """Bits of each row over one fold."""

    def __init__(self) -> None:
        self.bits: dict[str, float] = defaultdict(float)
        self.notes = 0

    def add(self, row: str, p: Array, symbol: int) -> None:
        """Count what a note costs."""
        self.bits[row] -= math.log2(p[symbol])

    def per_note(self) -> dict[str, float]:
        """Return bits per pitch by row."""
        return {row: bits / self.notes for row, bits in self.bits.items()}


def _pass(
    experts: Experts, pieces: Sequence[Sequence[int]], networks: dict[str, list[list[Array]]]
) -> dict[str, float]:
    """Go through a test fold note by note; `networks` holds the distributions of each network, by piece and note."""
    costs, online = Costs(), Mixer((0.25,) * 5, RATE)
    with_network = {name: Mixer((0.5, *(0.12,) * 5), RATE) for name in networks}
    for number, piece in enumerate(pieces):
        experts.begin()
        for place, symbol in enumerate(piece):
            history = piece[max(0, place - UNBOUNDED) : place]
            frozen = [model.predict(history) for model in experts.frozen]
            learning = [model.predict(history) for model in (*experts.learning, *experts.piece)]
            costs.add("ngram_offline", frozen[0], symbol)
            costs.add("ngram_mixed_offline", Mixer((0.6, 0.5), 0).predict(frozen), symbol)
            costs.add("ngram_piece", learning[3], symbol)
            costs.add("ngram_online", learning[0], symbol)
            costs.add("ngram_combined_online", combine([learning[3], learning[0]], 1), symbol)
            costs.add("ngram_mixed_online", online.predict(learning), symbol)
            online.learn(symbol)
            for name, mixer in with_network.items():
                p = networks[name][number][place]
                costs.add(f"{name}_offline", p, symbol)
                if name == "model":
                    costs.add("model_mixed_offline", Mixer((0.7, 0.2, 0.2), 0).predict([p, *frozen]), symbol)
                costs.add(f"{name}_online", mixer.predict([p, *learning]), symbol)
                mixer.learn(symbol)
            experts.learn(history, symbol)
            costs.notes += 1
    return costs.per_note()


def run_fold(
    pieces: list[list[tuple[float, float, int]]], test: list[int], networks: Sequence[str], options: argparse.Namespace
) -> dict[str, float]:
    """Return bits per pitch of every row that is run, on one fold."""
    alphabet = sorted({pitch for piece in pieces for _, _, pitch in piece})
    places = {pitch: place for place, pitch in enumerate(alphabet)}
    symbols = [[places[pitch] for _, _, pitch in piece] for piece in pieces]
    training = [number for number in range(len(pieces)) if number not in set(test)]
    distributions = {name: network_distributions(name, pieces, alphabet, training, test, options) for name in networks}
    experts = Experts(alphabet, [symbols[number] for number in training])
    return _pass(experts, [symbols[number] for number in test], distributions)


def network_distributions(
    name: str,
    pieces: list[list[tuple[float, float, int]]],
    alphabet: list[int],
    training: list[int],
    test: list[int],
    options: argparse.Namespace,
) -> list[list[Array]]:
    """Fine-tune or train a network on a fold and return its distributions, by piece and note."""
    from melody_tuned import Tuned, Tuning, make_piece  # torch is for these rows only

    from genaudio.assets import asset
    from genaudio.devices import choose_device
    from genaudio.melody.build import load_model

    timed, scratch = NETWORKS[name]
    base, _ = load_model(options.weights or asset("melody/model.safetensors"))
    tuned = Tuned(base.to(choose_device(options.device)), alphabet, scratch, options.seed)
    made = [make_piece(tuple(piece), tuple(alphabet), base.vocabulary, timed) for piece in pieces]
    epochs = options.scratch_epochs if scratch else options.epochs
    tuned.train([made[number] for number in training], Tuning(epochs, options.batch, options.rate, options.decay))
    return [tuned.distributions(made[number]) for number in test]


def flagged(pieces: list[list[tuple[float, float, int]]]) -> dict[str, int]:
    """Screen a set against the model's training works: how many pieces of it does the index find there?"""
    from genaudio.production.catalogue import open_screener
    from genaudio.score import Melody, Note

    screener = open_screener(())
    verdicts: dict[str, int] = defaultdict(int)
    for piece in pieces:
        now, notes = 0.0, []
        for onset, duration, pitch in piece:
            onset = max(onset, now)
            notes.append(Note(onset, duration, pitch))
            now = onset + duration
        verdicts[str(screener.screen(Melody(notes)).verdict)] += 1
    return dict(verdicts)


def summary(sets: dict[str, dict[str, list[float | None]]]) -> dict[str, Any]:
    """Return each row's mean by set and over the sets, with the number of folds behind it."""
    table: dict[str, Any] = {}
    for row, account in (NGRAM_ROWS | MODEL_ROWS).items():
        done = {name: [b for b in rows[row] if b is not None] for name, rows in sets.items() if row in rows}
        done = {name: bits for name, bits in done.items() if bits}
        if done:
            means = {name: fmean(bits) for name, bits in done.items()}
            complete = len(done) == 8 and all(len(bits) == FOLDS for bits in done.values())
            table[row] = {
                "row": account,
                "bits_per_pitch": means,
                "folds": {name: len(bits) for name, bits in done.items()},
                "mean_of_eight_sets": fmean(means.values()) if complete else None,
            }
    return table


def load_results(path: Path, settings: dict[str, Any], fresh: bool) -> dict[str, Any]:
    """Return the results so far, or none; refuses those of other settings."""
    if path.is_file() and not fresh:
        found: dict[str, Any] = json.loads(path.read_text())
        if found["settings"] != settings:
            raise SystemExit(f"{path} holds results of other settings, {found['settings']}; use --name or --fresh")
        return found
    return {"benchmark": path.stem, "settings": settings, "folds": {}, "near_training_works": {}}


def write(path: Path, result: dict[str, Any]) -> None:
    """Put the results on disk at once."""
    done = {row for rows in result["folds"].values() for row in rows}
    networks = " ".join(name for name in NETWORKS if f"{name}_offline" in done)
    command = COMMAND.format(networks=networks).removesuffix("--rows ").strip()
    result |= {
        "command": command,
        "machine": machine(),
        "published": PUBLISHED,
        "rows": summary(result["folds"]),
    }
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(result, indent=2) + "\n")
    os.replace(temporary, path)


def due(result: dict[str, Any], name: str, fold: int, networks: Sequence[str]) -> list[str] | None:
    """Return the networks that a fold still lacks, or None where it lacks nothing."""
    rows = result["folds"].setdefault(name, {})
    missing = [n for n in networks if rows.get(f"{n}_offline", [None] * FOLDS)[fold] is None]
    ngrams = rows.get("ngram_offline", [None] * FOLDS)[fold] is not None
    return None if ngrams and not missing else missing


def work(
    sets: dict[str, list[Any]], options: argparse.Namespace, result: dict[str, Any]
) -> Iterator[tuple[str, int, dict[str, float]]]:
    """Run what is due, fold by fold."""
    for name, pieces in sets.items():
        for fold, test in enumerate(folds_of(len(pieces), options.seed)[: options.folds]):
            networks = due(result, name, fold, options.rows)
            if networks is not None:
                yield name, fold, run_fold(pieces, test, networks, options)


def main() -> None:
    """Run the rows that were asked for on the sets that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the eight sets, .jsonl.gz")
    parser.add_argument("--sets", nargs="+", default=[], help="beginnings of their names, such as 1 2; default: all")
    parser.add_argument("--folds", type=int, default=FOLDS, help="how many of the ten folds to run")
    parser.add_argument("--rows", nargs="*", default=[], choices=NETWORKS, help="networks beside the n-grams")
    parser.add_argument("--weights", type=Path, help="the base, by default the shipped one")
    parser.add_argument("--epochs", type=int, default=12, help="of fine-tuning")
    parser.add_argument("--scratch-epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=1024, help="events")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--screen", action="store_true", help="look for the pieces among the training works")
    parser.add_argument("--name", default="melody_prediction", help="of the file of results")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    options = parser.parse_args()
    chosen = {
        name: pieces
        for name, pieces in read_sets(options.data).items()
        if not options.sets or any(name.startswith(wanted) for wanted in options.sets)
    }
    settings = {name: getattr(options, name) for name in ("seed", "epochs", "scratch_epochs", "batch", "rate", "decay")}
    path = RESULTS / f"{options.name}.json"
    result = load_results(path, settings, options.fresh)
    start = time.perf_counter()
    for name, fold, bits in work(chosen, options, result):
        for row, value in bits.items():
            result["folds"][name].setdefault(row, [None] * FOLDS)[fold] = value
        write(path, result)
        told = ", ".join(f"{row} {value:.3f}" for row, value in bits.items())
        print(f"{time.perf_counter() - start:.0f} s: {name}, fold {fold + 1}: {told}", flush=True)
    if options.screen:
        for name, pieces in chosen.items():
            result["near_training_works"][name] = flagged(pieces)
    write(path, result)
    print(json.dumps(result["rows"], indent=2))


if __name__ == "__main__":
    main()
