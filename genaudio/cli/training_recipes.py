"""What all commands of ``genaudio train`` share: recipes, weights to begin with, and what is told on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from genaudio.cli.configs import config_path
from genaudio.cli.state import State


def weights_named(name: str, model: str) -> Path:
    """Return the file of weights of that name; ``shipped`` are a model's own.

    Raises:
        IncompatibleError: the shipped file is missing or damaged.
    """
    from genaudio.assets import asset

    return asset(f"{model}/model.safetensors") if name == "shipped" else Path(name)


def recipe_for(state: State, name: str, kind: type) -> Any:
    """Return the recipe that ``--config`` names, or the shipped one of a name, with the seed that is wished.

    Raises:
        GenaudioError: it cannot be read or has mistakes.
    """
    from dataclasses import replace

    from genaudio.training import load_recipe

    recipe: Any = load_recipe(state.config or config_path(f"{name}.yaml"), kind)
    return recipe if state.seed is None else replace(recipe, seed=state.seed)


TOLD_EVERY = 5.0
"""Seconds between two lines on a training that tells each step."""


def teller(state: State, last: dict[str, Any]) -> Callable[[Any], None]:
    """Return a function that tells measures on stderr now and then, and keeps the last ones in `last`."""
    due = 0.0

    def tell(progress: Any) -> None:
        nonlocal due
        last.clear()
        last.update(asdict(progress) if is_dataclass(progress) and not isinstance(progress, type) else progress)
        if monotonic() < due and not any(name.startswith("log_mel") for name in last) and "fraction" in last:
            return
        due = monotonic() + TOLD_EVERY
        state.output.talk("  ".join(f"{key} {_short(key, value)}" for key, value in last.items()))

    return tell


def _short(key: str, value: Any) -> str:
    if key in ("seconds", "left"):
        return f"{value // 60:.0f}:{value % 60:02.0f}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
