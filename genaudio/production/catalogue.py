"""The catalogues that a screening searches: the training works that ship, and the user's own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from checks import Catalogue, CatalogueError, Screener
from genaudio.assets import asset, entries
from genaudio.errors import IncompatibleError

NAME = "training works"
"""What reports call the built-in catalogue."""
PLACE = "catalogue"
"""Its folder among the assets."""


@cache
def training_catalogue() -> Catalogue:
    """Open the built-in catalogue, every file checked against the list of shipped files.

    Raises:
        IncompatibleError: it is missing or a file is damaged.
        IncompatibleCatalogue: it was made with other fingerprint parameters.
    """
    names = [name for name in entries() if name.startswith(f"{PLACE}/")]
    if not names:
        raise IncompatibleError("the shipped catalogue of training works is missing; install genaudio again")
    for name in names:
        asset(name)
    try:
        return Catalogue.open(asset(f"{PLACE}/manifest.json").parent)
    except CatalogueError as error:
        raise IncompatibleError(f"the shipped catalogue of training works cannot be used: {error}") from error


def open_screener(catalogues: Iterable[Path | str] = ()) -> Screener:
    """Return a screener for the training works and any other catalogues.

    Raises:
        CatalogueError: one is missing.
        IncompatibleCatalogue, IncompatibleError: one does not fit or is damaged.
    """
    return Screener(training_catalogue(), *(Catalogue.open(path) for path in catalogues))
