"""What each part of the melody model is worth: the same short training with one part left out at a time.

``python benchmarks/melody_ablation.py [--steps 300] [--rows whole lags ...]``

Every row is trained from random weights by the recipe of the shipped model, with the same seed, batches and number of
steps, and measured in bits a note on the validation works. Rows that are there already are not run again. One seed
each: differences of .01 may be chance.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from common import RESULTS, save

from genaudio.corpus import load_works
from genaudio.melody.features import BASE_COLUMNS, COLUMNS, PITCH_COLUMNS, PLACE_COLUMNS
from genaudio.melody.recipe import MelodyRecipe
from genaudio.melody.trainer import Trainer
from genaudio.melody.transformer import MelodyTransformer
from genaudio.training import cosine, load_recipe

RECIPE = Path(__file__).parents[1] / "configs" / "melody.yaml"


def blank(model: MelodyTransformer, names: list[str], derived: bool = False) -> None:
    """Hide columns of the input from a model, and pitch classes and the last interval where these are `derived`."""
    hidden = {COLUMNS.index(name) for name in names}
    if derived:
        hidden |= set(range(len(COLUMNS), len(COLUMNS) + len(PITCH_COLUMNS) + 1))
    total = model._sum

    def without(table: torch.nn.EmbeddingBag, numbers: torch.Tensor) -> torch.Tensor:
        if table is model.inputs:
            numbers = numbers[..., [column for column in range(numbers.shape[-1]) if column not in hidden]]
        return total(table, numbers)

    model._sum = without  # type: ignore[method-assign]


def silent(*parts: torch.nn.Linear) -> None:
    """Keep outputs at nothing: they begin at zero and are not trained."""
    for part in parts:
        torch.nn.init.zeros_(part.weight)
        torch.nn.init.zeros_(part.bias)
        part.requires_grad_(False)


def no_pointers(model: MelodyTransformer) -> None:
    """Leave out the outputs that copy."""
    silent(model.rhythm_copy, model.pitch_copy)


def no_lags(model: MelodyTransformer) -> None:
    """Leave out all that repetition is seen by, but for attention."""
    no_pointers(model)
    blank(model, [name for name in COLUMNS if name not in BASE_COLUMNS])


def no_places(model: MelodyTransformer) -> None:
    """Leave out where the event begins and ends."""
    blank(model, list(PLACE_COLUMNS))
    torch.nn.init.zeros_(model.arrival_inputs.weight)
    model.arrival_inputs.requires_grad_(False)


def no_relatives(model: MelodyTransformer) -> None:
    """Leave out pitch classes and intervals."""
    blank(model, [], derived=True)
    silent(model.interval_out, model.class_out)


ROWS: dict[str, tuple[str, Callable[[MelodyTransformer], None] | None, dict[str, Any]]] = {
    "whole": ("the model as it is", None, {}),
    "pointers": ("without outputs that copy what stood bars ago or followed the same notes", no_pointers, {}),
    "lags": ("without these outputs, and without the inputs of what stood bars ago", no_lags, {}),
    "places": ("without places in beat, bar, eight bars and piece", no_places, {}),
    "relative": ("without pitch classes and intervals, in and out: steps above the tonic alone", no_relatives, {}),
    "blindness": ("without hiding single inputs in training", None, {"blindness": 0.0}),
    "dropout": ("without dropout", None, {"dropout": 0.0}),
    "transposition": ("without moving tunes to other keys", None, {"transpose": 0.0}),
    "average": ("without averaging the weights", None, {"average": 0.0}),
}


def train(name: str, recipe: MelodyRecipe, steps: int) -> dict[str, Any]:
    """Train one row and measure it."""
    account, change, settings = ROWS[name]
    shape = replace(recipe.shape, **{k: v for k, v in settings.items() if hasattr(recipe.shape, k)})
    recipe = replace(recipe, shape=shape, **{k: v for k, v in settings.items() if hasattr(recipe, k)})
    trainer = Trainer(recipe, load_works(), torch.device("cpu"))
    if change is not None:
        change(trainer.model)
        change(trainer.average)
    while trainer.step < steps:
        for batch in trainer.epoch_batches():
            trainer.update(batch, cosine(trainer.step / steps, trainer.step, recipe.learning_rate, recipe.warmup))
            if trainer.step == steps:
                break
        trainer.epoch += 1
    rhythm, pitch = trainer.evaluate()
    return {"row": account, "bits_per_rhythm": rhythm, "bits_per_pitch": pitch, "bits_per_note": rhythm + pitch}


def main() -> None:
    """Train the rows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=ROWS)
    options = parser.parse_args()
    recipe = load_recipe(RECIPE, MelodyRecipe)
    path = RESULTS / "melody_ablation.json"
    found = json.loads(path.read_text()) if path.is_file() else {}
    rows = found["rows"] if found.get("steps") == options.steps else {}
    for name in options.rows:
        if name not in rows:
            rows[name] = train(name, recipe, options.steps)
        ordered = {row: rows[row] for row in ROWS if row in rows}
        save("melody_ablation", {"steps": options.steps, "events_in_a_batch": recipe.batch_tokens, "rows": ordered})


if __name__ == "__main__":
    main()
