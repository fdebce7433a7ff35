"""Metre: how many beats a bar has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from genaudio.score.errors import ScoreError
from genaudio.score.note import TICKS_PER_QUARTER


@dataclass(frozen=True, slots=True, order=True)
class Metre:
    """A time signature such as 6/8.

    Raises:
        ScoreError: the numerator is not 1-64 or the denominator is no power of two up to 64.
    """

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= 64 or self.denominator not in (1, 2, 4, 8, 16, 32, 64):
            raise ScoreError(
                f"{self.numerator}/{self.denominator} is no metre: the upper number must be 1-64, "
                "the lower a power of two up to 64"
            )

    @classmethod
    def parse(cls, text: str) -> Metre:
        """Read ``"6/8"``, ``"C"`` (4/4) or ``"C|"`` (2/2).

        Raises:
            ScoreError: the text is no metre.
        """
        text = {"C": "4/4", "C|": "2/2"}.get(text.strip(), text.strip())
        match = re.fullmatch(r"(\d{1,3})\s*/\s*(\d{1,3})", text)
        if match is None:
            raise ScoreError(f"{text!r} is no metre; write it like 4/4 or 6/8")
        return cls(int(match[1]), int(match[2]))

    @property
    def bar(self) -> Fraction:
        """Length of a bar in quarter notes."""
        return Fraction(4 * self.numerator, self.denominator)

    @property
    def bar_ticks(self) -> int:
        """Length of a bar in ticks of 1/480 quarter note."""
        return int(self.bar * TICKS_PER_QUARTER)

    @property
    def is_compound(self) -> bool:
        """True where beats divide in three (6/8, 9/8, 12/8)."""
        return self.denominator >= 8 and self.numerator > 3 and self.numerator % 3 == 0

    @property
    def beat(self) -> Fraction:
        """Length of the felt beat in quarter notes: a dotted quarter in 6/8, a quarter in 4/4."""
        unit = Fraction(4, self.denominator)
        return 3 * unit if self.is_compound else unit

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"
