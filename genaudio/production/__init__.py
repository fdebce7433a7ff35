"""One track end to end: composed, screened, rendered and packaged with its provenance."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genaudio.production.package import Check as Check
    from genaudio.production.package import verify_package as verify_package
    from genaudio.production.screening import screen_files as screen_files
    from genaudio.production.studio import Studio as Studio
    from genaudio.production.track import Made as Made
    from genaudio.production.track import make as make

_HOMES = {
    "Check": "package",
    "Made": "track",
    "Studio": "studio",
    "make": "track",
    "screen_files": "screening",
    "verify_package": "package",
}

__all__ = ["Check", "Made", "Studio", "make", "screen_files", "verify_package"]


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that screening needs nothing of the rest."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"genaudio.production.{_HOMES[name]}"), name)
