"""What a user wishes of a melody, checked before anything heavy is loaded. Needs no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from genaudio.errors import GenaudioError
from genaudio.melody.blend import Blend, blend_text, parse_blend
from genaudio.melody.form import USUAL_BARS, check_bars, parse_form
from genaudio.melody.reach import check_range
from genaudio.melody.style_names import find_style, unknown_style
from genaudio.melody.usual import known_metres, known_styles
from genaudio.score import Metre, ScoreError, parse_key, parse_mode

MOST_BARS = 128
SLOWEST, FASTEST = 20.0, 400.0
"""Tempi in quarter notes a minute."""
HIGHEST_TEMPERATURE, HIGHEST_GUIDANCE, STRONGEST_GUARD = 5.0, 10.0, 10.0
USUAL_GUARD = 1.0
"""Strength of the copy guard where none is wished."""
LEAST_DENSITY, MOST_DENSITY = 0.5, 32.0
"""Notes a bar."""


@dataclass(frozen=True)
class Wish:
    """A wish for a melody; what is None is drawn from what is usual for the style.

    Attributes:
        style: tune type such as ``reel``, or a blend such as ``reel:0.6,air:0.4``; None for any.
        key: tonic such as ``D`` or ``Bb``, or a whole key such as ``E minor`` or ``Ador``.
        mode: ``major``, ``minor``, ``dorian``, ``mixolydian``... A metre or mode that the style never has is allowed.
        metre: time signature such as ``6/8``.
        bars: number of bars, 1-128, the pickup not counted.
        tempo: quarter notes a minute, 20-400.
        temperature: boldness, more than 0 to 5.
        top_p: share of the likeliest symbols that are considered, more than 0 to 1.
        min_p: least likelihood of a symbol beside the likeliest, 0 to less than 1.
        guidance: how much more the style and mode count, 0 to 10 (1 is by themselves).
        known, metres: styles and metres to accept instead of those of the shipped model (for a model of one's own, see
            `genaudio.melody.usual.words`).
        form: letters, one for each of the sections of equal length, such as ``AABA``; the same letter means the same
            notes, but for the last bar of the last section.
        lowest, highest: pitches such as ``D4`` or ``Bb5`` (C4 is middle C), or MIDI numbers, that are not exceeded.
        density: notes a bar on average, 0.5 to 32.
        guard: how strongly a composer with a copy guard is kept from the works that it knows, 0 (not at all) to 10.

    Raises:
        GenaudioError: something cannot be wished or contradicts something else; all that is wrong is named.
    """

    style: str | None = None
    key: str | None = None
    mode: str | None = None
    metre: str | None = None
    bars: int | None = None
    tempo: float | None = None
    temperature: float = 1.0
    top_p: float = 0.99
    min_p: float = 0.01
    guidance: float = 1.0
    known: tuple[str, ...] = ()
    form: str | None = None
    lowest: str | int | None = None
    highest: str | int | None = None
    density: float | None = None
    metres: tuple[str, ...] = ()
    guard: float = USUAL_GUARD

    def __post_init__(self) -> None:
        mistakes = [
            *self._check_style(), *self._check_key(), *self._check_metre(), *self._check_numbers(), *self._check_form(),
            *check_range(self.lowest, self.highest),
        ]  # fmt: skip
        if mistakes:
            raise GenaudioError("this melody cannot be written: " + "; ".join(mistakes))

    def _check_style(self) -> list[str]:
        if self.style is None:
            return []
        styles = self.known or known_styles()
        try:  # slip_jig, Slip-Jig and slipjigs mean slip jig
            meant = tuple((find_style(name, styles) or name, weight) for name, weight in parse_blend(self.style))
            object.__setattr__(self, "style", blend_text(parse_blend(blend_text(meant))))
        except GenaudioError as error:
            return [str(error)]
        return [unknown_style(name, styles) for name, _ in self.blend if name not in styles]

    def _check_form(self) -> list[str]:
        if self.form is None:
            return []
        try:
            object.__setattr__(self, "form", parse_form(self.form))
        except GenaudioError as error:
            return [str(error)]
        bars = self.bars
        return check_bars(self.form, int(bars), MOST_BARS) if bars and 1 <= bars == int(bars) <= MOST_BARS else []

    def _check_key(self) -> list[str]:
        mistakes = []
        mode, key_mode = None, None
        try:
            mode = None if self.mode is None else parse_mode(self.mode)
        except ScoreError as error:
            mistakes.append(str(error))
        try:
            key_mode = None if self.key is None else parse_key(self.key)[1]
        except ScoreError as error:
            mistakes.append(str(error))
        if key_mode is not None and mode is not None and key_mode != mode:
            mistakes.append(f"the key {self.key!r} is {key_mode}, the mode {mode}; leave one of them out")
        return mistakes

    def _check_metre(self) -> list[str]:
        if self.metre is None:
            return []
        metres = self.metres or known_metres()
        try:
            metre = str(Metre.parse(self.metre))
        except ScoreError as error:
            return [str(error)]
        return [] if metre in metres else [f"the metre {metre} is not among {', '.join(metres)}"]

    def _check_numbers(self) -> list[str]:
        mistakes = []
        bars = self.bars
        if bars is not None and (isinstance(bars, bool) or bars != int(bars) or not 1 <= bars <= MOST_BARS):
            mistakes.append(f"the number of bars must be a whole number from 1 to {MOST_BARS}, not {bars}")
        for name, value, least, most, open_ in (
            ("tempo", self.tempo, SLOWEST, FASTEST, ""),
            ("temperature", self.temperature, 0, HIGHEST_TEMPERATURE, "least"),
            ("top_p", self.top_p, 0, 1, "least"),
            ("min_p", self.min_p, 0, 1, "most"),
            ("guidance", self.guidance, 0, HIGHEST_GUIDANCE, ""),
            ("density", self.density, LEAST_DENSITY, MOST_DENSITY, ""),
            ("guard", self.guard, 0, STRONGEST_GUARD, ""),
        ):
            if value is None:
                continue
            low = value > least if open_ == "least" else value >= least
            high = value < most if open_ == "most" else value <= most
            if not (math.isfinite(value) and low and high):
                words = (
                    f"{'more than ' if open_ == 'least' else ''}{least:g} to {'less than ' if open_ == 'most' else ''}"
                )
                mistakes.append(f"{name} must be from {words}{most:g}, not {value:g}")
        return mistakes

    @property
    def blend(self) -> Blend:
        """The styles that are wished with their weights, which sum to 1; empty for any style."""
        return () if self.style is None else parse_blend(self.style)

    @property
    def ranged(self) -> bool:
        """Whether a range is wished, so that no instrument moves the melody into another octave."""
        return self.lowest is not None or self.highest is not None

    @property
    def wished_bars(self) -> int | None:
        """The number of bars, if wished; a form alone has sections of eight bars."""
        if self.bars is None:
            return None if self.form is None else USUAL_BARS * len(self.form)
        return int(self.bars)

    @property
    def tonic(self) -> int | None:
        """The tonic's pitch class, if wished."""
        return None if self.key is None else parse_key(self.key)[0]

    @property
    def wished_mode(self) -> str | None:
        """The mode, whether it was wished by itself or within the key."""
        if self.mode is not None:
            return parse_mode(self.mode)
        return None if self.key is None else parse_key(self.key)[1]
