"""What was read of one's own music, what was kept, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Reject:
    """A file or work that was left out.

    Attributes:
        file: its path.
        place: which work of the file, such as ``tune 12``; empty for the file as a whole.
        reason: short and the same for all with this fault.
        detail: what exactly was found.
    """

    file: str
    place: str
    reason: str
    detail: str = ""

    @property
    def text(self) -> str:
        """The reject in one line."""
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.reason}" + (f" ({self.detail})" if self.detail else "")


@dataclass(slots=True)
class Account:
    """Counts of a reading: works = kept + duplicates + works among the rejects.

    Attributes:
        files: files of a kind that can be read. other_files: files of other kinds, by extension; passed over.
        works: works that the files hold, as far as they can be told apart.
        kept: works that are learnt from or measured by.
        duplicates: works that are nearly the same as one that is kept.
        families: sets of works that are variants of one another; a family is never split.
        rejects: what was left out, each with its reason.
        readings: works by what was assumed, put right or left out in reading them.
        left_out_notes: notes of chords, of which only the highest was taken.
        styles, metres, modes: kept works by each.
        training, validation: kept works to learn from and to measure by.
    """

    files: int = 0
    other_files: Counter[str] = field(default_factory=Counter)
    works: int = 0
    kept: int = 0
    duplicates: int = 0
    families: int = 0
    rejects: list[Reject] = field(default_factory=list)
    readings: Counter[str] = field(default_factory=Counter)
    left_out_notes: int = 0
    styles: Counter[str] = field(default_factory=Counter)
    metres: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    training: int = 0
    validation: int = 0

    @property
    def reasons(self) -> Counter[str]:
        """How many files or works were left out, by reason."""
        return Counter(reject.reason for reject in self.rejects)

    def as_json(self) -> dict[str, Any]:
        """Return the whole account, tables in falling order."""
        content: dict[str, Any] = {}
        for entry in fields(self):
            value = getattr(self, entry.name)
            counted = isinstance(value, Counter)
            content[entry.name] = {key: n for key, n in value.most_common() if n} if counted else value
        rejects = [asdict(reject) for reject in self.rejects]
        return {**content, "rejects": rejects, "rejected": dict(self.reasons.most_common())}

    def lines(self, most: int = 20) -> list[str]:
        """Return the account for people, no more than so many rejects one by one."""
        lines = [
            f"{self.files:,} files, {self.works:,} works: {self.training:,} to learn from, {self.validation:,} to "
            f"measure by, {self.duplicates:,} left out as duplicates, {len(self.rejects):,} for the reasons below"
        ]
        for name, table in (
            ("styles", self.styles), ("metres", self.metres), ("modes", self.modes), ("read with", self.readings),
            ("left out", self.reasons), ("passed over", self.other_files),
        ):  # fmt: skip
            counts = "; ".join(f"{key} {count:,}" for key, count in table.most_common() if count)
            lines += [f"  {name:<12} {counts}"] if counts else []
        if self.left_out_notes:
            lines.append(f"  {self.left_out_notes:,} notes of chords left out; their highest notes were taken")
        lines += [f"  left out: {reject.text}" for reject in self.rejects[:most]]
        if len(self.rejects) > most:
            lines.append(f"  and {len(self.rejects) - most:,} more")
        return lines
