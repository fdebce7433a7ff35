"""Mean of trained weights: ``python -m genaudio.melody.average A.safetensors B.safetensors --out FILE``.

Trainings that branch off the same weights lie close enough together for the mean of their weights to be a model, often
a better one than each (Wortsman et al. 2022, *Model soups*). Trainings from different random weights do not: what they
have learned can be brought together by distillation (``python -m genaudio.melody.train --teacher``).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from genaudio.corpus import load_works
from genaudio.errors import IncompatibleError, tells_errors
from genaudio.melody.build import load_model, save_model
from genaudio.melody.evaluate import evaluate_melodies
from genaudio.melody.transformer import MelodyTransformer
from genaudio.weights import mean_of_states, shares_of_mean


def average_models(
    paths: Sequence[Path], shares: Sequence[float] | None = None
) -> tuple[MelodyTransformer, dict[str, Any]]:
    """Return the weighted mean of models, and the first one's configuration with an account of the mean.

    Args:
        paths: weights of the same sizes and alphabet.
        shares: of each in the mean, in any unit; equal ones by default.

    Raises:
        GenaudioError: there are no weights, not one share for each, or a share is not more than 0.
        IncompatibleError: a file is no melody model, or has other sizes or another alphabet than the first.
    """
    shares = shares_of_mean(len(paths), shares)
    models = [load_model(path) for path in paths]
    first, config = models[0]
    sizes = [(m.vocabulary, m.shape.width, m.shape.layers, m.shape.heads, m.shape.hidden) for m, _ in models]
    for path, size in zip(paths, sizes, strict=True):
        if size != sizes[0]:
            raise IncompatibleError(f"the weights {path} have other sizes or another alphabet than {paths[0]}")
    first.load_state_dict(mean_of_states([model.state_dict() for model, _ in models], shares))
    mean = [
        {"sha256": sha256(path.read_bytes()).hexdigest(), "share": share, "training": other["training"]}
        for path, share, (_, other) in zip(paths, shares, models, strict=True)
    ]
    return first, {**config, "training": {"mean": mean}}


def validation_bits(model: MelodyTransformer) -> dict[str, float]:
    """Return bits a note and a pitch on the validation works, all wishes known."""
    works = load_works("validation")
    found = evaluate_melodies(model, [work.melody for work in works], [work.style for work in works], known=True)
    return {name: value for name, value in asdict(found).items() if name in ("bits_per_note", "bits_per_pitch")}


@tells_errors
def main(arguments: list[str] | None = None) -> int:
    """Average weights from the command line and tell the mean's validation bits; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m genaudio.melody.average", description="Mean of trained weights.")
    parser.add_argument("weights", nargs="+", type=Path, help="weights files that branched off the same training")
    parser.add_argument("--shares", nargs="+", type=float, help="share of each in the mean (default: equal)")
    parser.add_argument("--out", type=Path, help="file for the mean; without it the mean is only measured")
    options = parser.parse_args(arguments)
    model, config = average_models(options.weights, options.shares)
    bits = validation_bits(model)
    if options.out is not None:
        config["training"]["validation"] = bits
        save_model(options.out, model, config["usual"], config["training"])
    print(json.dumps(bits))
    return 0


if __name__ == "__main__":
    sys.exit(main())
