"""From the collections to the file of training works: read, withhold, de-duplicate, split, join variants, save."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from genaudio.corpus.abc_text import AbcTune, read_tunes
from genaudio.corpus.chorales import read_chorale
from genaudio.corpus.duplicates import Families, find_families
from genaudio.corpus.errors import TuneError
from genaudio.corpus.extract import ExtractedTune, extract_tune
from genaudio.corpus.recipe import CorpusRecipe
from genaudio.corpus.report import CorpusReport, Reject, SourceCounts
from genaudio.corpus.sources import CHORALES, SOURCES, Source, music21_corpus, slug
from genaudio.corpus.splits import split_of
from genaudio.corpus.variants import find_variants, join_families
from genaudio.corpus.withheld import find_withheld
from genaudio.corpus.works import TrainingWork, save_works

Progress = Callable[[str, int, int], None]
"""Called as progress(stage, done, total); stages: "reading" (files), "comparing" (tunes), "aligning" (works)."""


def build_corpus(
    out: Path | None,
    progress: Progress | None = None,
    recipe: CorpusRecipe | None = None,
    root: Path | None = None,
) -> CorpusReport:
    """Build the training works and save them.

    Args:
        out: the file to write, such as ``works.jsonl.gz``; None writes nothing and only counts.
        progress: called as the work goes on.
        recipe: collections, thresholds and seed; its defaults for None.
        root: folder that holds the collections' folders; music21's corpus for None.

    Raises:
        CorpusError: a collection is missing or the file cannot be written.
    """
    report = CorpusReport()
    recipe = recipe or CorpusRecipe()
    tunes = list(_extract(recipe.collections, root or music21_corpus(), report, progress or _silent))
    withheld = find_withheld(tunes, recipe)
    for number in withheld:
        report.sources[tunes[number].source].withheld += 1
    tunes = [tune for number, tune in enumerate(tunes) if number not in withheld]
    families = find_families(
        [tune.melody.pitches for tune in tunes],
        recipe,
        lambda done: (progress or _silent)("comparing", done, len(tunes)),
    )
    works = [_work(number, tunes, families, recipe) for number in families.representatives]
    report.separate_families = len({work.family for work in works})
    variants = find_variants(works, recipe, lambda done: (progress or _silent)("aligning", done, len(works)))
    joined = join_families(works, variants)
    report.moved = sum(before.split != after.split for before, after in zip(works, joined, strict=True))
    works = joined
    for number in families.representatives:
        report.sources[tunes[number].source].kept += 1
        report.repairs.update(set(tunes[number].repairs))
        report.style_origins[tunes[number].style_origin] += 1
    for number in (other for others in families.aliases.values() for other in others):
        report.sources[tunes[number].source].duplicates += 1
    report.count_works(works)
    if out is not None:
        save_works(works, out)
    return report


def _silent(stage: str, done: int, total: int) -> None:
    pass


def _extract(
    sources: Sequence[Source], root: Path, report: CorpusReport, progress: Progress
) -> Iterator[ExtractedTune]:
    files = [(source, file) for source in sources for file in source.files(root)]
    taken: Counter[str] = Counter()
    for done, (source, file) in enumerate(files):
        progress("reading", done, len(files))
        counts = report.sources.setdefault(source.name, SourceCounts())
        for number, title, extract in _tunes(source, file, taken):
            counts.read += 1
            try:
                yield extract()
            except TuneError as error:
                counts.rejected[error.reason] += 1
                report.rejects.append(Reject(source.name, file.name, number, title, error.reason, error.detail))
    progress("reading", len(files), len(files))


def _tunes(source: Source, file: Path, taken: Counter[str]) -> Iterator[tuple[str, str, Callable[[], ExtractedTune]]]:
    """Yield number, title and what extracts it for each tune of a file."""
    if source.kind == CHORALES:
        number = file.stem.removeprefix("bwv")
        yield number, "", partial(read_chorale, file, source.name, f"{source.name}-{number}")
        return
    for tune in read_tunes(file):
        identifier = tune_id(source, tune, taken)
        yield tune.number, tune.first("T"), partial(extract_tune, tune, source.name, identifier)


def tune_id(source: Source, tune: AbcTune, taken: Counter[str]) -> str:
    """Return a tune's id: the source and its number in the book, or its file's name where each tune has a file.

    A second tune of the same number gets ``-2``; `taken` counts the ids given so far.
    """
    own = slug(Path(tune.file).stem) if source.name == "ryan" else tune.number.split()[0].zfill(4)
    name = f"{source.name}-{own}"
    taken[name] += 1
    return name if taken[name] == 1 else f"{name}-{taken[name]}"


def _work(number: int, tunes: Sequence[ExtractedTune], families: Families, recipe: CorpusRecipe) -> TrainingWork:
    tune = tunes[number]
    family = tunes[families.family[number]].id
    licence = next(source.licence for source in SOURCES if source.name == tune.source)
    return TrainingWork(
        id=tune.id,
        title=tune.title,
        style=tune.style,
        source=tune.source,
        licence=licence,
        family=family,
        split=split_of(family, recipe.seed, recipe.held_out_share),
        aliases=_aliases(tunes[other] for other in families.aliases.get(number, ())),
        melody=tune.melody,
    )


def _aliases(tunes: Iterable[ExtractedTune]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{tune.source}: {tune.title}" for tune in tunes))
