"""Works that nobody wrote, drawn from a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from checks import Catalogue, Work
from tests.checks.melodies import random_melody


@pytest.fixture(scope="session")
def works() -> list[Work]:
    """Sixty works of 60-90 notes, in a fixed order."""
    generator = np.random.default_rng(7)
    return [
        Work(f"w{number}", f"Tune {number}", random_melody(generator, int(generator.integers(60, 91))), "Anon", "PD")
        for number in range(60)
    ]


@pytest.fixture(scope="session")
def catalogue(works: list[Work], tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The works on disk; tests must not change it."""
    return Catalogue.build(works, tmp_path_factory.mktemp("catalogues") / "ours", name="ours")


@pytest.fixture
def own_catalogue(works: list[Work], tmp_path: Path) -> Catalogue:
    """Ten works on disk, to be changed at will."""
    return Catalogue.build(works[:10], tmp_path / "own", name="own")
