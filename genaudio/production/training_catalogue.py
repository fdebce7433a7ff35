"""Builds the catalogue that ships, from the works that the models were trained on.

``python -m genaudio.production.training_catalogue`` writes it beside the other assets and enters its files into the
list of shipped files. Run it again whenever the training works or the fingerprint parameters change.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from checks import Catalogue, Work
from genaudio.assets import FOLDER, seal
from genaudio.corpus import WORKS_FILE, load_works
from genaudio.production.catalogue import NAME, PLACE

SPLITS = ("train", "validation")
"""What the models have seen; the test works stay out, so that they can stand for tunes by people."""


def training_works() -> Iterator[Work]:
    """Yield the works that the shipped models have seen."""
    for split in SPLITS:
        for work in load_works(split):
            yield Work(work.id, title=work.title, melody=work.melody, creator=work.source, rights=work.licence)


def build_training_catalogue(path: Path | None = None) -> Catalogue:
    """Build the catalogue of training works; without a path in its place among the assets, and sealed.

    Raises:
        CorpusError: the training works cannot be read.
        CatalogueError: the folder cannot be written.
    """
    if path is not None:
        return Catalogue.build(training_works(), path, name=NAME)
    folder = FOLDER / PLACE
    shutil.rmtree(folder, ignore_errors=True)  # an older version's data folder must not ship along
    catalogue = Catalogue.build(training_works(), folder, name=NAME)
    (folder / ".lock").unlink(missing_ok=True)
    (folder / "card.md").write_text(_card(catalogue), encoding="utf-8")
    files = [WORKS_FILE, *(file for file in sorted(folder.rglob("*")) if file.is_file())]
    seal(*(file.relative_to(FOLDER).as_posix() for file in files))
    return catalogue


def _card(catalogue: Catalogue) -> str:
    counts = catalogue.manifest["counts"]
    return f"""# Catalogue of training works

What every screening searches: the tunes that the shipped melody model was trained on or chosen by.

| | |
|---|---|
| works | {counts["works"]:,} (splits: {", ".join(SPLITS)}; the test works are not in it) |
| notes | {counts["notes"]:,} |
| too short to be searched for | {counts["unsearchable"]:,} |
| SHA-256 | `{catalogue.sha256}` |
| made by | `python -m genaudio.production.training_catalogue` |
| sources and licences | `docs/data-card.md`; public domain, and each work names its own |

It protects nobody's rights but shows copying: a melody that repeats a tune of these was learnt by heart, not composed.
"""


if __name__ == "__main__":
    built = build_training_catalogue()
    print(f"{len(built)} works, SHA-256 {built.sha256}", file=sys.stderr)
