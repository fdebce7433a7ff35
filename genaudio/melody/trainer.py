"""One training of the melody model under way: network, optimiser, moving average, and where it stands."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genaudio.corpus import TrainingWork
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.melody.build import build_vocabulary, load_model, pitch_table
from genaudio.melody.dataset import Batch, Example, batches, collate, make_examples
from genaudio.melody.grammar import Grammar
from genaudio.melody.growth import Grown
from genaudio.melody.loss import likelihood
from genaudio.melody.recipe import MelodyRecipe
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.usual import count_usual
from genaudio.melody.vocabulary import Vocabulary
from genaudio.training import distributed

BETAS, CLIP = (0.9, 0.98), 1.0
BITS = 1 / math.log(2)


@dataclass(frozen=True)
class Material:
    """Training and validation examples with the tables that their losses need."""

    train: list[Example]
    validation: list[Example]
    table: torch.Tensor
    pitches: torch.Tensor


class Trainer:
    """One training: model, optimiser, average, and where it stands.

    Args:
        recipe: how to train.
        works: what to learn from.
        device: where.
        vocabulary: the alphabet to learn, by default what occurs in the training works.
        grown: a trained model with this alphabet to begin with; its sizes replace the recipe's.
    """

    def __init__(
        self,
        recipe: MelodyRecipe,
        works: list[TrainingWork],
        device: torch.device,
        vocabulary: Vocabulary | None = None,
        grown: Grown | None = None,
    ) -> None:
        self.recipe = recipe if grown is None else replace(recipe, shape=grown.sizes(recipe.shape))
        self.device, self.rank = device, distributed.rank()
        training = [work for work in works if work.split == "train"]
        self.vocabulary = vocabulary or build_vocabulary(training)
        self.usual = count_usual(training) if grown is None else grown.usual
        self.rejects, self.material = self._prepare(works)
        torch.manual_seed(recipe.seed)  # for the first weights and for dropout
        self.model = MelodyTransformer(self.vocabulary, self.recipe.shape).to(device)
        if grown is not None:
            self.model.load_state_dict(grown.model.state_dict())
        distributed.share(self.model)
        self.average = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.optimiser = self._optimiser()
        self.step, self.best, self.worse, self.epoch = 0, math.inf, 0, 0
        self.spent = 0.0
        self.about: dict[str, Any] = {}
        if self.rank:  # the first process goes on with the numbers that a single one has
            distributed.reseed(recipe.seed)

    def _prepare(self, works: list[TrainingWork]) -> tuple[dict[str, int], Material]:
        """Turn works into examples on the grammar's masks."""
        grammar = Grammar(self.vocabulary)
        train, rejects = make_examples((w for w in works if w.split == "train"), self.vocabulary, grammar)
        validation, more = make_examples((w for w in works if w.split == "validation"), self.vocabulary, grammar)
        if not train or not validation:
            raise GenaudioError(f"{len(train)} training and {len(validation)} validation tunes are too few to train")
        material = Material(
            train, validation, torch.from_numpy(grammar.table).to(self.device), pitch_table(grammar).to(self.device)
        )
        return dict(rejects + more), material

    def begin_from(self, path: Path) -> None:
        """Take over the weights of another model, such as the shipped one, before the first step.

        Raises:
            IncompatibleError: the file is no melody model, or one of another size or alphabet; they must be the same.
        """
        model, _ = load_model(path)
        if model.vocabulary != self.vocabulary:
            raise IncompatibleError(f"the weights {path} have another alphabet than these works; train without them")
        sizes = [(shape.width, shape.layers, shape.heads, shape.hidden) for shape in (model.shape, self.recipe.shape)]
        if sizes[0] != sizes[1]:
            raise IncompatibleError(
                f"the weights {path} have width, layers, heads and hidden width {sizes[0]} where the recipe has "
                f"{sizes[1]}; use the same"
            )
        self.model.load_state_dict(model.state_dict())
        self.average.load_state_dict(model.state_dict())

    def _optimiser(self) -> torch.optim.AdamW:
        """Decay matrices, not gains, biases or embeddings."""
        decayed = [p for n, p in self.model.named_parameters() if p.ndim > 1 and "inputs" not in n]
        others = [p for n, p in self.model.named_parameters() if p.ndim == 1 or "inputs" in n]
        groups = [
            {"params": decayed, "weight_decay": self.recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.recipe.learning_rate, betas=BETAS)

    def _losses(self, model: MelodyTransformer, batch: Batch, smoothing: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the sums of rhythm and pitch losses of a batch."""
        half = self.recipe.precision == "bfloat16" and self.device.type in ("cpu", "cuda")
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            loss = likelihood(model, batch, self.material.table, self.material.pitches, smoothing)
        return loss.rhythm.sum(), loss.pitch.sum()

    def epoch_batches(self) -> Iterator[Batch | None]:
        """Yield this process's share of each batch of one epoch, augmented; None where a batch has nothing for it.

        The batches are the same however many processes share them out, so a recipe means the same training.
        """
        recipe = self.recipe
        generator = np.random.default_rng((recipe.seed, self.epoch))
        own = np.random.default_rng((recipe.seed, self.epoch, self.rank))
        for group in batches(self.material.train, recipe.batch_tokens, recipe.length, generator):
            part = group[self.rank :: distributed.size()]
            if not part:
                yield None
                continue
            batch = collate(part, self.vocabulary, recipe.length, own, recipe.condition_drop, recipe.transpose)
            yield batch.to(self.device)

    def update(self, batch: Batch | None, rate: float) -> float:
        """Take one optimiser step on this process's share of a batch.

        Returns:
            The loss of the whole batch in bits per note, smoothing included.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        (notes,) = distributed.total(0 if batch is None else int((batch.pitch >= 0).sum()))
        self.optimiser.zero_grad(set_to_none=True)
        own = 0.0
        if batch is not None:
            rhythm, pitch = self._losses(self.model.train(), batch, self.recipe.label_smoothing)
            loss = (rhythm + pitch) / notes
            loss.backward()  # type: ignore[no-untyped-call]
            own = loss.item()
        distributed.add_gradients(self.model)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimiser.step()
        self.step += 1
        decay = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - decay)
        return distributed.total(own)[0] * BITS

    @torch.no_grad()
    def evaluate(self) -> tuple[float, float]:
        """Return rhythm and pitch bits per note of the averaged weights on the validation works."""
        rhythm = pitch = 0.0
        examples = sorted(self.material.validation, key=len)
        for start in range(16 * self.rank, len(examples), 16 * distributed.size()):
            batch = collate(examples[start : start + 16], self.vocabulary).to(self.device)
            losses = self._losses(self.average, batch, 0.0)
            rhythm, pitch = rhythm + losses[0].item(), pitch + losses[1].item()
        rhythm, pitch = distributed.total(rhythm, pitch)
        notes = sum(example.notes for example in examples)
        return rhythm / notes * BITS, pitch / notes * BITS

    def state(self) -> dict[str, Any]:
        """Return all that a resumed training needs."""
        return {
            "recipe": json.dumps(asdict(self.recipe)), "vocabulary": self.vocabulary.digest,
            "model": self.model.state_dict(), "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(), "random": torch.get_rng_state(),
            "step": self.step, "best": self.best, "worse": self.worse, "epoch": self.epoch, "spent": self.spent,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint.

        Raises:
            GenaudioError: the checkpoint belongs to another network or other works.
        """
        shape = json.loads(state["recipe"])["shape"]
        if shape != asdict(self.recipe.shape) or state["vocabulary"] != self.vocabulary.digest:
            raise GenaudioError("the checkpoint belongs to another network or other works; train without --resume")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.best, self.worse = state["step"], state["best"], state["worse"]
        self.epoch, self.spent = state["epoch"], state["spent"]
        distributed.reseed(self.recipe.seed + self.step)
        if not self.rank:
            torch.set_rng_state(state["random"])
