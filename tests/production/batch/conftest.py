from pathlib import Path

import pytest

from genaudio.production.batch import Plan, read_plan
from tests.production.batch.doubles import protected_at


@pytest.fixture(scope="session")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a catalogue of 40 random tunes."""
    return protected_at(tmp_path_factory.mktemp("catalogue") / "protected")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Five reels and a waltz."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        "name: small\nseed: 3\ngroups:\n"
        "  - {name: reels, count: 5, style: reel, instrument: [violin, cello]}\n"
        "  - {name: waltzes, count: 1, style: waltz}\n"
    )
    return read_plan(path)
