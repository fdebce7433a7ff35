"""What may not be trained on: tunes of a source that stand in a benchmark, and those of the source that are variants.

Variants are found as the families of the training works are: by shared n-grams and identity, and by alignment. Only
what is itself like a benchmark's tune is withheld, not what is like its variants, and only within the source: a dance
that runs along the same scale as a hymn is no setting of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from genaudio.corpus.duplicates import find_pairs
from genaudio.corpus.extract import ExtractedTune
from genaudio.corpus.recipe import CorpusRecipe
from genaudio.corpus.variants import Comparison

MOST_VARIANTS = 100
"""So many tunes are compared with one of a benchmark, the most similar first."""


def find_withheld(tunes: Sequence[ExtractedTune], recipe: CorpusRecipe) -> set[int]:
    """Return the places of tunes that stand in a benchmark or are variants of one that does."""
    sources = {tune.source for tune in tunes if tune.withheld}
    places = [number for number, tune in enumerate(tunes) if tune.source in sources]
    return {places[number] for number in _alike([tunes[place] for place in places], recipe)}


def _alike(tunes: Sequence[ExtractedTune], recipe: CorpusRecipe) -> set[int]:
    """Return the places of the marked tunes and of their variants."""
    marked = {number for number, tune in enumerate(tunes) if tune.withheld}
    found = set(marked)
    if len(tunes) < 2:
        return found
    for pair in find_pairs([tune.melody.pitches for tune in tunes]):
        if pair.is_family(recipe) and not marked.isdisjoint((pair.first, pair.second)):
            found |= {pair.first, pair.second}
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison([tune.melody for tune in tunes], Path(folder) / "comparison")
        for number in sorted(marked):
            for likeness in comparison.closest(number, recipe.variant_bits, MOST_VARIANTS):
                if likeness.is_variant(recipe):
                    found |= {likeness.first, likeness.second}
    return found
