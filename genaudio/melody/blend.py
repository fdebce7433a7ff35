"""Styles and blends of styles, written as ``reel`` or ``reel:0.6,air:0.4``. Needs no torch."""

from __future__ import annotations

import math
from collections.abc import Callable

from genaudio.errors import GenaudioError

MOST_STYLES = 4
"""Every style of a blend is one more pass of the network."""

Blend = tuple[tuple[str, float], ...]
"""Styles with their weights, which sum to 1."""


def parse_blend(text: str) -> Blend:
    """Read a style, or styles with weights; without weights all count the same. ``slip_jig`` means slip jig.

    Raises:
        GenaudioError: a weight is no number more than 0, only some styles have one, or a style stands twice.
    """
    names, weights = [], []
    for item in text.split(","):
        name, colon, weight = item.partition(":")
        names.append(" ".join(name.lower().replace("-", " ").replace("_", " ").split()))
        weights.append(_weight(weight, item) if colon else None)
    given = [weight for weight in weights if weight is not None]
    if given and len(given) < len(names):
        raise GenaudioError(f"the blend {text!r} weighs some of its styles; give each a weight, or none")
    if "" in names:
        raise GenaudioError(f"the blend {text!r} lacks the name of a style; write it like reel:0.6,air:0.4")
    if len(set(names)) < len(names):
        raise GenaudioError(f"the blend {text!r} names a style twice; add the weights up")
    if len(names) > MOST_STYLES:
        raise GenaudioError(f"a blend has {MOST_STYLES} styles at most, not {len(names)}")
    shares = given or [1.0] * len(names)
    return tuple((name, share / sum(shares)) for name, share in zip(names, shares, strict=True))


def _weight(text: str, item: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise GenaudioError(f"{item.strip()!r} has no weight more than 0; write it like reel:0.6")
    return weight


def blend_text(blend: Blend) -> str:
    """Return a style's name, or styles and weights as `parse_blend` reads them."""
    if len(blend) == 1:
        return blend[0][0]
    return ",".join(f"{name}:{weight:.6g}" for name, weight in blend)


def main_style(text: str | None, left_out: Callable[[str], bool] = lambda _: False) -> str | None:
    """Return the style that weighs most, the first of equals; None for none. Those that are left out do not count."""
    parts = () if text is None else tuple(part for part in parse_blend(text) if not left_out(part[0]))
    return max(parts, key=lambda part: part[1])[0] if parts else None
