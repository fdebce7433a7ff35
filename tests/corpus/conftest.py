"""The shipped works, loaded once."""

import pytest

from genaudio.corpus import TrainingWork, load_works


@pytest.fixture(scope="session")
def works() -> list[TrainingWork]:
    return load_works()
