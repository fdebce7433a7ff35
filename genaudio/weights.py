"""Model files: safetensors that carry their configuration, half precision on disk, single precision in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from genaudio.errors import GenaudioError, IncompatibleError


def save_weights(path: Path, state: dict[str, torch.Tensor], config: dict[str, Any]) -> None:
    """Write a model's tensors (floating point as float16) and its configuration as JSON, replacing the file at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).detach().cpu().contiguous().clone()
        for name, tensor in state.items()
    }
    temporary = path.with_suffix(".tmp")
    save_file(tensors, temporary, metadata={"config": json.dumps(config, sort_keys=True)})
    os.replace(temporary, path)


def load_weights(path: Path, kind: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read a model's tensors (floating point as float32) and its configuration.

    Args:
        path: a file that `save_weights` wrote.
        kind: what ``config["kind"]`` must say, such as ``melody``.

    Raises:
        IncompatibleError: the file is missing, damaged, or another kind of model.
    """
    try:
        with safe_open(path, framework="pt") as file:
            config = json.loads((file.metadata() or {})["config"])
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise IncompatibleError(f"the model file {path} cannot be read: {error}") from error
    if config.get("kind") != kind:
        raise IncompatibleError(f"{path} holds a {config.get('kind')!r} model where a {kind!r} model is needed")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}, config


def shares_of_mean(count: int, shares: Sequence[float] | None = None) -> list[float]:
    """Return the shares of so many models in their mean, which sum to 1.

    Args:
        count: of models.
        shares: of each, in any unit; equal ones for None.

    Raises:
        GenaudioError: there are no models, not one share for each, or a share is not more than 0.
    """
    shares = [1.0] * count if shares is None else shares
    if not count or len(shares) != count or not min(shares) > 0:
        raise GenaudioError(f"a mean needs a share of more than 0 for each of the weights, not {shares} for {count}")
    return [share / sum(shares) for share in shares]


def mean_of_states(states: Sequence[dict[str, torch.Tensor]], shares: Sequence[float]) -> dict[str, torch.Tensor]:
    """Return the mean of models' tensors of the same names and shapes, with shares that sum to 1."""

    def mean(name: str) -> torch.Tensor:
        parts = [share * state[name].double() for share, state in zip(shares, states, strict=True)]
        return torch.stack(parts).sum(0).to(states[0][name].dtype)

    return {name: mean(name) for name in states[0]}
