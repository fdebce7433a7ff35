"""Model files: safetensors that carry their configuration, half precision on disk, single precision in memory."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from genaudio.errors import IncompatibleError


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
