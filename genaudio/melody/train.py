"""Training of the melody model: ``python -m genaudio.melody.train --config configs/melody.yaml --out FOLDER``.

Under torchrun the processes share out each batch, and the gradients are added up: the same training, sooner.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from genaudio.assets import sha256
from genaudio.corpus import TrainingWork, load_works
from genaudio.errors import GenaudioError, tells_errors
from genaudio.melody.build import save_model
from genaudio.melody.growth import grow_model
from genaudio.melody.recipe import MelodyRecipe
from genaudio.melody.trainer import Trainer
from genaudio.melody.vocabulary import Vocabulary
from genaudio.training import Budget, cosine, distributed, load_checkpoint, load_recipe, parse_seconds, save_checkpoint


@dataclass(frozen=True)
class Progress:
    """What a training tells at each evaluation; bits are per note on the validation works.

    `train_bits` are those of the batches since the last evaluation, None before the first step.
    """

    step: int
    fraction: float
    train_bits: float | None
    rhythm_bits: float
    pitch_bits: float
    best_bits: float
    seconds: float

    @property
    def bits(self) -> float:
        """Bits per note, rhythm and pitch jointly."""
        return self.rhythm_bits + self.pitch_bits


def train_melody(
    recipe: MelodyRecipe,
    out: Path,
    resume: bool = False,
    time_budget: float | None = None,
    device: str = "auto",
    on_progress: Callable[[Progress], None] | None = None,
    works: list[TrainingWork] | None = None,
    base: Path | None = None,
    vocabulary: Vocabulary | None = None,
    about: dict[str, Any] | None = None,
    teachers: Sequence[Path] = (),
) -> Path:
    """Train the melody model and keep the weights that are best on the validation works.

    Args:
        recipe: how to train.
        out: folder for ``checkpoint.pt``, ``model.safetensors`` and ``log.jsonl``.
        resume: continue from the checkpoint in `out`; an interrupted epoch starts again.
        time_budget: seconds, overriding the recipe's.
        device: ``auto``, ``cpu``, ``cuda``...
        on_progress: called at each evaluation, under torchrun in the first process only.
        works: what to learn from, the shipped training works by default.
        base: weights to begin with instead of random ones; they must be of the recipe's sizes and the works' alphabet.
        vocabulary: the alphabet to learn instead of what occurs in the works. Then `base` may be of other sizes, which
            count instead of the recipe's, and of a smaller alphabet, which grows; and its own loss counts as the first
            evaluation, so that what is kept is never worse on the validation works.
        about: what else the weights file shall say of this training.
        teachers: weights of trained models, of any sizes, whose mean predictions are learned from too, as much as the
            recipe's `distillation` says. A resumed training needs them again.

    Returns:
        The path of the best weights.

    Raises:
        GenaudioError: the recipe, checkpoint, works or device cannot be used.
    """
    if teachers and not recipe.distillation:
        raise GenaudioError("teachers teach nothing while the recipe's distillation is 0; give a share such as 0.8")
    with distributed.joined(device) as chosen:
        state = load_checkpoint(out / "checkpoint.pt") if resume else None  # first, since all else takes a while
        works = load_works() if works is None else works
        grown = grow_model(base, vocabulary, works) if base is not None and vocabulary is not None else None
        trainer = Trainer(recipe, works, chosen, vocabulary, grown, teachers)
        trainer.about = dict(about or {})
        if teachers:
            trainer.about["teachers"] = [sha256(path) for path in teachers]
        if base is not None and grown is None:
            trainer.begin_from(base)
        if state is not None:
            trainer.restore(state)
        out.mkdir(parents=True, exist_ok=True)
        seconds = time_budget or (parse_seconds(recipe.time_budget) if recipe.time_budget else None)
        budget = Budget(seconds, recipe.steps or None, trainer.spent)
        if grown is not None and not trainer.step:
            _evaluate(trainer, budget, out, None, on_progress)
        while distributed.agree(budget.fraction(trainer.step)) < 1 and trainer.worse < recipe.patience:
            _run_epoch(trainer, budget, out, on_progress)
    return out / "model.safetensors"


def _run_epoch(trainer: Trainer, budget: Budget, out: Path, on_progress: Callable[[Progress], None] | None) -> None:
    """Train one epoch, evaluating and saving on the way, until the budget or the patience ends."""
    recipe, losses = trainer.recipe, []
    fraction = distributed.agree(budget.fraction(trainer.step))
    for batch in trainer.epoch_batches():
        rate = cosine(fraction, trainer.step, recipe.learning_rate, recipe.warmup)
        losses.append(trainer.update(batch, rate))
        fraction = distributed.agree(budget.fraction(trainer.step))
        if trainer.step % recipe.evaluate_every == 0 or fraction >= 1:
            _evaluate(trainer, budget, out, float(torch.stack(losses).mean()), on_progress)
            losses = []
            if fraction >= 1 or trainer.worse >= recipe.patience:
                return
    trainer.epoch += 1


def _evaluate(
    trainer: Trainer,
    budget: Budget,
    out: Path,
    train_bits: float | None,
    on_progress: Callable[[Progress], None] | None,
) -> None:
    """Evaluate, keep the weights where they are the best, write the checkpoint and the log."""
    rhythm, pitch = trainer.evaluate()
    better = rhythm + pitch < trainer.best
    trainer.best, trainer.worse = min(trainer.best, rhythm + pitch), 0 if better else trainer.worse + 1
    trainer.spent = budget.spent_seconds
    if trainer.rank:
        return
    progress = Progress(
        trainer.step, budget.fraction(trainer.step), train_bits, rhythm, pitch, trainer.best, trainer.spent
    )
    if better:
        account = {
            **trainer.about,
            "step": trainer.step,
            "seconds": round(trainer.spent),
            "recipe": asdict(trainer.recipe),
            "validation_rhythm_bits": rhythm,
            "validation_pitch_bits": pitch,
            "train_works": len(trainer.material.train) - trainer.material.twins,
            "validation_works": len(trainer.material.validation),
            "rejects": trainer.rejects,
        }
        save_model(out / "model.safetensors", trainer.average, trainer.usual, account)
    save_checkpoint(out / "checkpoint.pt", trainer.state())
    with (out / "log.jsonl").open("a") as log:
        log.write(json.dumps(asdict(progress)) + "\n")
    if on_progress is not None:
        on_progress(progress)


@tells_errors
def main(arguments: list[str] | None = None) -> int:
    """Run a training from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m genaudio.melody.train", description="Train the melody model.")
    parser.add_argument("--config", default="configs/melody.yaml", help="recipe (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("outputs/training/melody"), help="folder for the results")
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint in the folder")
    parser.add_argument("--base", type=Path, help="weights to begin with instead of random ones")
    parser.add_argument(
        "--teacher", type=Path, action="append", default=[], help="weights to learn from too; may be repeated"
    )
    parser.add_argument("--time-budget", help="such as 25m, overriding the recipe's")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    options = parser.parse_args(arguments)

    def show(progress: Progress) -> None:
        parts = (
            f"step {progress.step} ({progress.fraction:.0%}, {progress.seconds:.0f} s)",
            "the weights begun with"
            if progress.train_bits is None
            else f"bits per note in training {progress.train_bits:.3f}",
            f"in validation {progress.bits:.4f} (rhythm {progress.rhythm_bits:.4f}, pitch {progress.pitch_bits:.4f})",
            f"best {progress.best_bits:.4f}",
        )
        print(", ".join(parts), file=sys.stderr, flush=True)

    budget = parse_seconds(options.time_budget) if options.time_budget else None
    recipe = load_recipe(options.config, MelodyRecipe)
    path = train_melody(
        recipe, options.out, options.resume, budget, options.device, show,
        base=options.base, teachers=options.teacher,
    )  # fmt: skip
    if distributed.leads():
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
