"""Composing: wishes in, melodies out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genaudio.assets import asset
from genaudio.devices import choose_device
from genaudio.errors import GenaudioError
from genaudio.melody.build import load_model
from genaudio.melody.dataset import condition_numbers
from genaudio.melody.events import decode, make_frame
from genaudio.melody.grammar import Grammar
from genaudio.melody.sampling import Draft, Sampler, Taste
from genaudio.melody.tempo import usual_tempo
from genaudio.melody.titles import make_title
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.usual import ALL, WEIGHTS, Counts, common
from genaudio.melody.wish import Wish
from genaudio.score import TICKS_PER_QUARTER, Key, Melody, Metre

MOST_TUNES = 100_000


@dataclass(frozen=True)
class Settings:
    """A wish with everything decided that was left open.

    Attributes:
        style, key, metre, bars, tempo: as in `Melody`; bars without the pickup.
        pickup: ticks.
    """

    style: str
    key: Key
    metre: Metre
    bars: int
    tempo: float
    pickup: int


class Composer:
    """A melody model ready to write.

    Args:
        model: the network.
        config: what its weights file carries (`usual` is needed).
        device: where to run.
    """

    def __init__(self, model: MelodyTransformer, config: dict[str, Any], device: str = "auto") -> None:
        self.model = model.to(choose_device(device)).eval()
        self.config = config
        self.grammar = Grammar(model.vocabulary)
        self.sampler = Sampler(self.model, self.grammar)

    @classmethod
    def load(cls, path: Path | str | None = None, device: str = "auto") -> Composer:
        """Load a model, the shipped one by default.

        Raises:
            IncompatibleError: the file is missing, damaged or no melody model.
            GenaudioError: there is no such device.
        """
        return cls(*load_model(asset(WEIGHTS) if path is None else Path(path)), device)

    def compose(self, wish: Wish | None = None, seed: int = 0, count: int = 1) -> list[Melody]:
        """Write melodies; the same wish, seed and device give the same melodies, each whatever the count.

        Args:
            wish: what is wished; anything usual by default.
            seed: 0 or more; melody number n of a seed is always the same.
            count: how many.

        Raises:
            GenaudioError: the wish cannot be fulfilled with this model, or seed or count are out of range.
        """
        return [melody for _, melody in self.compose_with_settings(wish, seed, count)]

    def compose_with_settings(
        self, wish: Wish | None = None, seed: int = 0, count: int = 1
    ) -> list[tuple[Settings, Melody]]:
        """As `compose`, each melody with the settings that it was written under."""
        if not 1 <= count <= MOST_TUNES:
            raise GenaudioError(f"the number of melodies must be from 1 to {MOST_TUNES}, not {count}")
        wish = wish or Wish(known=self.model.vocabulary.styles)
        return self._write([(wish, seed, number) for number in range(count)])

    def compose_each(self, wishes: Sequence[Wish], seeds: Sequence[int]) -> list[Melody]:
        """Write one melody for each wish and seed, many at a time; each is what `compose` gives first for the two.

        Raises:
            GenaudioError: a wish cannot be fulfilled with this model, or a seed is less than 0.
        """
        orders = [(wish, seed, 0) for wish, seed in zip(wishes, seeds, strict=True)]
        return [melody for _, melody in self._write(orders)]

    def _write(self, orders: Sequence[tuple[Wish, int, int]]) -> list[tuple[Settings, Melody]]:
        """Write a melody for each wish, seed and number of the melody within its seed."""
        settings, drafts = [], []
        for wish, seed, number in orders:
            if seed < 0:
                raise GenaudioError(f"a seed must be a whole number from 0 on, not {seed}")
            generator = np.random.default_rng((seed, number))
            settings.append(self.settle(wish, generator))
            taste = Taste(wish.temperature, wish.top_p, wish.min_p, wish.guidance)
            drafts.append(self._draft(settings[-1], generator, taste))
        self.sampler.write(drafts)
        melodies = []
        for (_, seed, number), chosen, draft in zip(orders, settings, drafts, strict=True):
            title = make_title(chosen.style, chosen.key, seed, number)
            pickup = chosen.pickup / TICKS_PER_QUARTER
            melodies.append(Melody(decode(draft.events), chosen.metre, chosen.key, chosen.tempo, title, pickup))
        return list(zip(settings, melodies, strict=True))

    def _draft(self, settings: Settings, generator: np.random.Generator, taste: Taste) -> Draft:
        vocabulary = self.model.vocabulary
        conditions = condition_numbers(vocabulary, settings.style, settings.key, str(settings.metre), settings.bars)
        frame = make_frame(settings.metre, settings.bars, settings.pickup)
        return Draft(frame, settings.key.tonic, conditions, generator, taste)

    def settle(self, wish: Wish, generator: np.random.Generator) -> Settings:
        """Decide what a wish leaves open by what is usual for its style.

        Raises:
            GenaudioError: this model does not know the style, metre or mode, or no pickup fits.
        """
        usual, vocabulary = self.config["usual"], self.model.vocabulary
        style = wish.style or _draw({name: t["works"] for name, t in usual.items() if name != ALL}, generator)
        if style not in vocabulary.styles:
            raise GenaudioError(f"unknown style {style!r}; the styles are {', '.join(vocabulary.styles)}")
        table = usual[style]
        metre = str(Metre.parse(wish.metre)) if wish.metre else _draw(table["metres"], generator)
        mode = wish.wished_mode or _draw(_modes(table, wish.tonic), generator)
        for name, value, known in (("metre", metre, vocabulary.metres), ("mode", mode, vocabulary.modes)):
            if value not in known:
                raise GenaudioError(f"the model writes no {name} {value}; it knows {', '.join(known)}")
        tonics = table["tonics"].get(mode) or usual[ALL]["tonics"].get(mode) or {"2": 1, "7": 1, "9": 1}
        tonic = wish.tonic if wish.tonic is not None else int(_draw(tonics, generator))
        bars = int(wish.bars) if wish.bars is not None else int(_draw(table["bars"], generator))
        pickups = table["pickups"].get(metre) or usual[ALL]["pickups"].get(metre) or {"0": 1}
        pickup = int(_draw(common(pickups, 0.05), generator))
        place = generator.random()
        tempo = wish.tempo if wish.tempo is not None else usual_tempo(style, Metre.parse(metre), place)
        return Settings(style, Key(tonic, mode), Metre.parse(metre), bars, float(tempo), pickup)


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
