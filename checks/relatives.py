"""Works with their families and splits: what calibration and benchmarks read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.errors import CatalogueError
from checks.work import Work
from genaudio.score import TICKS_PER_QUARTER, Melody, Note, ScoreError


@dataclass(frozen=True)
class Relative:
    """A work, the family of variants that it belongs to, and its split."""

    work: Work
    family: str
    split: str = "train"


def read_works(path: Path, splits: Iterable[str]) -> list[Relative]:
    """Read works with their families.

    Raises:
        CatalogueError: the file cannot be read, or a line is no work.
    """
    wanted = set(splits)
    try:
        content = path.read_bytes()
        lines = (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines()
    except (OSError, EOFError) as error:
        raise CatalogueError(f"cannot read {path}: {error}") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line)
            if values.get("split", "train") in wanted:
                found.append(_relative(values))
        except (ValueError, KeyError, TypeError, AttributeError, ScoreError) as error:
            raise CatalogueError(f"line {number} of {path} is no work: {error}") from error
    return found


def _relative(values: dict[str, Any]) -> Relative:
    unit = TICKS_PER_QUARTER
    notes = [Note(onset / unit, duration / unit, pitch) for onset, duration, pitch in values["notes"]]
    work = Work(values["id"], values.get("title", ""), Melody(notes), rights=values.get("rights"))
    return Relative(work, str(values["family"]), str(values.get("split", "train")))
