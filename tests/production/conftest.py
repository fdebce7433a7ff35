"""A studio whose two neural models are doubles, and a small catalogue that is real."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks import Catalogue, Screener, Work
from genaudio.melody.wish import Wish
from genaudio.production.studio import Studio
from tests.production.doubles import OtherComposer, SinePlayer, random_tune


@pytest.fixture(scope="session")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """A catalogue of 40 random tunes, work-0 to work-39."""
    works = [
        Work(f"work-{seed}", title=f"Tune <{seed}>", melody=random_tune(seed), creator="A & B") for seed in range(40)
    ]
    return Catalogue.build(works, tmp_path_factory.mktemp("catalogue") / "protected")


@pytest.fixture
def composer() -> OtherComposer:
    return OtherComposer()


@pytest.fixture
def studio(protected: Catalogue, composer: OtherComposer) -> Studio:
    return Studio(composer, SinePlayer(), Screener(protected))  # type: ignore[arg-type]


@pytest.fixture
def wish() -> Wish:
    """A wish that does not ask the shipped model what it knows."""
    return Wish(style="reel", known=("jig", "reel"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "tracks" / "one"
