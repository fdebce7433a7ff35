"""Screening of melodies against catalogues of protected works.

    screener = Screener(Catalogue.open("catalogues/ours"))
    screening = screener.screen(melody)
    print(screening.verdict, screening.matches)

Candidates come from MinHash bands and exact n-grams, alignment decides, and a calibrated false-positive rate turns a
similarity into a verdict. A verdict is a statement about similarity, not a legal finding.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checks.catalogue import Catalogue as Catalogue
    from checks.errors import CatalogueError as CatalogueError
    from checks.errors import IncompatibleCatalogue as IncompatibleCatalogue
    from checks.screener import Screener as Screener
    from checks.verdict import Screening as Screening
    from checks.verdict import Verdict as Verdict
    from checks.work import Work as Work

_HOMES = {
    "Catalogue": "catalogue",
    "CatalogueError": "errors",
    "IncompatibleCatalogue": "errors",
    "Screener": "screener",
    "Screening": "verdict",
    "Verdict": "verdict",
    "Work": "work",
}

__all__ = ["Catalogue", "CatalogueError", "IncompatibleCatalogue", "Screener", "Screening", "Verdict", "Work"]


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that `import checks` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"checks.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
