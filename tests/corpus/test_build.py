"""Builds of small folders of ABC: counts, rejects, aliases, the same bytes; the recipe and the data card."""

import re
from pathlib import Path
from zipfile import ZipFile

import pytest

from genaudio.corpus import CorpusError, CorpusRecipe, build_corpus, load_works
from genaudio.corpus.__main__ import main
from genaudio.corpus.card import asset_card, data_card
from genaudio.corpus.sources import ABC, CHORALES, SOURCES, choose_sources, music21_corpus, slug
from genaudio.errors import GenaudioError

ROOT = Path(__file__).parents[2]
REEL = "GABc d2ed|cBAG FDEF|GABc defg|afdf g4|gfed cBAG|ABcA BGEF|DEFG ABcA|GDB,D G4|"
JIG = "GAB c2d|edc BAG|FGA D2E|FGA G3|ded BAB|cdc AGA|Bcd efg|fdf g3|"


def tune(number: int, title: str, music: str, metre: str = "4/4", key: str = "G") -> str:
    return f"X:{number}\nT:{title}\nR:{'reel' if metre == '4/4' else 'jig'}\nM:{metre}\nL:1/8\nK:{key}\n{music}\n\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for source in SOURCES:
        (tmp_path / source.folder).mkdir()
    damaged = tune(3, "Broken", REEL.replace("|cBAG", "|cBA"))
    (tmp_path / "oneills1850" / "a.abc").write_text(tune(1, "One", REEL) + tune(2, "Two", JIG, "6/8") + damaged)
    # the same reel a fourth higher, as its text says
    higher = "cdef g2ag|fedc BGAB|cdef gabc'|d'bgb c'4|c'bag fedc|defd ecAB|GABc defd|cGEG c4|"
    (tmp_path / "ryansMammoth" / "OtherReel.abc").write_text(tune(1, "Other", higher, key="C"))
    (tmp_path / "airdsAirs" / "book1.abc").write_text("% a header\n\n" + tune(1, "Garbage", "A 17 ; B|"))
    (tmp_path / "miscFolk" / "northumbrianminstrelsyopus.abc").write_text("% no tune\n")
    (tmp_path / "bach" / "bwv9.7.xml").write_text("no XML")
    return tmp_path


def test_counts_rejects_and_aliases(folder, tmp_path):
    stages = []
    report = build_corpus(tmp_path / "works.jsonl.gz", lambda *step: stages.append(step), root=folder)
    counts = {n: (c.read, c.kept, c.duplicates, dict(c.rejected)) for n, c in report.sources.items()}
    assert counts == {
        "oneill": (3, 2, 0, {"bars do not sum": 1}),
        "ryan": (1, 0, 1, {}),
        "aird": (1, 0, 0, {"unreadable ABC": 1}),
        "northumbrian": (0, 0, 0, {}),
        "bach": (1, 0, 0, {"unreadable MusicXML": 1}),
    }
    assert next((r.number, r.title, r.detail) for r in report.rejects) == (
        "3", "Broken", "bar 2 has 7/2 of 4 quarter notes",
    )  # fmt: skip
    works = load_works(path=tmp_path / "works.jsonl.gz")
    assert [(work.id, work.style, work.aliases) for work in works] == [
        ("oneill-0001", "reel", ("ryan: Other",)), ("oneill-0002", "jig", ()),
    ]  # fmt: skip
    assert report.works == report.families == 2
    assert report.as_dict()["metres"] == {"4/4": 1, "6/8": 1}
    assert stages[-1] == ("aligning", 2, 2)
    assert ("comparing", 3, 3) in stages
    assert ("reading", 5, 5) in stages


def test_rebuilding_gives_the_same_bytes(folder, tmp_path):
    for name in ("one.gz", "two.gz"):
        build_corpus(tmp_path / name, root=folder)
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


def test_second_tune_of_a_number_gets_an_id_of_its_own(folder, tmp_path):
    (folder / "oneills1850" / "b.abc").write_text(tune(2, "Another", "EGc e2d|cAF GEC|DFA dcB|AFD C3|" * 2, "6/8"))
    build_corpus(tmp_path / "works.jsonl.gz", root=folder)
    assert [work.id for work in load_works(path=tmp_path / "works.jsonl.gz")][-2:] == ["oneill-0002", "oneill-0002-2"]


def test_recipe_chooses_the_collections(folder):
    report = build_corpus(None, recipe=CorpusRecipe(sources=("ryan",)), root=folder)
    assert {name: counts.kept for name, counts in report.sources.items()} == {"ryan": 1}


def test_missing_collection_is_named(folder):
    (folder / "airdsAirs" / "book1.abc").unlink()
    with pytest.raises(CorpusError, match=r"airdsAirs holds no book\*\.abc files; install music21 with its corpus"):
        build_corpus(None, root=folder)


