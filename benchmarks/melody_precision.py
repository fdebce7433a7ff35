"""What writing in bfloat16 costs: ``python benchmarks/melody_precision.py``.

The held-out tunes (test split) are passed through the steps that write melodies, event by event as people wrote them,
and their bits a note are found in single precision and in bfloat16: of the rhythm among what the bar grammar allows, of
the pitch among all. Then the same wishes as in `melody_wishes.py` are composed with either, and
judged alike.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from common import save
from melody_wishes import make_wishes
from wish_judges import judge_wishes

from genaudio.corpus import load_works
from genaudio.melody import Composer
from genaudio.melody.dataset import IGNORED, Example, make_examples
from genaudio.melody.features import COLUMNS, PLACE_COLUMNS
from genaudio.melody.grammar import Grammar
from genaudio.melody.sampling import PRECISIONS, Sampler

LINES = 64


@torch.inference_mode()
def bits_of(sampler: Sampler, examples: list[Example], grammar: Grammar) -> np.ndarray:
    """Return the bits of all rhythms and of all pitches of up to `LINES` tunes, [tunes, 2]."""
    decoder, most = sampler.decoder, max(map(len, examples))
    lines = decoder.batching.lines(len(examples))
    features = np.zeros((lines, most, len(COLUMNS)), np.int64)
    arrival = np.zeros((lines, most, len(PLACE_COLUMNS)), np.int64)
    rhythm, pitch = np.zeros((lines, most), np.int64), np.full((lines, most), IGNORED)
    allowed = np.ones((lines, most, grammar.vocabulary.rhythm_count), np.bool_)
    conditions = np.array([example.conditions for example in examples] + [examples[0].conditions] * lines)[:lines]
    for line, example in enumerate(examples):
        own = slice(len(example))
        features[line, own], arrival[line, own] = example.features, example.arrival
        rhythm[line, own], pitch[line, own] = example.rhythm, example.pitch
        allowed[line, own] = grammar.table[example.row]
    memory, nats = decoder.start(conditions, len(examples)), np.zeros((lines, 2))
    for step in range(most):
        row = features[:, step]
        hidden = decoder.advance(memory, row[:, None])
        scores = (
            decoder.rhythm_scores(hidden, row).double().masked_fill(~torch.from_numpy(allowed[:, step]), -torch.inf)
        )
        live = np.array([step < len(example) for example in examples] + [False] * (lines - len(examples)))
        nats[live, 0] -= chosen(scores, rhythm[:, step])[live]
        scores = decoder.pitch_scores(hidden, row, rhythm[:, step], arrival[:, step]).double()
        notes = pitch[:, step] != IGNORED
        nats[notes, 1] -= chosen(scores, np.maximum(pitch[:, step], 0))[notes]
    return nats[: len(examples)] / np.log(2)


def chosen(scores: torch.Tensor, symbols: np.ndarray) -> np.ndarray:
    """Return the log likelihoods of symbols [B] by scores [B, N], in nats."""
    likelihoods = torch.log_softmax(scores, dim=1).numpy()
    return likelihoods[np.arange(len(symbols)), symbols]


def prediction(samplers: dict[str, Sampler], examples: list[Example], grammar: Grammar) -> dict[str, Any]:
    """Bits a note with each precision, and by how much tunes differ."""
    notes = np.array([example.notes for example in examples])
    bits = {
        name: np.concatenate(
            [bits_of(sampler, examples[n : n + LINES], grammar) for n in range(0, len(examples), LINES)]
        )
        for name, sampler in samplers.items()
    }
    differences = (bits["bfloat16"] - bits["float32"]).sum(axis=1) / notes
    return {
        "tunes": len(examples),
        "notes": int(notes.sum()),
        "bits_per_note": {name: round(float(both.sum() / notes.sum()), 5) for name, both in bits.items()},
        "tune_differs_by_mean": round(float(differences.mean()), 6),
        "tune_differs_by_standard_error": round(float(differences.std(ddof=1) / len(differences) ** 0.5), 6),
        "tune_differs_by_at_most": round(float(np.abs(differences).max()), 5),
    }


def main() -> None:
    """Predict, compose, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tunes", type=int, default=300, help="composed with each precision")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    composers = {name: Composer.load(device="cpu", precision=name) for name in PRECISIONS}
    own = composers["float32"]
    examples, _ = make_examples(load_works("test"), own.model.vocabulary, own.grammar)
    examples.sort(key=len)
    samplers = {name: composer.sampler for name, composer in composers.items()}
    result: dict[str, Any] = {"prediction": prediction(samplers, examples, own.grammar)}
    wishes = make_wishes(arguments.tunes, own, arguments.seed)
    seeds = range(arguments.seed, arguments.seed + len(wishes))
    tunes = {name: composer.compose_each(wishes, seeds) for name, composer in composers.items()}
    result["same_tunes"] = sum(a == b for a, b in zip(*tunes.values(), strict=True))
    result["wishes"] = {name: judge_wishes(wishes, some) for name, some in tunes.items()}
    save("melody_precision", result)


if __name__ == "__main__":
    main()
