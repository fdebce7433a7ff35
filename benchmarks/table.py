"""Writes docs/benchmarks.md from the results in benchmarks/results: ``python benchmarks/table.py``."""

from __future__ import annotations

import json
from pathlib import Path

from common import RESULTS
from sections import gpu, melody, production, screening, sound, tunes

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"

HEAD = """# Benchmarks

Every number here was measured by the command above it, on the machine that its result file names
(`benchmarks/results/*.json`). What the benchmarks need beside the package is in `benchmarks/requirements.txt`.
`python benchmarks/table.py` writes this page from the result files.
"""


SECTIONS = production.TRACK | melody.SECTIONS | tunes.SECTIONS | sound.SECTIONS | screening.SECTIONS | production.BATCH
"""What writes the section of each result file, in the order of the page."""
ON_GPU = gpu.SECTIONS
"""The same of the results that need a GPU, which come after them where there are any."""


def page() -> str:
    """Put the page together from the result files that exist."""
    parts = [HEAD]
    for name, section in (SECTIONS | ON_GPU).items():
        path = RESULTS / f"{name}.json"
        if path.is_file():
            parts.append(section(json.loads(path.read_text())))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
