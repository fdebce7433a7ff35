"""What each part of the codec's recipe is worth: short trainings that differ in one thing from configs/codec.yaml.

``python benchmarks/codec_ablation.py [--budget 120] [--rows base ...] [--data FOLDER]``

Every row has the same budget, in seconds of processor time of one thread, so that other work on the machine does not
count; what a row's extra costs, it pays in steps. Examples and warm-up are smaller than the recipe's (`CROPS`,
`WARMUP`), so that a short training takes some hundred steps. A row whose difference sets in late goes on from the
base's own training at that point, with the same batches. Some rows
begin with the shipped weights. Rows that are there already are not run again. One seed each:
small differences may be chance, and what needs a long training cannot show here.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from common import RESULTS, save

from genaudio.assets import asset
from genaudio.codec.recipe import CodecRecipe
from genaudio.codec.train import CodecTraining
from genaudio.teacher import TeacherSet, teacher_sets
from genaudio.training import load_recipe

log = logging.getLogger(__name__)
RECIPE = Path(__file__).parents[1] / "configs" / "codec.yaml"
CROPS = {"batch": 6, "frames": 64}
WARMUP = 40
"""Steps in which the learning rate rises: the recipe's would be half of so short a training."""
MARKS = (0.3, 0.67)
"""Shares of the base's budget at which other rows may set out from it."""
TUNED = {"rate": 5.0e-4}
"""What is set in rows that begin with the shipped weights."""
CLIPS, SECONDS = 38, 2.0
"""Held-out clips that are measured, and how much of each."""


def no_revival(training: CodecTraining) -> None:
    """Leave codes dead that nothing chooses."""
    for layer in training.model.quantizer.vq.layers:
        layer._codebook.threshold_ema_dead_code = 0


def no_free_branch(training: CodecTraining) -> None:
    """Silence the decoder's free branch: magnitudes of exp(-33), which no gradient wakes."""
    bins, head = training.model.decoder.spectrum_bins, training.model.decoder.head
    with torch.no_grad():
        head.weight[bins : 2 * bins] = 0
        head.bias[bins : 2 * bins] = -30


@dataclass(frozen=True)
class Row:
    """One change of the recipe.

    Attributes:
        account: what the table says.
        settings: changed fields of the recipe; of its model and crops as mappings.
        change: what is done to the training before its first step.
        since: share of the budget up to which the row is that named `like`: 0 or one of `MARKS`.
        like: the row that this one is compared with.
        tuned: begin with the shipped weights, at half the learning rate, instead of nothing.
    """

    account: str
    settings: dict[str, Any] = field(default_factory=dict)
    change: Callable[[CodecTraining], None] | None = None
    since: float = 0.0
    like: str = "base"
    tuned: bool = False


ROWS = {
    "base": Row("the recipe"),
    "average": Row("a moving average of the weights (.99)", {"average": 0.99}, since=0.67),
    "critic": Row("a critic for the last third", {"adversary": 0.3}, since=0.67),
    "normalize": Row("every frame's latents at mean 0 and variance 1", {"model": {"normalize": True}}),
    "brisk": Row("codes follow the latents and die five times as fast", {"code_decay": 0.95}, since=0.3),
    "factorised": Row("codes are directions in 8 dimensions", {"model": {"code_dimension": 8}}),
    "advance": Row("the distance of phase advances beside the others", {"advance": 1.0}),
    "start": Row("the quantizer from the first step on", {"quantize_after": 0.0}),
    "excitation": Row("no excitation at all", {"model": {"hearing": 0}, "crops": {"alone": 1.0}}),
    "hearing": Row("no keys heard without a score", {"model": {"hearing": 0}}),
    "attack": Row("beginnings weigh no more than the rest", {"attack": 0.0}),
    "recurrence": Row("frames may repeat those before them, as noise", {"recurrence": 0.0}),
    "repeats": Row(
        "frames may repeat those before them, as they are", {"recurrence": 0.0, "model": {"repeats_as_noise": False}}
    ),
    "fine": Row("no finer transform for low notes", {"model": {"fine_window": 0}}),
    "free": Row("no free branch", change=no_free_branch),
    "revival": Row("dead codes stay dead", change=no_revival, since=0.3),
    "tuned": Row("the shipped weights, taught on", TUNED, like="tuned", tuned=True),
    "tuned_critic": Row("a critic for the last third", {**TUNED, "adversary": 0.3}, since=0.67, like="tuned"),
    "tuned_brisk": Row(
        "codes follow and die five times as fast", {**TUNED, "code_decay": 0.95}, like="tuned", tuned=True
    ),
    "tuned_attack": Row("beginnings weigh no more", {**TUNED, "attack": 0.0}, like="tuned", tuned=True),
    "tuned_advance": Row("the distance of phase advances", {**TUNED, "advance": 1.0}, like="tuned", tuned=True),
    "tuned_scales": Row("all five windows in every step", {**TUNED, "scales": 5}, like="tuned", tuned=True),
}


