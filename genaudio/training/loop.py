"""The loop that trainings share: steps within a budget of time, measures and checkpoints now and then."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from genaudio.training import distributed
from genaudio.training.budget import Budget, parse_seconds

log = logging.getLogger(__name__)
Progress = Callable[[dict[str, Any]], None]
"""Called with the measures of a step: step, fraction of the budget, seconds spent and left, losses."""


class Training(Protocol):
    """A training under way.

    Attributes:
        step: optimiser steps taken. spent: seconds that earlier runs took.
        out: folder of checkpoint and weights.
    """

    step: int
    spent: float
    out: Path

    def train_step(self, fraction: float) -> dict[str, float]:
        """Take one step, `fraction` of the budget being used, and return its measures."""
        ...

    def evaluate(self) -> dict[str, Any]:
        """Measure on held-out data."""
        ...

    def save(self, seconds: float) -> None:
        """Write checkpoint and weights, `seconds` of training being spent."""
        ...


def run(
    training: Training, seconds: float, evaluate_every: float, save_every: float, on_progress: Progress | None = None
) -> Path:
    """Train until the budget is spent; measure and save at the end. Of several processes the first does that alone.

    Args:
        training: a new or resumed training.
        seconds: the whole budget, earlier runs included.
        evaluate_every, save_every: seconds between measures and between checkpoints.
        on_progress: called after every step, in the first process.

    Returns:
        the file of weights.
    """
    tell = on_progress or (lambda measures: None)
    budget = Budget(seconds, None, training.spent)
    evaluated = saved = time.monotonic()
    while (fraction := distributed.agree(budget.fraction(training.step))) < 1:
        measures: dict[str, Any] = training.train_step(fraction)
        if distributed.rank():
            continue
        now = time.monotonic()
        if now - evaluated > evaluate_every:
            measures, evaluated = {**measures, **training.evaluate()}, now
        if now - saved > save_every:
            training.save(budget.spent_seconds)
            saved = now
        spent = budget.spent_seconds
        tell(
            {
                "step": training.step,
                "fraction": fraction,
                "seconds": spent,
                "left": max(0.0, seconds - spent),
                **measures,
            }
        )
    if not distributed.rank():
        training.save(budget.spent_seconds)
        tell({"step": training.step, "fraction": 1.0, "seconds": budget.spent_seconds, **training.evaluate()})
    return training.out / "model.safetensors"


def arguments(what: str, **files: str) -> argparse.Namespace:
    """Read a training module's command line, and log to stderr from here on.

    Args:
        what: what is trained: names the default recipe and output folder.
        files: further options that name files, with their help.
    """
    parser = argparse.ArgumentParser(description=f"Train the {what}.")
    parser.add_argument("--config", default=f"configs/{what}.yaml")
    parser.add_argument("--out", type=Path, default=Path("outputs/training") / what)
    parser.add_argument("--time-budget", type=parse_seconds, default=None)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--resume", action="store_true")
    for name, text in files.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, default=None, help=text)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    return parser.parse_args()


def report(measures: dict[str, Any]) -> None:
    """Log every fiftieth step, and every one that was evaluated."""
    if measures["step"] % 50 == 0 or any(name.startswith("log_mel") for name in measures):
        log.info(" ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in measures.items()))
