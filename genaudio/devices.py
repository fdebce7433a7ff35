"""Where tensors live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genaudio.errors import GenaudioError

if TYPE_CHECKING:
    import torch


def choose_device(name: str = "auto") -> torch.device:
    """Turn ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps`` into a device; ``auto`` takes the fastest there is.

    Raises:
        GenaudioError: the name is unknown, or this machine has no such device.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda", "mps"):
        raise GenaudioError(f"unknown device {name!r}; choose auto, cpu, cuda, cuda:N or mps")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise GenaudioError(f"this machine has no device {name!r} ({torch.cuda.device_count()} CUDA devices found)")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise GenaudioError("this machine has no device 'mps'; use --device cpu")
    return device
