"""What is left open in a wish is decided by what is usual for its style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from genaudio.errors import GenaudioError
from genaudio.melody.blend import Blend, parse_blend
from genaudio.melody.given import Given
from genaudio.melody.pitch_names import parse_pitch, pitch_name
from genaudio.melody.style_names import unknown_style
from genaudio.melody.tempo import usual_tempo
from genaudio.melody.usual import ALL, Counts, Usual, common, is_collection
from genaudio.melody.vocabulary import Vocabulary
from genaudio.melody.wish import MOST_BARS, Wish
from genaudio.score import TICKS_PER_QUARTER, Key, Metre, to_ticks


@dataclass(frozen=True)
class Settings:
    """A wish with everything decided that was left open.

    Attributes:
        style: as in `Wish`, a blend with weights that sum to 1; None only where notes are given and no style is wished.
        key, metre, bars, tempo: as in `Melody`; bars without the pickup.
        pickup: ticks.
        form: letters, or None for none.
        lowest, highest: MIDI pitches between which new notes stand, or None where the model's own range holds.
        density: notes a bar, or None for any.
        remarks: what must be said of the way in which given notes are read.
    """

    style: str | None
    key: Key
    metre: Metre
    bars: int
    tempo: float
    pickup: int
    form: str | None = None
    lowest: int | None = None
    highest: int | None = None
    density: float | None = None
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
            "form": self.form,
            "lowest": None if self.lowest is None else pitch_name(self.lowest),
            "highest": None if self.highest is None else pitch_name(self.highest),
            "density": self.density,
        }


def settle(wish: Wish, usual: Usual, vocabulary: Vocabulary, generator: np.random.Generator) -> Settings:
    """Decide what a wish leaves open.

    Raises:
        GenaudioError: this model does not know the style, metre or mode, or no pickup fits.
    """
    types = {name: t["works"] for name, t in usual.items() if name != ALL and not is_collection(name, usual)}
    style = wish.style or _draw(types, generator)
    _check_styles(style, vocabulary)
    table = _table(usual, parse_blend(style))
    metre = str(Metre.parse(wish.metre)) if wish.metre else _draw(table["metres"], generator)
    mode = wish.wished_mode or _draw(_modes(table, wish.tonic), generator)
    _check_known("metre", metre, vocabulary.metres)
    _check_known("mode", mode, vocabulary.modes)
    tonics = table["tonics"].get(mode) or usual[ALL]["tonics"].get(mode) or {"2": 1, "7": 1, "9": 1}
    tonic = wish.tonic if wish.tonic is not None else int(_draw(tonics, generator))
    bars = wish.wished_bars if wish.wished_bars is not None else int(_draw(table["bars"], generator))
    pickups = table["pickups"].get(metre) or usual[ALL]["pickups"].get(metre) or {"0": 1}
    pickup = int(_draw(common(pickups, 0.05), generator))
    place = generator.random()
    tempo = wish.tempo if wish.tempo is not None else _tempo(style, Metre.parse(metre), place)
    return Settings(style, Key(tonic, mode), Metre.parse(metre), bars, float(tempo), pickup, **_limits(wish))


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
        _check_styles(wish.style, vocabulary)
    _check_known("metre", str(melody.metre), vocabulary.metres)
    bars = melody.bars if given.rewrite is not None else wish.wished_bars
    if bars is None:
        table = _table(usual, wish.blend)["bars"]
        filled = melody.notes[-1].offset_ticks / melody.metre.bar_ticks
        longer = {count: number for count, number in table.items() if int(count) >= filled + 4}
        bars = int(_draw(longer, generator)) if longer else min(8 * ceil((filled + 4) / 8), MOST_BARS)
    place = generator.random()
    tempo = melody.tempo or _tempo(wish.style, melody.metre, place)
    pickup = to_ticks(melody.pickup)
    return Settings(wish.style, melody.key, melody.metre, int(bars), float(tempo), pickup, **_limits(wish))


def _limits(wish: Wish) -> dict[str, Any]:
    """Return the settings that nothing decides but the wish."""
    low, high = (None if pitch is None else parse_pitch(pitch) for pitch in (wish.lowest, wish.highest))
    return {"form": wish.form, "lowest": low, "highest": high, "density": wish.density}


def _tempo(style: str | None, metre: Metre, place: float) -> float:
    """Return a usual tempo, of a blend the weighted mean."""
    if style is None:
        return usual_tempo(None, metre, place)
    blend = parse_blend(style)
    if len(blend) == 1:
        return usual_tempo(style, metre, place)
    return float(round(sum(weight * usual_tempo(name, metre, place) for name, weight in blend)))


def _check_styles(style: str, vocabulary: Vocabulary) -> None:
    for name, _ in parse_blend(style):
        if name not in vocabulary.styles:
            raise GenaudioError(unknown_style(name, vocabulary.styles))


def _table(usual: Usual, blend: Blend) -> dict[str, Any]:
    """Return what is usual for a style, for a blend of styles, or for all where there is none.

    A blend has the metres and modes that all of its styles have, where there are any; everything else is as usual as
    the styles' weights say.
    """
    if len(blend) < 2:
        return usual[blend[0][0] if blend else ALL]
    tables = [(usual[name], weight) for name, weight in blend]
    mixed: dict[str, Any] = {"bars": _mixed([(table["bars"], weight) for table, weight in tables])}
    for name in ("metres", "modes"):
        shared = set.intersection(*(set(table[name]) for table, _ in tables))
        counts = _mixed([(table[name], weight) for table, weight in tables])
        mixed[name] = {value: count for value, count in counts.items() if value in shared or not shared}
    for name in ("tonics", "pickups"):
        values = sorted({value for table, _ in tables for value in table[name]})
        mixed[name] = {
            value: _mixed([(table[name][value], weight) for table, weight in tables if value in table[name]])
            for value in values
        }
    return mixed


def _mixed(parts: Sequence[tuple[Counts, float]]) -> Counts:
    """Return counts as a weighted mean of shares, in parts of a million."""
    mixed: Counts = {}
    for counts, weight in parts:
        for name, count in counts.items():
            mixed[name] = mixed.get(name, 0) + round(1e6 * weight * count / sum(counts.values()))
    return mixed


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
