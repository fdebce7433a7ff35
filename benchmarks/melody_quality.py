"""Musical quality: written tunes beside tunes by people and by an n-gram, each compared with other tunes by people.

``python benchmarks/melody_quality.py --splits 8``: the held-out tunes (validation and test splits) are divided in two
halves at random, several times. One half is the reference; compared with it are the other half (people: the ceiling),
and tunes with the style, key, metre and length of that other half, by the melody model and by an interpolated n-gram
trained on the same works. The measures are those of `genaudio evaluate melody --reference`; means over the splits.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common import save
from ngram_tunes import NgramComposer

from genaudio.corpus import load_works
from genaudio.melody import Composer, Wish
from genaudio.melody.comparison import compare
from genaudio.melody.wish import MOST_BARS


def mean(found: Sequence[Any]) -> Any:
    """Return the mean of numbers, or of dictionaries of such key by key."""
    if isinstance(found[0], dict):
        return {key: mean([one[key] for one in found]) for key in found[0]}
    numbers = [one for one in found if one is not None]
    return round(float(np.mean(numbers)), 4) if numbers else None


def main() -> None:
    """Compose, split, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="of another model than the shipped one")
    parser.add_argument("--splits", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    composer = Composer.load(arguments.weights, device="cpu")
    vocabulary = composer.model.vocabulary
    works = [work for name in ("validation", "test") for work in load_works(name) if work.style in vocabulary.styles]
    works = [work for work in works if work.melody.key and work.melody.bars <= MOST_BARS]
    wishes = [
        Wish(work.style, str(work.melody.key), metre=str(work.melody.metre), bars=work.melody.bars,
             known=vocabulary.styles)
        for work in works
    ]  # fmt: skip
    generator = np.random.default_rng(arguments.seed)
    ngram = NgramComposer(load_works("train"), vocabulary)
    sets = {
        "people": [work.melody for work in works],
        "model": composer.compose_each(wishes, range(arguments.seed, arguments.seed + len(wishes))),
        "ngram": [ngram.mate(work.melody, generator) for work in works],
    }
    found: dict[str, list[Any]] = {name: [] for name in sets}
    for _ in range(arguments.splits):
        order = generator.permutation(len(works))
        half, other = order[: len(order) // 2], order[len(order) // 2 :]
        for name, tunes in sets.items():
            found[name].append(compare([tunes[place] for place in other], [sets["people"][place] for place in half]))
    result = {name: mean(comparisons) for name, comparisons in found.items()}
    save("melody_quality", {"tunes": len(works), "splits": arguments.splits, **result})


if __name__ == "__main__":
    main()
