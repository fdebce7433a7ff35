"""A trained model that learns new words: styles, metres, modes and durations join its alphabet, and its weights grow.

What the model knew keeps its rows. A new style, metre or mode begins as the mean of the known ones, a new duration as
the nearest one of its kind, rare at first. So the grown model says of old music nearly what it said before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import torch

from genaudio.corpus import TrainingWork
from genaudio.errors import IncompatibleError
from genaudio.melody.build import load_model
from genaudio.melody.dataset import CONDITIONS
from genaudio.melody.features import COLUMNS
from genaudio.melody.transformer import MelodyTransformer, Shape
from genaudio.melody.usual import ALL, Usual, count_usual
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Metre

RARE = 3.0
"""Nats by which a new duration is less likely than the one that it begins as."""
Origins = list[list[int]]
"""For each row of a grown table the rows of the old one of which it is the mean."""


@dataclass(frozen=True)
class Grown:
    """A model with a grown alphabet, and what is usual for each of its styles."""

    model: MelodyTransformer
    usual: Usual

    def sizes(self, shape: Shape) -> Shape:
        """Return a shape with this model's sizes and its own dropout."""
        own = self.model.shape
        return replace(shape, width=own.width, layers=own.layers, heads=own.heads, hidden=own.hidden)


def grow_model(path: Path, vocabulary: Vocabulary, works: Sequence[TrainingWork]) -> Grown:
    """Load a model and let it grow to an alphabet that holds its own, and to what is usual in the training works.

    Raises:
        IncompatibleError: the file is no melody model, or its alphabet is no part of the other.
    """
    model, config = load_model(path)
    if grow_vocabulary(model.vocabulary, vocabulary) != vocabulary:
        raise IncompatibleError(f"the weights {path} have another alphabet than this training; begin a new one")
    training = (work for work in works if work.split == "train")
    return Grown(grow_weights(model, vocabulary), grow_usual(config["usual"], count_usual(training)))


def grow_vocabulary(base: Vocabulary, own: Vocabulary) -> Vocabulary:
    """Return an alphabet with all that either has; the range of pitches is the base's."""
    metres = (Metre.parse(text) for text in {*base.metres, *own.metres})
    ordered = sorted(metres, key=lambda metre: (metre.denominator, metre.numerator))
    return replace(
        base,
        styles=tuple(sorted({*base.styles, *own.styles})),
        metres=tuple(map(str, ordered)),
        modes=(*base.modes, *(mode for mode in own.modes if mode not in base.modes)),
        notes=tuple(sorted({*base.notes, *own.notes})),
        rests=tuple(sorted({*base.rests, *own.rests})),
        ties=tuple(sorted({*base.ties, *own.ties})),
    )


def grow_usual(base: Usual, own: Usual) -> Usual:
    """Return what is usual for the styles of both, a style of one's own as in one's own works.

    Where no style is wished only those of one's own are drawn: the others count no works.
    """
    known = {style: {**table, "works": 0} for style, table in base.items() if style != ALL}
    both = dict(own[ALL])
    for name in ("tonics", "pickups"):
        both[name] = {**base.get(ALL, {}).get(name, {}), **own[ALL][name]}
    return {**known, **own, ALL: both}


def grow_weights(model: MelodyTransformer, vocabulary: Vocabulary) -> MelodyTransformer:
    """Return a model with a larger alphabet and the weights of a smaller one, ready for use."""
    rhythms = _rhythm_origins(model.vocabulary, vocabulary)
    nothing = [[model.vocabulary.rhythm_count]]
    tables = {
        "inputs.weight": _input_origins(model, vocabulary, rhythms + nothing),
        "rhythm_out.weight": rhythms,
        "rhythm_out.bias": rhythms,
        "chosen_rhythm.weight": rhythms + nothing,
    }
    state = model.state_dict()
    for name, origins in tables.items():
        old = state[name]
        state[name] = torch.stack([old[rows].mean(0) for rows in origins])
    new = [index for index, rhythm in enumerate(vocabulary.rhythms) if rhythm not in model.vocabulary.rhythm_index]
    state["rhythm_out.bias"][new] -= RARE
    grown = MelodyTransformer(vocabulary, model.shape)
    grown.load_state_dict(state)
    return grown.eval()


def _rhythm_origins(old: Vocabulary, new: Vocabulary) -> Origins:
    """Return for each rhythm symbol its own old number, or that of the nearest duration of its kind."""
    origins = []
    for kind, duration in new.rhythms:
        alike = [known for known in old.rhythms if known[0] == kind] or list(old.rhythms)
        nearest = min(alike, key=lambda known: (abs(known[1] - duration), known[1]))
        origins.append([old.rhythm_index[nearest]])
    return origins


def _name_origins(old: Sequence[str], new: Sequence[str]) -> Origins:
    """Return for each name its own old number, or all of them; and last that of "anything"."""
    return [*([old.index(name)] if name in old else list(range(len(old))) for name in new), [len(old)]]


def _input_origins(model: MelodyTransformer, vocabulary: Vocabulary, rhythms: Origins) -> Origins:
    """Return the origins of the rows of the one table that holds the inputs of all columns, part after part."""
    old = model.vocabulary
    names = {name: _name_origins(getattr(old, f"{name}s"), getattr(vocabulary, f"{name}s"))
             for name in ("style", "mode", "metre")}  # fmt: skip
    starts = [*model.starts.tolist(), model.inputs.num_embeddings]
    conditions = len(starts) - 1 - len(CONDITIONS)
    origins: Origins = []
    for part, (start, end) in enumerate(pairwise(starts)):
        if part < len(COLUMNS) and COLUMNS[part].startswith("rhythm"):
            rows = rhythms
        elif part >= conditions and CONDITIONS[part - conditions] in names:
            rows = names[CONDITIONS[part - conditions]]
        else:
            rows = [[row] for row in range(end - start)]
        origins += [[start + row for row in group] for group in rows]
    return origins