def test_shipped_recipe_holds_the_defaults():
    assert CorpusRecipe.load(ROOT / "configs" / "corpus.yaml") == CorpusRecipe()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sources: [essen]", "unknown source 'essen'; the sources are oneill, ryan, aird, northumbrian, bach"),
        ("held_out_share: 0.7", "held_out_share must be from 0 to 0.4, not 0.7"),
        ("near_identical: 0.0", "near_identical must be more than 0 and at most 1"),
        ("part_coverage: 1.5", "part_coverage must be more than 0 and at most 1, not 1.5"),
        ("title_bits: 0.0", "title_bits must be more than 0, not 0.0"),
        ("sead: 1", "unknown key sead"),
    ],
)
def test_wrong_recipes_say_what_is_wrong(tmp_path, text, message):
    recipe = tmp_path / "corpus.yaml"
    recipe.write_text(text)
    with pytest.raises(GenaudioError, match=message):
        CorpusRecipe.load(recipe)


def test_command_reports_a_wrong_recipe_in_one_line(tmp_path, capsys):
    recipe = tmp_path / "corpus.yaml"
    recipe.write_text("sources: [essen]")
    assert main(["--config", str(recipe), "--out", str(tmp_path / "works.jsonl.gz")]) == 2
    assert (
        capsys.readouterr().err
        == "error: unknown source 'essen'; the sources are oneill, ryan, aird, northumbrian, bach\n"
    )


def test_slugs():
    assert slug("AcaciaReel") == "acacia-reel"
    assert slug("42dHighlandRegimentStrathspey") == "42d-highland-regiment-strathspey"


def test_cards_show_a_reports_counts(folder):
    report = build_corpus(None, root=folder)
    card = data_card(report, CorpusRecipe())
    assert "| oneill | O'Neill's Music of Ireland (Francis O'Neill, 1903) | 3 | 2 | 0 | 0 | 1 |" in card
    assert "| bars do not sum | 1 | 0 | 0 | 0 | 0 |" in card
    assert "- bars do not sum, oneill: 3\n" in card
    assert "2 public-domain tunes in 2 families" in asset_card(report, CorpusRecipe())


def table(card: str, first: str) -> dict[str, list[str]]:
    """Return the rows of the table whose header begins with `first`, by their first cell."""
    rows = card[card.index(f"| {first} |") :].split("\n\n")[0].strip().split("\n")[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {row[0]: row[1:] for row in cells}


def test_shipped_data_card_is_true(works):
    """Kept, splits, styles, metres and modes are counted in the works, read tunes in the collections' files."""
    card = (ROOT / "docs" / "data-card.md").read_text(encoding="utf-8")
    for name, of in {
        "split": lambda work: work.split,
        "style": lambda work: work.style,
        "metre": lambda work: str(work.melody.metre),
        "mode": lambda work: work.melody.key.mode,
    }.items():
        told = {key: int(row[0]) for key, row in table(card, name).items()}
        assert told == {key: sum(of(work) == key for work in works) for key in told}
        assert sum(told.values()) == len(works)
    families = len({work.family for work in works})
    assert f"{len(works):,} works in {families:,} families" in card
    rejected = [sum(map(int, column)) for column in zip(*table(card, "reason").values(), strict=True)]
    for source, reasons in zip(choose_sources(), rejected, strict=True):
        read, kept, duplicates, withheld, left_out = map(int, table(card, "source")[source.name][1:])
        files = source.files(music21_corpus())
        if source.kind == ABC:
            assert read == sum(len(re.findall(rb"^X:", file.read_bytes(), re.MULTILINE)) for file in files)
        else:
            assert read == len(files)
        assert kept == sum(work.source == source.name for work in works)
        assert left_out == reasons
        assert read == kept + duplicates + withheld + left_out
        assert source.notice in card
        assert source.usable in card


def test_no_encoding_forbids_commercial_use(works):
    """What the data card says of the files: none that is used speaks of a licence."""
    words = re.compile(rb"copyright|licen[cs]e|commercial|permission|all rights|distribut|reproduc", re.IGNORECASE)
    for source in SOURCES:
        files = source.files(music21_corpus())
        if source.kind == CHORALES:
            used = {work.id for work in works if work.source == source.name}
            files = [file for file in files if f"{source.name}-{file.stem.removeprefix('bwv')}" in used]
            assert len(files) == len(used) > 0
        assert [file.name for file in files if words.search(_content(file))] == []


def _content(file: Path) -> bytes:
    """Return a file's text; of a compressed MusicXML file all that is in it."""
    if file.suffix != ".mxl":
        return file.read_bytes()
    with ZipFile(file) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())
