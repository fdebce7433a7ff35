"""What is usual for a style: metres, modes, tonics, lengths and pickups as counted in the training works. No torch.

A style is a tune type, or the name of a collection for the manner of its tunes.

The counts travel in the weights file, whose header is plain JSON and is read here without loading the model.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genaudio.assets import asset
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.melody.events import melody_frame

if TYPE_CHECKING:
    from genaudio.corpus import TrainingWork

WEIGHTS = "melody/model.safetensors"
RARE = 0.02
"""What fewer than this share of a style's tunes have is not usual."""
LONGEST_HEADER = 1 << 20
ALL = "*"
"""Name under which the counts of all styles together stand."""

Counts = dict[str, int]
Usual = dict[str, dict[str, Any]]
"""For each style: works (a number), whether it is a collection, metres, modes, bars (counts by name), tonics by mode,
pickups in ticks by metre."""


def count_usual(works: Iterable[TrainingWork]) -> Usual:
    """Count what is usual for each style, and for all together under `ALL`."""
    tables: dict[str, dict[str, Any]] = {}
    for work in works:
        try:
            frame, _ = melody_frame(work.melody)
        except GenaudioError:
            continue
        key = work.melody.key
        if key is None:
            continue
        metre = str(work.melody.metre)
        for style in styles_of(work) | {ALL}:
            table = tables.setdefault(style, {name: {} for name in ("metres", "modes", "bars", "tonics", "pickups")})
            table["collection"] = style == work.source
            table["works"] = table.get("works", 0) + 1
            for place, name in (
                (table["metres"], metre),
                (table["modes"], key.mode),
                (table["bars"], str(frame.bars)),
                (table["tonics"].setdefault(key.mode, {}), str(key.tonic)),
                (table["pickups"].setdefault(metre, {}), str(frame.pickup)),
            ):
                place[name] = place.get(name, 0) + 1
    return {style: {**table, **{name: common(table[name]) for name in ("metres", "modes", "bars")},
                    **{name: {k: common(v) for k, v in sorted(table[name].items())} for name in ("tonics", "pickups")}}
            for style, table in sorted(tables.items())}  # fmt: skip


def styles_of(work: TrainingWork) -> set[str]:
    """Return the styles that a work is of: its tune type, and its collection if that is one of the corpus."""
    from genaudio.corpus.sources import SOURCES

    return {work.style, *(source.name for source in SOURCES if source.name == work.source)}


def is_collection(style: str, usual: Usual) -> bool:
    """Tell whether a style is the name of a collection."""
    return bool(usual.get(style, {}).get("collection"))


def common(counts: Counts, share: float = RARE) -> Counts:
    """Return the counts without the rare ones, the commonest first."""
    total = sum(counts.values())
    return {name: number for name, number in Counter(counts).most_common() if number >= share * total}


@cache
def read_config(path: Path) -> dict[str, Any]:
    """Read the configuration that a melody weights file carries, without torch.

    Raises:
        IncompatibleError: the file is missing, damaged, or no melody model.
    """
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > LONGEST_HEADER:
                raise ValueError("its header is too long")
            config: dict[str, Any] = json.loads(json.loads(file.read(length))["__metadata__"]["config"])
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise IncompatibleError(f"the model file {path} cannot be read: {error}") from error
    if config.get("kind") != "melody" or "usual" not in config:
        raise IncompatibleError(f"{path} holds no melody model")
    return config


def known_styles(path: Path | None = None) -> tuple[str, ...]:
    """Return the styles that a model knows, the shipped one by default.

    Raises:
        IncompatibleError: the weights file cannot be used.
    """
    return tuple(read_config(path or asset(WEIGHTS))["vocabulary"]["styles"])


def known_collections(path: Path | None = None) -> tuple[str, ...]:
    """Return the styles of a model that are names of collections, of the shipped one by default.

    Raises:
        IncompatibleError: the weights file cannot be used.
    """
    usual = read_config(path or asset(WEIGHTS))["usual"]
    return tuple(style for style in known_styles(path) if is_collection(style, usual))


def known_metres(path: Path | None = None) -> tuple[str, ...]:
    """Return the metres that a model knows, the shipped one by default.

    Raises:
        IncompatibleError: the weights file cannot be used.
    """
    return tuple(read_config(path or asset(WEIGHTS))["vocabulary"]["metres"])


def words(path: Path | None) -> dict[str, tuple[str, ...]]:
    """Return the styles and metres that a wish for a model of one's own may name: ``Wish(style, **words(path))``.

    Nothing for None, the shipped model.

    Raises:
        IncompatibleError: the weights file cannot be used.
    """
    return {} if path is None else {"known": known_styles(path), "metres": known_metres(path)}
