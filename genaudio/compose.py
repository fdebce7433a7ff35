"""``genaudio.compose``: melodies for a wish, in one call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from genaudio.melody.wish import Wish

if TYPE_CHECKING:
    from genaudio.melody.composer import Composer
    from genaudio.score import Melody

_COMPOSERS: dict[str, Composer] = {}


def compose(
    style: str | None = None,
    key: str | None = None,
    mode: str | None = None,
    metre: str | None = None,
    bars: int | None = None,
    tempo: float | None = None,
    seed: int = 0,
    count: int = 1,
    device: str = "auto",
    temperature: float | None = None,
    top_p: float | None = None,
) -> list[Melody]:
    """Compose melodies; what is left out is drawn from what is usual for the style.

    Args:
        style: tune type such as ``reel``; any by default.
        key: tonic such as ``D``, or a whole key such as ``E minor``.
        mode: ``major``, ``minor``, ``dorian``, ``mixolydian``.
        metre: time signature such as ``6/8``.
        bars: number of bars, 1-128, the pickup not counted.
        tempo: quarter notes a minute, 20-400.
        seed: the same seed, settings and device give the same melodies.
        count: how many melodies.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        temperature, top_p: as in `genaudio.melody.Wish`.

    Raises:
        GenaudioError: the wish cannot be fulfilled; all that is wrong is named.
    """
    wish = Wish(style, key, mode, metre, bars, tempo)
    if temperature is not None:
        wish = replace(wish, temperature=temperature)
    if top_p is not None:
        wish = replace(wish, top_p=top_p)
    from genaudio.melody.composer import Composer

    if device not in _COMPOSERS:
        _COMPOSERS[device] = Composer.load(device=device)
    return _COMPOSERS[device].compose(wish, seed, count)
