"""One training of the melody model under way: network, optimiser, moving average, and where it stands."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genaudio.corpus import TrainingWork
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.melody.build import build_vocabulary, load_model, pitch_table
from genaudio.melody.dataset import Batch, Example, batches, collate, draw_changes, make_examples
from genaudio.melody.grammar import Grammar
from genaudio.melody.growth import Grown
from genaudio.melody.loss import Likelihood, Teaching, likelihood, predict_together
from genaudio.melody.packed import PackedExamples
from genaudio.melody.recipe import MelodyRecipe
from genaudio.melody.stretch import stretched
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.usual import count_usual
from genaudio.melody.vocabulary import Vocabulary
from genaudio.training import distributed

BETAS, CLIP = (0.9, 0.98), 1.0
BITS = 1 / math.log(2)


@dataclass(frozen=True)
class Material:
    """Training and validation examples with the tables that their losses need.

    The last `twins` of the training examples are tunes that stand there once already, in other note values.
    """

    train: list[Example]
    twins: int
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
        teachers: weights of models with this alphabet, of any size, whose mean predictions are learned from too.

    Raises:
        IncompatibleError: a teacher is no melody model, or has another alphabet.
    """

    def __init__(
        self,
        recipe: MelodyRecipe,
        works: list[TrainingWork],
        device: torch.device,
        vocabulary: Vocabulary | None = None,
        grown: Grown | None = None,
        teachers: Sequence[Path] = (),
    ) -> None:
        self.recipe = recipe if grown is None else replace(recipe, shape=grown.sizes(recipe.shape))
        self.device, self.rank = device, distributed.rank()
        training = [work for work in works if work.split == "train"]
        self.vocabulary = vocabulary or build_vocabulary(training)
        self.usual = count_usual(training) if grown is None else grown.usual
        self.teachers = [self._load(path).to(device).requires_grad_(False) for path in teachers]
        self.rejects, self.material = self._prepare(works)
        self._packed = PackedExamples(self.material.train, self.vocabulary, device)
        self._validation = self._validation_batches()
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
        training = [work for work in works if work.split == "train"]
        train, rejects = make_examples(training, self.vocabulary, grammar)
        validation, more = make_examples((w for w in works if w.split == "validation"), self.vocabulary, grammar)
        if not train or not validation:
            raise GenaudioError(f"{len(train)} training and {len(validation)} validation tunes are too few to train")
        twins, _ = make_examples(stretched(training) if self.recipe.stretch else (), self.vocabulary, grammar)
        material = Material(
            [*train, *twins],
            len(twins),
            validation,
            torch.from_numpy(grammar.table).to(self.device),
            pitch_table(grammar).to(self.device),
        )
        return dict(rejects + more), material

    def _validation_batches(self) -> list[Batch]:
        """Return this process's share of the validation works, on the device."""
        examples = sorted(self.material.validation, key=len)
        starts = range(16 * self.rank, len(examples), 16 * distributed.size())
        return [collate(examples[start : start + 16], self.vocabulary).to(self.device) for start in starts]

    def _load(self, path: Path) -> MelodyTransformer:
        """Read weights that must know this alphabet."""
        model, _ = load_model(path)
        if model.vocabulary != self.vocabulary:
            raise IncompatibleError(f"the weights {path} have another alphabet than these works; train without them")
        return model

    def begin_from(self, path: Path) -> None:
        """Take over the weights of another model, such as the shipped one, before the first step.

        Raises:
            IncompatibleError: the file is no melody model, or one of another size or alphabet; they must be the same.
        """
        model = self._load(path)
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
        fused = True if self.device.type == "cuda" else None
        return torch.optim.AdamW(groups, lr=self.recipe.learning_rate, betas=BETAS, fused=fused)

    def _autocast(self) -> torch.autocast:
        """Return the precision that the recipe asks for, as a context."""
        half = self.recipe.precision == "bfloat16" and self.device.type in ("cpu", "cuda")
        return torch.autocast(self.device.type, torch.bfloat16, enabled=half)

    def _training_loss(self, batch: Batch) -> Likelihood:
        """Return the losses of a batch, label smoothing and teachers included."""
        table, pitches, teaching = self.material.table, self.material.pitches, None
        with self._autocast():
            if self.teachers:
                teaching = Teaching(predict_together(self.teachers, batch, table, pitches), self.recipe.distillation)
            smoothing = self.recipe.label_smoothing
            return likelihood(self.model.train(), batch, table, pitches, smoothing, teaching=teaching)

    def _shown(self, generator: np.random.Generator) -> list[int]:
        """Return the numbers of the training examples of one epoch: each tune, and some of them also as their twin."""
        tunes = len(self.material.train) - self.material.twins
        if not self.material.twins:
            return list(range(tunes))
        more = np.flatnonzero(generator.random(self.material.twins) < self.recipe.stretch)
        return [*range(tunes), *(tunes + more).tolist()]

    def epoch_batches(self) -> Iterator[Batch | None]:
        """Yield this process's share of each batch of one epoch, augmented; None where a batch has nothing for it.

        The batches are the same however many processes share them out, so a recipe means the same training.
        """
        recipe = self.recipe
        generator = np.random.default_rng((recipe.seed, self.epoch))
        own = np.random.default_rng((recipe.seed, self.epoch, self.rank))
        shown = self._shown(generator)
        examples = [self.material.train[number] for number in shown]
        for group in batches(examples, recipe.batch_tokens, recipe.length, generator):
            part = [shown[place] for place in group[self.rank :: distributed.size()]]
            if not part:
                yield None
                continue
            changes = draw_changes(
                [self.material.train[number] for number in part],
                self.vocabulary,
                recipe.length,
                own,
                recipe.condition_drop,
                recipe.transpose,
            )
            yield self._packed.batch(part, changes)

    def update(self, batch: Batch | None, rate: float) -> torch.Tensor:
        """Take one optimiser step on this process's share of a batch; a single process does not wait for its device.

        Returns:
            The loss of the whole batch in bits per note, label smoothing and teachers included, [] on the device.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        notes = torch.zeros((), dtype=torch.int64) if batch is None else (batch.pitch >= 0).sum()
        if distributed.size() > 1:
            notes = torch.tensor(distributed.total(int(notes))[0], device=self.device)
        self.optimiser.zero_grad(set_to_none=True)
        own = torch.zeros((), device=self.device)
        if batch is not None:
            losses = self._training_loss(batch)
            loss = (losses.rhythm.sum() + losses.pitch.sum()) / notes
            loss.backward()  # type: ignore[no-untyped-call]
            own = loss.detach()
        distributed.add_gradients(self.model)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimiser.step()
        self.step += 1
        decay = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - decay)
        if distributed.size() > 1:
            own = torch.tensor(distributed.total(float(own))[0])
        return own * BITS

    @torch.no_grad()
    def evaluate(self) -> tuple[float, float]:
        """Return rhythm and pitch bits per note of the averaged weights on the validation works."""
        table, pitches = self.material.table, self.material.pitches
        sums = []
        for batch in self._validation:
            with self._autocast():
                losses = likelihood(self.average, batch, table, pitches)
            sums.append(torch.stack([losses.rhythm.sum(), losses.pitch.sum()]))
        own = torch.stack(sums).cpu().double().sum(0).tolist() if sums else [0.0, 0.0]
        rhythm, pitch = distributed.total(*own)
        notes = sum(example.notes for example in self.material.validation)
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
