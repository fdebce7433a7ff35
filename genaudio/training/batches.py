"""Batches of a training, drawn ahead by processes of their own where the recipe asks for them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Generic, TypeVar

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from genaudio.cores import usable_cores
from genaudio.training import distributed

T = TypeVar("T")
AHEAD = 4
"""Batches that each process draws ahead."""


def cores() -> int:
    """Processor cores for each of the processes that torchrun started on this machine, at least 1."""
    return max(1, usable_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


class _Drawn(Dataset[Any]):
    """Batch number n, from a seed that follows from n alone."""

    def __init__(self, draw: Callable[[np.random.Generator], Any], seeds: tuple[int, ...]) -> None:
        self.draw, self.seeds = draw, seeds

    def __getitem__(self, number: int) -> Any:
        return self.draw(np.random.default_rng((*self.seeds, number)))


class Batches(Generic[T]):
    """An endless row of batches, the same however many processes draw them.

    Args:
        draw: draws a batch; of tensors where `loaders` is more than 0.
        seed: everything random follows from it, this process's rank and the batch's number.
        first: number of the first batch, so that a resumed training goes on in the row.
        loaders: processes that draw ahead, no more than there are cores; 0 to draw each batch when it is asked for.
        pinned: whether the batches are for a GPU, which takes them faster from pinned memory.
    """

    def __init__(
        self, draw: Callable[[np.random.Generator], T], seed: int, first: int, loaders: int = 0, pinned: bool = False
    ) -> None:
        self._drawn = _Drawn(draw, distributed.own_seeds(seed))
        self._numbers = count(first)
        self._loader: Iterator[T] | None = None
        if loaders > 0:
            loader = DataLoader(
                self._drawn,
                batch_size=None,
                sampler=self._numbers,
                num_workers=min(loaders, cores()),
                pin_memory=pinned,
                prefetch_factor=AHEAD,
                multiprocessing_context=_method(),
            )
            self._loader = iter(loader)

    def __next__(self) -> T:
        """Return the next batch."""
        batch: T = self._drawn[next(self._numbers)] if self._loader is None else next(self._loader)
        return batch

    def close(self) -> None:
        """End the processes."""
        if self._loader is not None:
            self._loader._shutdown_workers()  # type: ignore[attr-defined]
            self._loader = None


class _Items(Dataset[Any]):
    """Items by their number."""

    def __init__(self, make: Callable[[int], Any], count: int) -> None:
        self.make, self.count = make, count

    def __getitem__(self, number: int) -> Any:
        return self.make(number)

    def __len__(self) -> int:
        return self.count


def in_order(make: Callable[[int], T], count: int, loaders: int = 0) -> Iterator[T]:
    """Make items number 0 to `count` - 1 (of tensors), in that order, by so many processes, at most one a core.

    With 0 of them items are made here, one after the other.
    """
    processes = min(loaders, cores(), count)
    if not processes:
        return map(make, range(count))
    loader: DataLoader[T] = DataLoader(
        _Items(make, count), batch_size=None, num_workers=processes, multiprocessing_context=_method()
    )
    return iter(loader)


def _method() -> str | None:
    """How processes are begun: forked where the system can, since they inherit what they draw from."""
    return "fork" if "fork" in multiprocessing.get_all_start_methods() else None


def to_device(batch: tuple[Tensor, ...], device: Any) -> tuple[Tensor, ...]:
    """Move the tensors of a batch to a device, without waiting for what is pinned."""
    return tuple(tensor.to(device, non_blocking=True) for tensor in batch)
