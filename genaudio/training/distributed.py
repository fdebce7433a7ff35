"""One training by several processes that torchrun started: who writes, what is agreed on, whose gradients count.

Every process holds the whole model and takes its share of each batch; the gradients are added up, so that all models
stay the same. Without torchrun there is one process, and everything here costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, distributed, nn

from genaudio.devices import choose_device

RANK_STRIDE = 1_000_003
"""Between the seeds of processes that train together."""


def rank() -> int:
    """Return this process's number, 0 for the first or only one."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def leads() -> bool:
    """Return whether this is the first or only process, also before the processes have joined and after they left."""
    return not distributed.is_torchelastic_launched() or os.environ.get("RANK", "0") == "0"


def size() -> int:
    """Return how many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


@contextmanager
def joined(device: str) -> Iterator[torch.device]:
    """Join the processes that torchrun started, and leave them at the end; without torchrun nothing is joined.

    Args:
        device: as for `choose_device`; of ``auto`` and ``cuda`` each process takes a GPU of its own.

    Yields:
        the device of this process. GPUs talk by NCCL, CPUs by Gloo.

    Raises:
        GenaudioError: there is no such device.
    """
    if not distributed.is_torchelastic_launched() or distributed.is_initialized():
        yield choose_device(device)
        return
    chosen = choose_device(device)
    distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        if chosen.type == "cuda":
            chosen = torch.device("cuda", distributed.get_rank() % torch.cuda.device_count())
            torch.cuda.set_device(chosen)
        yield chosen
        wait()  # nobody leaves while the first one still writes
    finally:
        distributed.destroy_process_group()


def chance(*seeds: int) -> np.random.Generator:
    """Return a generator of this process's own; the first process has the one that a single process has."""
    return np.random.default_rng(own_seeds(*seeds))


def own_seeds(*seeds: int) -> tuple[int, ...]:
    """Return seeds of this process's own, which its helpers can be given; the first process's are the seeds."""
    return seeds if not rank() else (*seeds, RANK_STRIDE * rank())


def reseed(seed: int) -> None:
    """Give torch's own chances, such as dropout, a seed of this process; the first process's is the seed itself."""
    torch.manual_seed(seed + RANK_STRIDE * rank())


def wait() -> None:
    """Wait until all processes are here."""
    if size() > 1:
        distributed.barrier()


@contextmanager
def first_alone() -> Iterator[bool]:
    """Run a block in the first process before the others, which find on disk what it has made."""
    if rank():
        wait()
    yield rank() == 0
    if not rank():
        wait()


def _tensor(values: tuple[float, ...]) -> Tensor:
    """Put numbers where the processes can exchange them."""
    device = "cuda" if size() > 1 and distributed.get_backend() == "nccl" else "cpu"
    return torch.tensor(values, dtype=torch.float64, device=device)


def agree(value: float) -> float:
    """Return the first process's number, so that all of them stop together."""
    if size() == 1:
        return value
    shared = _tensor((value,))
    distributed.broadcast(shared, 0)
    return float(shared)


def total(*values: float) -> tuple[float, ...]:
    """Return each number summed over the processes."""
    if size() == 1:
        return values
    shared = _tensor(values)
    distributed.all_reduce(shared)
    return tuple(shared.tolist())


def share(model: nn.Module) -> None:
    """Give all processes the first one's parameters and buffers."""
    if size() == 1:
        return
    with torch.no_grad():
        for tensor in model.state_dict().values():
            distributed.broadcast(tensor, 0)


def add_gradients(model: nn.Module) -> None:
    """Add up the gradients of all processes, in one exchange; a process without any counts as zeros."""
    if size() == 1:
        return
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    flat = torch.cat([parameter.grad.flatten() for parameter in parameters if parameter.grad is not None])
    distributed.all_reduce(flat)
    pieces = torch.split(flat, [parameter.numel() for parameter in parameters])
    for parameter, piece in zip(parameters, pieces, strict=True):
        assert parameter.grad is not None
        parameter.grad.copy_(piece.view_as(parameter))
