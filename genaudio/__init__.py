"""Compose music, render it with a neural codec, and screen it against protected works.

from genaudio import compose, make, render
from genaudio.melody import Wish

melody = compose(style="reel", key="D", bars=16, seed=3)
longer = compose(primer=melody, bars=24, seed=4)
rendering = render(melody, instrument="violin")
track = make(Wish(style="jig"), seed=7, out="outputs/jig-7")[0]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genaudio.production.compose import compose as compose
    from genaudio.production.track import make as make
    from genaudio.renderer.entry import render as render

__version__ = "0.1.0"
__all__ = ["__version__", "compose", "make", "render"]

_HOMES = {
    "compose": "genaudio.production.compose",
    "make": "genaudio.production.track",
    "render": "genaudio.renderer.entry",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that `import genaudio` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
