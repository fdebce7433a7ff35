"""Where the recipes that ship are: inside the package, or in a clone beside it."""

from __future__ import annotations

from pathlib import Path

import genaudio
from genaudio.errors import GenaudioError


def config_path(name: str) -> Path:
    """Return the path of a shipped recipe such as ``melody.yaml``.

    Raises:
        GenaudioError: there is none of that name.
    """
    package = Path(genaudio.__file__).parent
    for folder in (package / "configs", package.parent / "configs"):
        if (folder / name).is_file():
            return folder / name
    raise GenaudioError(f"the shipped recipe {name} is missing; give one with --config")
