"""When a similarity is an alarm: the tail of chance scores, measured once over works that are not related.

The more notes are compared, the more bits chance finds: b for every doubling of a query's m notes or of a catalogue's
N. An alignment of S bits has the evidence that it would have in a search of a usual size, 2^25 pairs of notes (those of
a hundred notes and some 3,400 tunes):

    u = S - b * (log2(m) + log2(N) - 25)

Over unrelated works the largest u of a query falls exponentially beyond a point u0 (peaks over threshold), so the share
of clean queries that reach u by chance is

    false_positive_rate(u) = rate * exp(-slope * (u - u0))

b is measured, by searching parts of the background. Were the bits the true odds of chance it would be 1, but people
borrow turns from one another, and it is more.

Karlin and Altschul (1990), Methods for assessing the statistical significance of molecular sequence features;
Pickands (1975), Statistical inference using extreme order statistics.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from checks import background
from checks.alignment import Costs
from checks.errors import IncompatibleCatalogue

FILE = Path(__file__).with_name("thresholds.json")
VERSION = 2
USUAL = 25.0
"""log2 of the pairs of notes that a usual search compares."""


@dataclass(frozen=True)
class Tail:
    """The tail of chance: see the module.

    Attributes:
        start: u0 in bits.
        rate: share of clean queries beyond u0.
        slope: per bit.
    """

    start: float
    rate: float
    slope: float

    def false_positive_rate(self, evidence: float) -> float:
        """Return the share of clean queries that reach this evidence, 0 to 1."""
        return min(1.0, self.rate * math.exp(-self.slope * max(evidence - self.start, -700.0 / self.slope)))

    def evidence(self, false_positive_rate: float) -> float:
        """Return the evidence that this share of clean queries reaches."""
        return self.start - math.log(false_positive_rate / self.rate) / self.slope


@dataclass(frozen=True)
class Thresholds:
    """What the screener decides with.

    Attributes:
        tail: the tail of chance.
        review, match: false-positive rates per query at or below which a similarity is for review, or a match.
        size_bits: bits that chance gains when a query or what it is searched in doubles.
        costs: what alignments pay; the tail holds for these only.
        record: how the numbers were made: seed, corpus, measurements.
    """

    tail: Tail
    review: float = 0.01
    match: float = 0.001
    size_bits: float = 1.0
    costs: Costs = field(default_factory=Costs)
    record: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.match <= self.review < 1:
            raise ValueError(f"false-positive rates must be 0 < match <= review < 1, not {self.match}, {self.review}")
        if not (self.tail.slope > 0 and 0 < self.tail.rate < 1):
            raise ValueError(f"a tail needs a slope above 0 and a rate between 0 and 1, not {self.tail}")
        if not self.size_bits >= 0:
            raise ValueError(f"chance gains 0 bits or more when a search doubles, not {self.size_bits}")

    def evidence(self, score: float, notes: int, searched: int) -> float:
        """Return bits of evidence of an alignment.

        Args:
            score: of the alignment, in bits.
            notes: of the query.
            searched: notes of everything that the query was compared with.
        """
        return score - self._gift(notes, searched)

    def enough(self, notes: int, searched: int) -> float:
        """Return the alignment score from which a query of so many notes is for review."""
        return self.tail.evidence(self.review) + self._gift(notes, searched)

    def _gift(self, notes: int, searched: int) -> float:
        """Return the bits that chance finds beyond those in a usual search."""
        return self.size_bits * (math.log2(max(notes, 1)) + math.log2(max(searched, 1)) - USUAL)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        values = {
            "version": VERSION,
            "tail": asdict(self.tail),
            "review": self.review,
            "match": self.match,
            "size_bits": self.size_bits,
            "costs": asdict(self.costs),
            **self.record,
        }
        path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path = FILE) -> Thresholds:
        """Read what `save` wrote.

        Raises:
            IncompatibleCatalogue: the file is missing, damaged or of another version.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if values["version"] != VERSION:
                raise ValueError(f"version {values['version']}, not {VERSION}")
            own = ("version", "tail", "review", "match", "size_bits", "costs")
            record = {key: value for key, value in values.items() if key not in own}
            tail, costs = Tail(**values["tail"]), Costs(**values["costs"])
            return cls(tail, values["review"], values["match"], values["size_bits"], costs, record)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IncompatibleCatalogue(f"cannot use the thresholds {path}: {error}; calibrate again") from error


@lru_cache(maxsize=1)
def shipped() -> Thresholds:
    """Return the thresholds that ship with the package.

    Raises:
        IncompatibleCatalogue: they cannot be read, or were made with other tables than those beside them.
    """
    found = Thresholds.load()
    if found.record.get("background_sha256") != _digest(background.FILE):
        raise IncompatibleCatalogue(f"the thresholds {FILE} do not belong to {background.FILE}: calibrate again")
    return found


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
