"""Build the shipped works and their cards: ``python -m genaudio.corpus [--config configs/corpus.yaml]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from genaudio.corpus import WORKS_FILE, CorpusRecipe, build_corpus
from genaudio.corpus.card import asset_card, data_card
from genaudio.corpus.progress import terminal_progress
from genaudio.errors import tells_errors


@tells_errors
def main(arguments: list[str] | None = None) -> int:
    """Build works and cards; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m genaudio.corpus", description="Build the training works.")
    parser.add_argument("--config", type=Path, help="a recipe such as configs/corpus.yaml")
    parser.add_argument("--out", type=Path, default=WORKS_FILE, help="the file of works to write")
    parser.add_argument("--data-card", type=Path, help="where to write the data card, such as docs/data-card.md")
    options = parser.parse_args(arguments)
    recipe = CorpusRecipe() if options.config is None else CorpusRecipe.load(options.config)
    with terminal_progress() as progress:
        report = build_corpus(options.out, progress, recipe=recipe)
    options.out.with_name("card.md").write_text(asset_card(report, recipe), encoding="utf-8")
    if options.data_card is not None:
        options.data_card.write_text(data_card(report, recipe), encoding="utf-8")
    read = sum(counts.read for counts in report.sources.values())
    print(f"{report.works} works of {read} tunes in {options.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