def changed(recipe: CodecRecipe, settings: dict[str, Any]) -> CodecRecipe:
    """The recipe with small examples and the changes of a row."""
    parts = {name: value for name, value in settings.items() if isinstance(value, dict)}
    plain = {name: value for name, value in settings.items() if name not in parts}
    crops = replace(recipe.crops, **CROPS, **parts.get("crops", {}))
    return replace(
        recipe, model=replace(recipe.model, **parts.get("model", {})), crops=crops, warmup_steps=WARMUP, **plain
    )


def train(training: CodecTraining, budget: float, keep: bool) -> None:
    """Spend what is left of a budget of processor time.

    At each of `MARKS` every row writes a checkpoint and goes on from it, so that rows which set out from there get the
    same batches; with `keep` the checkpoint stays for them.
    """
    due = [mark for mark in MARKS if mark * budget > training.spent]
    while (fraction := training.spent / budget) < 1:
        if due and fraction >= due[0]:
            training.save(training.spent)
            mark = due.pop(0)
            if keep:
                shutil.copy(training.out / "checkpoint.pt", training.out / f"at-{mark}.pt")
            training.resume()
        began = time.process_time()
        measures = training.train_step(fraction)
        training.spent += time.process_time() - began
        if training.step % 25 == 0:
            log.info("%s %d %.2f %s", training.out.name, training.step, fraction, measures)
    training.save(training.spent)


def run_row(
    name: str, recipe: CodecRecipe, sets: tuple[TeacherSet, TeacherSet], out: Path, budget: float
) -> dict[str, Any]:
    """Train one row and measure it."""
    row = ROWS[name]
    about: dict[str, Any] = {"row": row.account, "like": row.like, "since": row.since}
    training = CodecTraining(changed(recipe, row.settings), *sets, out / name, "cpu")
    if row.since:
        (out / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(out / row.like / f"at-{row.since}.pt", out / name / "checkpoint.pt")
        training.resume()
    elif row.tuned:
        training.begin_with(asset("codec/model.safetensors"))
        about["before"] = training.evaluate(clips=CLIPS, seconds=SECONDS)
    if row.change is not None:
        row.change(training)
    before, spent = training.step, training.spent
    train(training, budget, keep=name == row.like)
    seconds = (training.spent - spent) / (training.step - before)
    measures = training.evaluate(clips=CLIPS, seconds=SECONDS)
    if training.recipe.crops.alone == 1:  # it never saw an excitation
        measures = {name: value for name, value in measures.items() if not name.endswith("_informed")}
    return {**about, "steps": training.step, "cpu_seconds_a_step": seconds, **measures}


def main() -> None:
    """Train the rows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, default=120.0, help="seconds of processor time a row")
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=ROWS)
    parser.add_argument("--data", type=Path, default=Path("outputs/training/data"), help="teacher audio")
    parser.add_argument("--out", type=Path, default=Path("outputs/benchmarks/codec_ablation"), help="weights of rows")
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = load_recipe(RECIPE, CodecRecipe)
    sets = teacher_sets(recipe.teacher, recipe.held_out, options.data)
    path = RESULTS / "codec_ablation.json"
    found = json.loads(path.read_text()) if path.is_file() else {}
    rows = found["rows"] if found.get("budget_cpu_seconds") == options.budget else {}
    for name in options.rows:
        if name in rows:
            continue
        rows[name] = run_row(name, recipe, sets, options.out, options.budget)
        ordered = {row: rows[row] for row in ROWS if row in rows}
        result = {"budget_cpu_seconds": options.budget, "crops": CROPS, "clips": len(sets[0])}
        save("codec_ablation", {**result, "held_out": [CLIPS, SECONDS], "rows": ordered})


if __name__ == "__main__":
    main()
