"""The recipe of a corpus build: which collections, which thresholds, which split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genaudio.corpus.errors import CorpusError
from genaudio.corpus.sources import SOURCES, Source, choose_sources

_SHARES = (
    "near_identical", "family_identity", "family_containment", "variant_coverage", "part_coverage", "variant_identity",
)  # fmt: skip
_BITS = ("title_bits", "variant_bits", "part_bits")


@dataclass(frozen=True, slots=True)
class CorpusRecipe:
    """What a build follows; `configs/corpus.yaml` holds these values.

    Attributes:
        sources: short names of the collections, read in the order of `genaudio.corpus.sources.SOURCES`.
        seed: of the split.
        held_out_share: expected share of families in validation, and in test; at most 0.4.
        near_identical: identity from which a tune is an alias of one that stays.
        family_identity: identity from which two tunes belong to one family.
        family_containment: share of the smaller tune's n-grams from which two tunes belong to one family.
        title_bits: alignment in bits from which two tunes of one title belong to one family.
        variant_bits, variant_coverage: alignment in bits, and share of the shorter tune's notes that agree in it,
            from which two tunes belong to one family as variants.
        part_bits, part_coverage: the same as tunes that have a part in common.
        variant_identity: share of the aligned notes that must agree for either.

    Raises:
        CorpusError: a source is unknown or a share is out of its range.
    """

    sources: tuple[str, ...] = tuple(source.name for source in SOURCES)
    seed: int = 0
    held_out_share: float = 0.05
    near_identical: float = 0.90
    family_identity: float = 0.60
    family_containment: float = 0.30
    title_bits: float = 20.0
    variant_bits: float = 40.0
    variant_coverage: float = 0.50
    part_bits: float = 60.0
    part_coverage: float = 0.30
    variant_identity: float = 0.60

    def __post_init__(self) -> None:
        choose_sources(list(self.sources))
        if not 0 <= self.held_out_share <= 0.4:
            raise CorpusError(f"held_out_share must be from 0 to 0.4, not {self.held_out_share}")
        for name in _SHARES:
            value = getattr(self, name)
            if not 0 < value <= 1:
                raise CorpusError(f"{name} must be more than 0 and at most 1, not {value}")
        for name in _BITS:
            value = getattr(self, name)
            if not value > 0:
                raise CorpusError(f"{name} must be more than 0, not {value}")

    @classmethod
    def load(cls, path: Path | str) -> CorpusRecipe:
        """Read a recipe such as `configs/corpus.yaml`.

        Raises:
            GenaudioError: the file is missing or has mistakes; all are named.
        """
        from genaudio.training.recipe import load_recipe

        return load_recipe(path, cls)

    @property
    def collections(self) -> tuple[Source, ...]:
        """The sources themselves."""
        return choose_sources(list(self.sources))
