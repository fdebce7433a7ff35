"""What is left open in a wish is decided by what is usual for its style."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from genaudio.errors import GenaudioError
from genaudio.melody.given import Given
from genaudio.melody.tempo import usual_tempo
from genaudio.melody.usual import ALL, Counts, Usual, common
from genaudio.melody.vocabulary import Vocabulary
from genaudio.melody.wish import MOST_BARS, Wish
from genaudio.score import TICKS_PER_QUARTER, Key, Metre, to_ticks


@dataclass(frozen=True)
class Settings:
    """A wish with everything decided that was left open.

    Attributes:
        style: as in `Wish`; None only where notes are given and no style is wished.
        key, metre, bars, tempo: as in `Melody`; bars without the pickup.
        pickup: ticks.
        remarks: what must be said of the way in which given notes are read.
    """

    style: str | None
    key: Key
    metre: Metre
    bars: int
    tempo: float
    pickup: int
    remarks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the settings as JSON can carry them, the pickup in quarter notes."""
        return {
            "style": self.style,
            "key": str(self.key),
            "metre": str(self.metre),
            "bars": self.bars,
            "tempo": self.tempo,
            "pickup": self.pickup / TICKS_PER_QUARTER,
        }


def settle(wish: Wish, usual: Usual, vocabulary: Vocabulary, generator: np.random.Generator) -> Settings:
    """Decide what a wish leaves open.

    Raises:
        GenaudioError: this model does not know the style, metre or mode, or no pickup fits.
    """
    style = wish.style or _draw({name: t["works"] for name, t in usual.items() if name != ALL}, generator)
    _check_style(style, vocabulary)
    table = usual[style]
    metre = str(Metre.parse(wish.metre)) if wish.metre else _draw(table["metres"], generator)
    mode = wish.wished_mode or _draw(_modes(table, wish.tonic), generator)
    _check_known("metre", metre, vocabulary.metres)
    _check_known("mode", mode, vocabulary.modes)
    tonics = table["tonics"].get(mode) or usual[ALL]["tonics"].get(mode) or {"2": 1, "7": 1, "9": 1}
    tonic = wish.tonic if wish.tonic is not None else int(_draw(tonics, generator))
    bars = int(wish.bars) if wish.bars is not None else int(_draw(table["bars"], generator))
    pickups = table["pickups"].get(metre) or usual[ALL]["pickups"].get(metre) or {"0": 1}
    pickup = int(_draw(common(pickups, 0.05), generator))
    place = generator.random()
    tempo = wish.tempo if wish.tempo is not None else usual_tempo(style, Metre.parse(metre), place)
    return Settings(style, Key(tonic, mode), Metre.parse(metre), bars, float(tempo), pickup)


def settle_given(
    wish: Wish, given: Given, usual: Usual, vocabulary: Vocabulary, generator: np.random.Generator
) -> Settings:
    """Decide what a wish and a melody that is given leave open: the number of bars, and a tempo where neither says one.

    Args:
        wish: what is wished of what is added; without a style the given notes alone set it.
        given: as `genaudio.melody.given.agree` returns it.
        usual: what is usual for each style.
        vocabulary: what the model knows.
        generator: source of chance.

    Raises:
        GenaudioError: this model does not know the style or metre.
    """
    melody = given.melody
    assert melody.metre is not None
    assert melody.key is not None
    if wish.style is not None:
        _check_style(wish.style, vocabulary)
    _check_known("metre", str(melody.metre), vocabulary.metres)
    bars = melody.bars if given.rewrite is not None else wish.bars
    if bars is None:
        table = usual[wish.style or ALL]["bars"]
        filled = melody.notes[-1].offset_ticks / melody.metre.bar_ticks
        longer = {count: number for count, number in table.items() if int(count) >= filled + 4}
        bars = int(_draw(longer, generator)) if longer else min(8 * ceil((filled + 4) / 8), MOST_BARS)
    place = generator.random()
    tempo = melody.tempo or usual_tempo(wish.style, melody.metre, place)
    return Settings(wish.style, melody.key, melody.metre, int(bars), float(tempo), to_ticks(melody.pickup))


def _check_style(style: str, vocabulary: Vocabulary) -> None:
    if style not in vocabulary.styles:
        raise GenaudioError(f"unknown style {style!r}; the styles are {', '.join(vocabulary.styles)}")


def _check_known(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise GenaudioError(f"the model writes no {name} {value}; it knows {', '.join(known)}")


def _modes(table: dict[str, Any], tonic: int | None) -> Counts:
    """Return how often a style has each mode, on a tonic where one is given and usual."""
    on_tonic = {mode: tonics[str(tonic)] for mode, tonics in table["tonics"].items() if str(tonic) in tonics}
    modes: Counts = {mode: count for mode, count in on_tonic.items() if mode in table["modes"]} or table["modes"]
    return modes


def _draw(counts: Counts, generator: np.random.Generator) -> str:
    """Draw a name as often as it was counted."""
    names = list(counts)
    shares = np.array([counts[name] for name in names], dtype=np.float64)
    return names[
        int(np.searchsorted(np.cumsum(shares / shares.sum()), generator.random(), side="right").clip(0, len(names) - 1))
    ]
