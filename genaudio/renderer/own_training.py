"""The renderer trained on one's own recordings with MIDI files, from trained weights or from nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from genaudio.codec.codec import Codec
from genaudio.renderer.model import ScoreModelConfig
from genaudio.renderer.pair_set import Account, PairSet, gather_pairs, open_pairs
from genaudio.renderer.recipe import RendererRecipe
from genaudio.renderer.train import RendererTraining, train
from genaudio.training import distributed, load_checkpoint
from genaudio.training.loop import Progress
from genaudio.weights import load_weights

PAIRS, ACCOUNT = "pairs", "pairs.json"
"""Beside the weights: the folder of what was read, and the account of it."""


@dataclass(frozen=True)
class OwnPairs:
    """Where the pairs of a training lie and what it begins with.

    Attributes:
        source: folder of recordings and MIDI files; None where the training in `out` goes on with what it has read.
        out: folder of what was read, checkpoint and weights.
        base: weights of a renderer to begin with, None for random ones; of no account to a training that goes on.
        codec: weights of the codec, the shipped ones unless given.
    """

    source: Path | None
    out: Path
    base: Path | None = None
    codec: Path | None = None

    def read(
        self, sample_rate: int, progress: Callable[[int, int], None] | None = None
    ) -> tuple[PairSet, PairSet, Account]:
        """Read the pairs, or open what was read, and write the account.

        Raises:
            GenaudioError: as `gather_pairs` and `open_pairs`.
        """
        if self.source is None:
            return open_pairs(self.out / PAIRS, sample_rate)
        learnt, measured, account = gather_pairs(self.source, self.out / PAIRS, sample_rate, progress)
        if not distributed.rank():
            (self.out / ACCOUNT).write_text(json.dumps(asdict(account), indent=2, ensure_ascii=False) + "\n", "utf-8")
        return learnt, measured, account

    def sizes(self, recipe: RendererRecipe) -> ScoreModelConfig:
        """Return the sizes of the model: those of the weights begun with or of the checkpoint, else the recipe's.

        Raises:
            GenaudioError: there is no checkpoint to go on from.
            IncompatibleError: the file is missing or damaged.
        """
        if self.source is None:
            return ScoreModelConfig.from_json(load_checkpoint(self.out / "checkpoint.pt")["config"])
        if self.base is None:
            return recipe.model
        return replace(
            ScoreModelConfig.from_json(load_weights(self.base, "renderer")[1]), families=recipe.model.families
        )


def train_on_pairs(
    recipe: RendererRecipe,
    own: OwnPairs,
    time_budget: float | None = None,
    device: str = "auto",
    on_progress: Progress | None = None,
    on_pairs: Callable[[Account], None] | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a score model on recordings and their MIDI files and write its weights to `own.out`/model.safetensors.

    Args:
        recipe: how to train; the sizes are those of the weights to begin with, if there are any.
        own: the pairs, and where it all goes.
        time_budget: seconds of training, instead of the recipe's.
        device: where to train.
        on_progress: called with measures now and then.
        on_pairs: called with the account of the reading, in the first process.
        tell: called with (pairs read, pairs in all).

    Raises:
        GenaudioError: there is too little to learn from, or nothing to resume.
        IncompatibleError: weights do not fit.
    """
    with distributed.joined(device) as chosen:
        codec = Codec.load(own.codec, str(chosen))
        recipe = replace(recipe, model=own.sizes(recipe))
        with distributed.first_alone() as first:
            learnt, measured, account = own.read(codec.sample_rate, tell)
            if first and on_pairs:
                on_pairs(account)
        training = RendererTraining(recipe, own.out, own.out, codec, (learnt, measured))
        return train(training, own.source is None, time_budget, on_progress, own.base)
