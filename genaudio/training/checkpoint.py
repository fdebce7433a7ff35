"""Checkpoints of trainings under way: written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from genaudio.errors import GenaudioError, IncompatibleError


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write tensors, numbers, strings and containers of them to a file, replacing the old one at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(path.suffix + ".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote, to the CPU, executing nothing.

    Raises:
        GenaudioError: there is no such file.
        IncompatibleError: the file is damaged or no checkpoint.
    """
    if not path.is_file():
        raise GenaudioError(f"there is no checkpoint {path} to resume from")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged files
        raise IncompatibleError(f"the checkpoint {path} cannot be read: {error}") from error
    return state
