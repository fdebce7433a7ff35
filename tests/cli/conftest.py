"""Files that the tests of the command line share."""

import shutil

import pytest

import genaudio.assets
import genaudio.production.catalogue
from genaudio.score import write_midi
from tests.production.doubles import random_tune


@pytest.fixture
def tune(tmp_path):
    path = tmp_path / "tune.mid"
    write_midi(random_tune(500), path)
    return path


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """Shipped files of which one can be damaged."""
    folder = tmp_path / "assets"
    shutil.copytree(genaudio.assets.FOLDER, folder)
    monkeypatch.setattr(genaudio.assets, "FOLDER", folder)
    monkeypatch.setattr(genaudio.assets, "MANIFEST", folder / "manifest.json")
    caches = (genaudio.assets.asset, genaudio.production.catalogue.training_catalogue)
    for cache in caches:
        cache.cache_clear()
    yield folder
    for cache in caches:
        cache.cache_clear()
