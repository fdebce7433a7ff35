"""Composing: wishes in, melodies out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genaudio.assets import asset
from genaudio.devices import choose_device
from genaudio.errors import GenaudioError
from genaudio.melody.blend import main_style, parse_blend
from genaudio.melody.build import load_model
from genaudio.melody.colour import Colour
from genaudio.melody.dataset import condition_numbers
from genaudio.melody.draft import Draft, Taste
from genaudio.melody.events import decode, make_frame
from genaudio.melody.form import lay_form
from genaudio.melody.given import Given, agree
from genaudio.melody.grammar import Frame, Grammar
from genaudio.melody.guard import Guard
from genaudio.melody.keeping import Kept, finish, keep
from genaudio.melody.plan import Plan
from genaudio.melody.reach import reach
from genaudio.melody.sampling import Sampler
from genaudio.melody.settings import Settings, settle, settle_given
from genaudio.melody.titles import make_title
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.usual import WEIGHTS, is_collection
from genaudio.melody.wish import Wish
from genaudio.score import TICKS_PER_QUARTER, Melody, Note

MOST_TUNES = 100_000
CANDIDATES = 16
"""Versions of rewritten bars that are tried; the one that what follows fits best is taken."""


@dataclass(frozen=True)
class _Order:
    """A melody under way: title, settings, candidates, what is kept of a given one, by how many octaves it rises."""

    title: str
    settings: Settings
    drafts: tuple[Draft, ...]
    kept: Kept | None
    octaves: int

    def finished(self) -> Melody:
        """Return the melody."""
        chosen = self.settings
        title = self.title
        if self.kept is None:
            notes, pickup = decode(self.drafts[0].events, 12 * self.octaves), chosen.pickup / TICKS_PER_QUARTER
        else:
            notes, pickup = self._best(self.kept), self.kept.melody.pickup
            title = self.kept.melody.title or title
        return Melody(notes, chosen.metre, chosen.key, chosen.tempo, title, pickup)

    def _best(self, kept: Kept) -> tuple[Note, ...]:
        """Return the notes under which what follows is the likeliest, of candidates that change anything at all."""
        candidates = [(finish(kept, draft.events), draft.likelihood) for draft in self.drafts]
        return max(candidates, key=lambda candidate: (candidate[0] != kept.melody.notes, candidate[1]))[0]


def _beyond(kept: Kept, settings: Settings, name: str) -> list[str]:
    """Return a remark where kept notes leave the range that is wished."""
    low = 0 if settings.lowest is None else settings.lowest
    high = 127 if settings.highest is None else settings.highest
    count = sum(not low <= note.pitch <= high for note in kept.notes)
    return [f"{name} leaves the wished range with {count} of its notes; they are kept."] if count else []


class Composer:
    """A melody model ready to write.

    Args:
        model: the network.
        config: what its weights file carries (`usual` is needed).
        device: where to run.
        guard: knows what not to copy, for wishes with a guard; without one nothing is held back.
        precision: float32 or bfloat16, see `genaudio.melody.sampling.Sampler`.

    Raises:
        GenaudioError: there is no such device or precision, not the one on the other, or numba is missing.
    """

    def __init__(
        self,
        model: MelodyTransformer,
        config: dict[str, Any],
        device: str = "auto",
        guard: Guard | None = None,
        precision: str = "float32",
    ) -> None:
        self.model = model.to(choose_device(device)).eval()
        self.config = config
        self.grammar = Grammar(model.vocabulary)
        self.sampler = Sampler(self.model, self.grammar, guard=guard, precision=precision)

    @classmethod
    def load(
        cls,
        path: Path | str | None = None,
        device: str = "auto",
        guard: Guard | None = None,
        precision: str = "float32",
    ) -> Composer:
        """Load a model, the shipped one by default.

        Raises:
            IncompatibleError: the file is missing, damaged or no melody model.
            GenaudioError: there is no such device or precision, not the one on the other, or numba is missing.
        """
        return cls(*load_model(asset(WEIGHTS) if path is None else Path(path)), device, guard, precision)

    def compose(
        self, wish: Wish | None = None, seed: int = 0, count: int = 1, given: Given | None = None
    ) -> list[Melody]:
        """Write melodies; the same wish, seed and device give the same melodies, each whatever the count.

        Args:
            wish: what is wished; anything usual by default.
            seed: 0 or more; melody number n of a seed is always the same.
            count: how many.
            given: a melody to go on from, or of which some bars are written anew; its other notes are kept.

        Raises:
            GenaudioError: the wish cannot be fulfilled with this model, contradicts what is given, or seed or count are
                out of range.
        """
        return [melody for _, melody in self.compose_with_settings(wish, seed, count, given)]

    def compose_with_settings(
        self, wish: Wish | None = None, seed: int = 0, count: int = 1, given: Given | None = None
    ) -> list[tuple[Settings, Melody]]:
        """As `compose`, each melody with the settings that it was written under."""
        if not 1 <= count <= MOST_TUNES:
            raise GenaudioError(f"the number of melodies must be from 1 to {MOST_TUNES}, not {count}")
        wish = wish or Wish(known=self.model.vocabulary.styles, metres=self.model.vocabulary.metres)
        given = None if given is None else agree(given, wish)
        return self._write([(wish, seed, number) for number in range(count)], given)

    def compose_each(self, wishes: Sequence[Wish], seeds: Sequence[int]) -> list[Melody]:
        """Write one melody for each wish and seed, many at a time; each is what `compose` gives first for the two.

        Raises:
            GenaudioError: a wish cannot be fulfilled with this model, or a seed is less than 0.
        """
        wanted = [(wish, seed, 0) for wish, seed in zip(wishes, seeds, strict=True)]
        return [melody for _, melody in self._write(wanted)]

    def _write(
        self, wanted: Sequence[tuple[Wish, int, int]], given: Given | None = None
    ) -> list[tuple[Settings, Melody]]:
        """Write a melody for each wish, seed and number of the melody within its seed."""
        orders = [self._order(wish, seed, number, given) for wish, seed, number in wanted]
        self.sampler.write([draft for order in orders for draft in order.drafts])
        return [(order.settings, order.finished()) for order in orders]

    def _order(self, wish: Wish, seed: int, number: int, given: Given | None) -> _Order:
        """Settle a wish and lay out what is to be written."""
        if seed < 0:
            raise GenaudioError(f"a seed must be a whole number from 0 on, not {seed}")
        generator = np.random.default_rng((seed, number))
        taste = Taste(wish.temperature, wish.top_p, wish.min_p, wish.guidance, wish.guard)
        if given is None:
            return self._free_order(wish, seed, number, generator, taste)
        settings = settle_given(wish, given, self.config["usual"], self.model.vocabulary, generator)
        kept = keep(given, settings.bars, settings.form, self.model.vocabulary, self.grammar)
        plan, _ = self._limited(kept.plan, settings, kept.octaves)
        chances = [np.random.default_rng((seed, number, candidate)) for candidate in range(1, CANDIDATES + 1)]
        if kept.plan.judged_from is None:
            del chances[1:]
        settings = replace(settings, remarks=(*kept.remarks, *_beyond(kept, settings, given.name)))
        drafts = (self._draft(settings, kept.frame, plan.afresh(), chance, taste) for chance in chances)
        return _Order(self._title(settings, seed, number), settings, tuple(drafts), kept, kept.octaves)

    def _free_order(self, wish: Wish, seed: int, number: int, generator: np.random.Generator, taste: Taste) -> _Order:
        """Settle a wish for which no notes are given."""
        settings = self.settle(wish, generator)
        frame, plan = make_frame(settings.metre, settings.bars, settings.pickup), Plan()
        if settings.form is not None:
            frame, plan = lay_form(settings.form, frame, plan)
        plan = replace(plan, colour=Colour.of(settings.key, frame))
        plan, octaves = self._limited(plan, settings, None)
        drafts = (self._draft(settings, frame, plan, generator, taste),)
        return _Order(self._title(settings, seed, number), settings, drafts, None, octaves)

    def _title(self, settings: Settings, seed: int, number: int) -> str:
        """Return a new title, which names the tune type."""
        usual = self.config["usual"]
        style = main_style(settings.style, lambda name: is_collection(name, usual))
        return make_title(style, settings.key, seed, number)

    def _limited(self, plan: Plan, settings: Settings, octaves: int | None) -> tuple[Plan, int]:
        """Return a plan with range and density as they are wished, and how many octaves higher it is written."""
        vocabulary = self.model.vocabulary
        octaves, low, high = reach(settings.lowest, settings.highest, vocabulary, octaves)
        spacing = None if settings.density is None else settings.metre.bar_ticks / settings.density
        if spacing is not None and spacing < min(vocabulary.notes):
            raise GenaudioError(
                f"{settings.density:g} notes do not go into a bar of {settings.metre}; wish a density of "
                f"{settings.metre.bar_ticks // min(vocabulary.notes)} or less"
            )
        return replace(plan, lowest=low, highest=high, spacing=spacing), octaves

    def _draft(
        self, settings: Settings, frame: Frame, plan: Plan, generator: np.random.Generator, taste: Taste
    ) -> Draft:
        key, metre = settings.key, str(settings.metre)
        styles = () if settings.style is None else parse_blend(settings.style)
        parts = tuple(
            (condition_numbers(self.model.vocabulary, style, key, metre, frame.bars), weight)
            for style, weight in styles or ((None, 1.0),)
        )
        blend = parts if len(parts) > 1 else ()
        return Draft(frame, key.tonic, parts[0][0], generator, taste, plan=plan, blend=blend, closed=True)

    def settle(self, wish: Wish, generator: np.random.Generator) -> Settings:
        """Decide what a wish leaves open by what is usual for its style.

        Raises:
            GenaudioError: this model does not know the style, metre or mode, or no pickup fits.
        """
        return settle(wish, self.config["usual"], self.model.vocabulary, generator)
