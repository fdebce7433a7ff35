"""International Standard Recording Codes (ISO 3901): ``CC-XXX-YY-NNNNN``, country, registrant, year, designation."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from genaudio.errors import GenaudioError

LAST = 99_999
"""Largest designation of a year."""
_FORM = re.compile(r"([A-Z]{2})-?([A-Z0-9]{3})-?(\d{2})-?(\d{5})")


@dataclass(frozen=True)
class Isrc:
    """A code.

    Attributes:
        country: two letters.
        registrant: three letters or digits, given by the national agency.
        year: two digits.
        designation: 0 to 99999, unique within registrant and year.
    """

    country: str
    registrant: str
    year: str
    designation: int

    @classmethod
    def parse(cls, text: str) -> Isrc:
        """Read a code, with or without hyphens.

        Raises:
            GenaudioError: it is none.
        """
        found = _FORM.fullmatch(text.strip().upper())
        if found is None:
            raise GenaudioError(f"{text!r} is no ISRC; one looks like GB-ABC-26-00001")
        country, registrant, year, designation = found.groups()
        return cls(country, registrant, year, int(designation))

    def __str__(self) -> str:
        """Return the code as people read it, with hyphens."""
        return f"{self.country}-{self.registrant}-{self.year}-{self.designation:05}"

    @property
    def plain(self) -> str:
        """The code as files carry it, without hyphens."""
        return str(self).replace("-", "")

    def after(self, count: int) -> Isrc:
        """Return the code so many places further on.

        Raises:
            GenaudioError: the year has no more.
        """
        if self.designation + count > LAST:
            raise GenaudioError(f"there are only {LAST - self.designation + 1} ISRCs from {self} on")
        return replace(self, designation=self.designation + count)
