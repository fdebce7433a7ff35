"""The data card: where every work comes from, what was left out and why, in Markdown from a build's report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from genaudio.corpus.recipe import CorpusRecipe
from genaudio.corpus.report import CorpusReport
from genaudio.corpus.sources import Source

_INTRODUCTION = """# Data card: the training works

All melody weights that ship are trained on these {works:,} tunes, and the built-in catalogue holds them. They are the
melodies of printed collections and chorales whose music is in the public domain, in the encodings that the
[music21](https://github.com/cuthbertLab/music21) wheel carries. Nothing else is in them: the Essen folk songs may not
be used commercially, and the chorales BWV 253 to 438, with their variants, stand in a benchmark.

This file is written by `python -m genaudio.corpus`, and a test holds it against the shipped works.
"""

_LICENCE = """## Licence and use

music21's own licence text for its corpus (`corpus/license.txt`) says:

> The BSD licensed music21 software is distributed with a corpus of encoded compositions which are distributed with the
> permission of the encoders (and, where needed, the composers or arrangers) and where permitted under United States
> copyright law. Some encodings included in the corpus may not be used for commercial uses or have other restrictions:
> please see the licenses embedded in individual compositions or directories for more details.

So each file of the collections was searched for such a notice (copyright, licence, commercial, permission,
reproduce, distribute, rights): there is none.

What is not known: no transcriber has *granted* commercial use in writing either. The claim is no more than that the
music is free and that the encodings come without a condition. Jack Campin offered his multimedia edition of Aird's
books for sale on CD-ROM (<http://www.campin.me.uk/Aird/>); whoever wants to be stricter leaves out `aird` and
`northumbrian` in `configs/corpus.yaml`, builds again and trains again. Only the notes are used: no text, chord,
ornament or annotation of the encoders is kept.
"""

_EXTRACTION = """## How a tune becomes a work

- Repeats are not unfolded: every part stands once, as written. Of first and second endings the last stays.
- Grace notes and ornaments are left out, a chord gives its highest note, of several voices the first is taken; of the
  settings of chorales the soprano.
- Onsets and durations are exact on a grid of 1/480 quarter note.
- Every inner bar sums to the metre. Bars are put right by these rules only, counted below:
  *split bar* (two neighbouring pieces that sum to a bar are one, as around a repeat sign); *filled with a rest* (an
  incomplete bar at the end of a part); *last note shortened* (to make room for the next part's pickup, by no more than
  half); *missing bar line* (a piece of two bars with a note on the middle). The last bar may be short.
- The key is the key field's, unless the notes contradict it by a stated rule (`genaudio/corpus/tonality.py`): *final*
  (K:G for a tune that ends on A, in all parts, is A dorian) or *steps* (K:Gm with raised sixths is G dorian). The key
  fields of O'Neill's are in part signatures only: most of the changes below are his.
  The key of a chorale is that of its signature and of the last note of the bass.
- Styles come from the rhythm field (O'Neill's, Ryan's), from the title's words, from the section of O'Neill's book,
  or, for Aird's unnamed tunes, from metre, tempo marking and rhythm. These last labels are estimates.
- Near-identical tunes (identity of the pitch sequences at least {near:.2f} after transposition) keep one
  representative, the first in the order of the collections; the others are its aliases, with their titles. Looser
  variants (identity at least {identity:.2f}, or {containment:.0%} of the smaller one's six-note patterns shared) stay
  and share a family. Whole families are in training, validation or test, by a hash of the family's name.
- Those patterns miss ornamented variants, so every work is also aligned with the works most like it
  (`genaudio/corpus/variants.py`; bits: the information of the notes that agree, less what the others cost). Families
  are joined where the notes that agree are {r.variant_coverage:.0%} of the shorter work at {r.variant_bits:.0f} bits or
  more, or {r.part_coverage:.0%} of it at {r.part_bits:.0f} bits, in both cases {r.variant_identity:.0%} of what is
  aligned; and where two works share a title (articles, punctuation, numbers of settings and alternative titles apart)
  at {r.title_bits:.0f} bits, which one in ten unrelated pairs reaches. A title alone joins nothing: the two tunes
  called Oak Stick, and the two called Skiver the Quilt, are different melodies.
- The chorales BWV 253 to 438 stand in a benchmark of melody models. They, and every other chorale that is like one of
  them by these measures, are withheld before anything else.
- A joined family is in training if one of its families was, else in validation if one was. So the split of {moved}
  works is not what the hash of their first family's name gave, the held-out splits are smaller than their share, and no
  work has left training by it. Families are chains: neighbours are alike, but the ends of a long one need not be.
"""


def data_card(report: CorpusReport, recipe: CorpusRecipe) -> str:
    """Return the data card in Markdown."""
    kept = [name for name in recipe.sources if name in report.sources]
    sources = [source for source in recipe.collections if source.name in kept]
    parts = [
        _INTRODUCTION.format(works=report.works),
        "## Sources\n",
        source_table(report, sources),
        *(_about(source) for source in sources),
        _LICENCE,
        _EXTRACTION.format(
            near=recipe.near_identical,
            identity=recipe.family_identity,
            containment=recipe.family_containment,
            r=recipe,
            moved=report.moved,
        ),
        "## Counts\n",
        f"{report.works:,} works in {report.families:,} families ({report.separate_families:,} before alignment joined "
        f"some); the largest family has {report.largest_family}.\n",
        *(_counts(report)),
        "## Rejected tunes\n",
        _rejects(report, sources),
    ]
    return "\n".join(parts)


def asset_card(report: CorpusReport, recipe: CorpusRecipe) -> str:
    """Return the short card that stands beside the file of works."""
    sources = [source for source in recipe.collections if source.name in report.sources]
    return "\n".join(
        [
            "# works.jsonl.gz: the training works\n",
            f"{report.works:,} public-domain tunes in {report.families:,} families, one JSON object a line, sorted by "
            "id. Fields: id,\ntitle, style, source, licence, family, split, aliases, metre, key, pickup (ticks), notes "
            "([[onset, duration, MIDI\npitch], ...], 480 ticks a quarter note). Built by `python -m genaudio.corpus`; "
            "the same bytes on every build. The\nwhole story is in `docs/data-card.md`.\n",
            "| | |\n| --- | --- |\n| licence | music in the public domain; terms of each encoding in "
            "`docs/data-card.md` |\n",
            source_table(report, sources),
            _table(("split", "works"), sorted(report.splits.items())),
        ]
    )


def source_table(report: CorpusReport, sources: Iterable[Source]) -> str:
    """Return the table of sources: tunes read, kept, duplicates and rejected."""
    rows = []
    for source in sources:
        counts = report.sources[source.name]
        title = f"{source.title} ({source.author}, {source.year})"
        numbers = (counts.read, counts.kept, counts.duplicates, counts.withheld, counts.rejected.total())
        rows.append((source.name, title, *numbers))
    return _table(("source", "title", "read", "kept", "duplicates", "withheld", "rejected"), rows)


def _about(source: Source) -> str:
    return (
        f"### {source.title}\n\n{source.folder}/{source.pattern} in music21's corpus ({source.url}).\n\n"
        f"- What the files say: {source.notice}\n- Why it may be used: {source.usable}\n"
    )


def _counts(report: CorpusReport) -> list[str]:
    tables = (
        ("split", report.splits),
        ("style", report.styles),
        ("style read from", report.style_origins),
        ("metre", report.metres),
        ("mode", report.modes),
        ("rule", report.repairs),
    )
    return [_table((name, "works"), _falling(counts)) for name, counts in tables]


def _rejects(report: CorpusReport, sources: Sequence[Source]) -> str:
    names = [source.name for source in sources]
    reasons = _falling(Counter(reject.reason for reject in report.rejects))
    rows = [(reason, *(report.sources[name].rejected[reason] for name in names)) for reason, _ in reasons]
    lines = [_table(("reason", *names), rows)]
    for reason, _ in reasons:
        for name in names:
            tunes = [_place(r.number, r.file, name) for r in report.rejects if (r.reason, r.source) == (reason, name)]
            if tunes:
                lines.append(f"- {reason}, {name}: {', '.join(dict.fromkeys(tunes))}")
    return "\n".join(lines) + "\n"


def _place(number: str, file: str, source: str) -> str:
    return file.removesuffix(".abc") if source == "ryan" else number.removeprefix("bwv").lstrip("0") or "0"


def _falling(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"
