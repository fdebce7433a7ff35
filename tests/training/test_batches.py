"""Batches drawn ahead: the same row however many processes draw it, and from wherever it begins."""

import os

import numpy as np
import pytest
import torch
from torch import Tensor

from genaudio.codec.crops import CropRecipe, Crops
from genaudio.training import batches
from genaudio.training.batches import Batches
from tests.codec.test_train import teacher

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")


@pytest.fixture(autouse=True)
def _many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "cores", lambda: 4)


def draw(rng: np.random.Generator) -> tuple[Tensor, ...]:
    return torch.from_numpy(rng.random(3)), torch.tensor([int(rng.integers(100))])


def row(loaders: int, first: int = 0, count: int = 9, seed: int = 4) -> list[list[float]]:
    drawn = Batches(draw, seed, first, loaders)
    try:
        return [[*map(float, torch.cat([part.double() for part in next(drawn)]))] for _ in range(count)]
    finally:
        drawn.close()


def test_the_row_is_the_same_however_many_processes_draw_it() -> None:
    alone = row(0)
    assert row(1) == alone
    assert row(3) == alone
    assert len({tuple(batch) for batch in alone}) == 9
    assert row(0, seed=5)[0] != alone[0]


def test_a_resumed_row_goes_on_where_it_stopped() -> None:
    assert row(2, first=4, count=5) == row(0)[4:]


def test_crops_are_drawn_ahead_as_they_would_be_drawn() -> None:
    found = []
    for loaders in (0, 2):
        crops = Crops(teacher(), CropRecipe(batch=3, frames=32, loaders=loaders), 512)
        drawn = crops.batches(1, 0, pinned=False)
        found.append([next(drawn) for _ in range(3)])
        drawn.close()
    for plain, ahead in zip(*found, strict=True):
        for one, other in zip(plain, ahead, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert type(found[1][0]).__name__ == "Batch"


def test_processes_of_one_machine_share_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    if hasattr(os, "sched_getaffinity"):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    else:
        monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "8")
    assert batches.cores() == 2
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "32")
    assert batches.cores() == 1
