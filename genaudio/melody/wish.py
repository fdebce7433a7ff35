"""What a user wishes of a melody, checked before anything heavy is loaded. Needs no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from genaudio.errors import GenaudioError
from genaudio.melody.usual import known_metres, known_styles
from genaudio.score import Key, Metre, ScoreError, parse_mode

MOST_BARS = 128
SLOWEST, FASTEST = 20.0, 400.0
"""Tempi in quarter notes a minute."""
HIGHEST_TEMPERATURE, HIGHEST_GUIDANCE = 5.0, 10.0


@dataclass(frozen=True)
class Wish:
    """A wish for a melody; what is None is drawn from what is usual for the style.

    Attributes:
        style: tune type such as ``reel``; None for any.
        key: tonic such as ``D`` or ``Bb``, or a whole key such as ``E minor`` or ``Ador``.
        mode: ``major``, ``minor``, ``dorian``, ``mixolydian``... A metre or mode that the style never has is allowed.
        metre: time signature such as ``6/8``.
        bars: number of bars, 1-128, the pickup not counted.
        tempo: quarter notes a minute, 20-400.
        temperature: boldness, more than 0 to 5.
        top_p: share of the likeliest symbols that are considered, more than 0 to 1.
        min_p: least likelihood of a symbol beside the likeliest, 0 to less than 1.
        guidance: how much more the style and mode count, 0 to 10 (1 is by themselves).
        known: styles to accept instead of those of the shipped model (for a model of one's own).

    Raises:
        GenaudioError: something cannot be wished or contradicts something else; all that is wrong is named.
    """

    style: str | None = None
    key: str | None = None
    mode: str | None = None
    metre: str | None = None
    bars: int | None = None
    tempo: float | None = None
    temperature: float = 0.95
    top_p: float = 0.97
    min_p: float = 0.02
    guidance: float = 1.0
    known: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.style is not None:  # slip_jig and Slip-Jig mean slip jig
            object.__setattr__(self, "style", " ".join(self.style.lower().replace("-", " ").replace("_", " ").split()))
        mistakes = [*self._check_style(), *self._check_key(), *self._check_metre(), *self._check_numbers()]
        if mistakes:
            raise GenaudioError("this melody cannot be written: " + "; ".join(mistakes))

    def _check_style(self) -> list[str]:
        styles = self.known or known_styles()
        if self.style is None or self.style in styles:
            return []
        return [f"unknown style {self.style!r}; the styles are {', '.join(styles)}"]

    def _check_key(self) -> list[str]:
        mistakes = []
        mode, key = None, None
        try:
            mode = None if self.mode is None else parse_mode(self.mode)
        except ScoreError as error:
            mistakes.append(str(error))
        try:
            key = None if self.key is None else Key.parse(self.key)
        except ScoreError as error:
            mistakes.append(str(error))
        if key is not None and mode is not None and self._key_has_mode() and key.mode != mode:
            mistakes.append(f"the key {self.key!r} is {key.mode}, the mode {mode}; leave one of them out")
        return mistakes

    def _key_has_mode(self) -> bool:
        """Return whether the key's text goes on after the tonic."""
        text = (self.key or "").strip()
        return bool(text[1:].lstrip("#b♯♭").strip())

    def _check_metre(self) -> list[str]:
        if self.metre is None:
            return []
        metres = known_metres()
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
    def tonic(self) -> int | None:
        """The tonic's pitch class, if wished."""
        return None if self.key is None else Key.parse(self.key).tonic

    @property
    def wished_mode(self) -> str | None:
        """The mode, whether it was wished by itself or within the key."""
        if self.mode is not None:
            return parse_mode(self.mode)
        return Key.parse(self.key).mode if self.key is not None and self._key_has_mode() else None
