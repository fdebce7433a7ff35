"""Are wishes kept? Tunes through styles, keys, metres, lengths, forms, ranges and densities, measured from outside.

``python benchmarks/melody_wishes.py --tunes 500``: every tune is written as MusicXML and read by music21, which adds up
its bars and whose notes are checked for length, form, range and density; keys are found by the finders of
`key_finders.py` and styles by the classifier of `style_classifier.py`, both beside real tunes that they never saw (the
validation and test splits). For the styles, a second set of tunes has style, key, metre and length of those real ones.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from common import save
from key_finders import judge_keys
from style_classifier import StyleClassifier, confusion
from wish_judges import judge_wishes

from genaudio.corpus import TrainingWork, load_works
from genaudio.melody import Composer, Wish
from genaudio.melody.wish import MOST_BARS
from genaudio.score import Melody

KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MODES = ("major", "minor", "dorian", "mixolydian")
FORMS = (None, "AABB", "AABA", "ABAB", "AAB")
LENGTHS, SECTIONS = (8, 12, 16, 24, 32), (4, 8)
"""Bars of tunes without a form, and of the sections of a form."""
RANGES = ((None, None), ("D4", "B5"), ("G3", "D5"), ("C3", "C5"), ("A4", "A6"))
RANGE_SHARES = (0.5, 0.2, 0.1, 0.1, 0.1)
DENSITIES = (3.0, 4.0, 5.0, 6.0)
WELL_KNOWN = 50
"""A style of fewer training works is not asked of the classifier."""


def make_wishes(count: int, composer: Composer, seed: int) -> list[Wish]:
    """Return wishes: every third has any metre, the others one that is usual for their style."""
    rng = np.random.default_rng(seed)
    vocabulary, usual = composer.model.vocabulary, composer.config["usual"]
    styles = [style for style in vocabulary.styles if style != "other"]
    wishes = []
    for number in range(count):
        style = styles[number % len(styles)]
        form = FORMS[rng.integers(len(FORMS))]
        low, high = RANGES[rng.choice(len(RANGES), p=RANGE_SHARES)]
        wishes.append(
            Wish(
                style=style,
                key=KEYS[rng.integers(len(KEYS))],
                mode=MODES[rng.integers(len(MODES))],
                metre=str(rng.choice(list(usual[style]["metres"]) if number % 3 else vocabulary.metres)),
                bars=int(rng.choice(LENGTHS)) if form is None else len(form) * int(rng.choice(SECTIONS)),
                form=form,
                lowest=low,
                highest=high,
                density=float(rng.choice(DENSITIES)) if rng.random() < 0.4 else None,
                known=vocabulary.styles,
            )
        )
    return wishes


def judge_styles(
    composer: Composer, wishes: Sequence[Wish], tunes: Sequence[Melody], real: Sequence[TrainingWork], seed: int
) -> dict[str, Any]:
    """Return how often the classifier names the style of real tunes, of their mates and of the wished tunes."""
    usual = composer.config["usual"]
    training = load_works("train")
    sizes = Counter(work.style for work in training)
    names = sorted(style for style, size in sizes.items() if size >= WELL_KNOWN and style in usual)
    taught = [work for work in training if work.style in names]
    classifier = StyleClassifier([work.melody for work in taught], [work.style for work in taught])
    asked = [work for work in real if work.style in names]
    likenesses = [
        Wish(work.style, m.key.tonic_name, m.key.mode, str(m.metre), min(m.bars, MOST_BARS), known=tuple(usual))
        for work in asked
        for m in (work.melody,)
        if m.key is not None
    ]
    mates = composer.compose_each(likenesses, range(seed, seed + len(likenesses)))
    fitting = [wish for wish in wishes if wish.style in names and str(wish.metre) in usual[wish.style]["metres"]]
    rng = np.random.default_rng(seed)
    plain = composer.compose_each([_plain(wish, usual, rng) for wish in fitting], range(seed, seed + len(fitting)))
    wished = [
        (wish.style or "", tune, str(wish.metre) in usual[wish.style]["metres"])
        for wish, tune in zip(wishes, tunes, strict=True)
        if wish.style in names
    ]
    sets = {
        "real": [(work.style, work.melody) for work in asked],
        "mates": list(zip((work.style for work in asked), mates, strict=True)),
        "wished_plain": list(zip((wish.style or "" for wish in fitting), plain, strict=True)),
        "wished_usual_metre": [(style, tune) for style, tune, fits in wished if fits],
        "wished_foreign_metre": [(style, tune) for style, tune, fits in wished if not fits],
    }
    return {"styles": names, **{name: _recognised(classifier, some, names) for name, some in sets.items() if some}}


def _plain(wish: Wish, usual: Mapping[str, Mapping[str, Any]], rng: np.random.Generator) -> Wish:
    """Return a wish without form, range and density, in a metre that comes as often as its style has it."""
    counts = usual[wish.style or ""]["metres"]
    shares = np.array(list(counts.values()), np.float64)
    metre = str(rng.choice(list(counts), p=shares / shares.sum()))
    return replace(wish, metre=metre, form=None, lowest=None, highest=None, density=None)


def _recognised(
    classifier: StyleClassifier, some: Sequence[tuple[str, Melody]], names: Sequence[str]
) -> dict[str, Any]:
    styles = [style for style, _ in some]
    found = classifier.classify([melody for _, melody in some])
    hits = [a == b for a, b in zip(found, styles, strict=True)]
    recalls = [np.mean([h for h, s in zip(hits, styles, strict=True) if s == name]) for name in sorted(set(styles))]
    return {
        "tunes": len(some),
        "recognised": float(np.mean(hits)),
        "mean_of_styles": float(np.mean(recalls)),
        "confusion": confusion(found, styles, names),
    }


def main() -> None:
    """Compose, read, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="of another model than the shipped one")
    parser.add_argument("--tunes", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    composer = Composer.load(arguments.weights, device="cpu")
    wishes = make_wishes(arguments.tunes, composer, arguments.seed)
    tunes = composer.compose_each(wishes, range(arguments.seed, arguments.seed + len(wishes)))
    real = [*load_works("validation"), *load_works("test")]
    training = load_works("train")
    families = sorted({work.family for work in training})
    folds = {family: number % 10 for number, family in enumerate(families)}
    sets = {"wished": tunes, "real": [work.melody for work in real]}
    result: dict[str, Any] = {"tunes": len(tunes), **judge_wishes(wishes, tunes)}
    result["keys"] = judge_keys(sets, [work.melody for work in training], [folds[work.family] for work in training])
    result["styles"] = judge_styles(composer, wishes, tunes, real, arguments.seed)
    save("melody_wishes", result)


if __name__ == "__main__":
    main()
