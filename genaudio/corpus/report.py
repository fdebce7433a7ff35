"""What a build of the corpus read, kept and rejected."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from genaudio.corpus.works import TrainingWork


@dataclass(frozen=True, slots=True)
class Reject:
    """A tune that was left out: where it stands and why."""

    source: str
    file: str
    number: str
    title: str
    reason: str
    detail: str


@dataclass(slots=True)
class SourceCounts:
    """Tunes of one source: read = kept + duplicates + withheld + rejected.

    Withheld are tunes of a benchmark, and their variants.
    """

    read: int = 0
    kept: int = 0
    duplicates: int = 0
    withheld: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class CorpusReport:
    """Counts of a finished build.

    Attributes:
        sources: counts by source name.
        rejects: every tune that was left out for a reason of its own (duplicates are counted, not listed).
        styles, metres, modes, splits, style_origins: works by each.
        families: number of families.
        separate_families: number of families before alignment joined some.
        moved: works whose split joining changed.
        largest_family: works in the largest family.
        repairs: works by each bar or key rule that changed them.
    """

    sources: dict[str, SourceCounts] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    styles: Counter[str] = field(default_factory=Counter)
    metres: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    style_origins: Counter[str] = field(default_factory=Counter)
    families: int = 0
    separate_families: int = 0
    moved: int = 0
    largest_family: int = 0
    repairs: Counter[str] = field(default_factory=Counter)

    @property
    def works(self) -> int:
        """Number of works kept."""
        return self.splits.total()

    def count_works(self, works: list[TrainingWork]) -> None:
        """Count the finished works by style, metre, mode, split and family."""
        self.styles = Counter(work.style for work in works)
        self.metres = Counter(str(work.melody.metre) for work in works)
        self.modes = Counter(work.melody.key.mode for work in works if work.melody.key is not None)
        self.splits = Counter(work.split for work in works)
        sizes = Counter(work.family for work in works)
        self.families = len(sizes)
        self.largest_family = max(sizes.values(), default=0)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts for JSON output, each table in falling order; the single rejects are left out."""

        def ordered(table: Counter[str]) -> dict[str, int]:
            return dict(sorted(table.items(), key=lambda item: (-item[1], item[0])))

        return {
            "works": self.works,
            "sources": {
                name: {"read": counts.read, "kept": counts.kept, "duplicates": counts.duplicates,
                       "withheld": counts.withheld, "rejected": ordered(counts.rejected)}
                for name, counts in self.sources.items()
            },
            "styles": ordered(self.styles), "metres": ordered(self.metres), "modes": ordered(self.modes),
            "splits": ordered(self.splits), "families": self.families, "separate_families": self.separate_families,
            "largest_family": self.largest_family, "moved": self.moved,
            "style_origins": ordered(self.style_origins), "repairs": ordered(self.repairs),
        }  # fmt: skip
