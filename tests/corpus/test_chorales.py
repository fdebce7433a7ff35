"""Chorale tunes: the soprano of a setting, its key from signature and bass; what a benchmark holds is withheld."""

from pathlib import Path

import pytest

from genaudio.corpus import CorpusRecipe, build_corpus, load_works
from genaudio.corpus.chorales import is_benchmark, read_chorale
from genaudio.corpus.duplicates import interval_ngrams
from genaudio.corpus.errors import TuneError
from genaudio.corpus.sources import choose_sources, music21_corpus
from genaudio.corpus.withheld import find_withheld

from .settings import setting

HYMN = ["D5:2", "G4:2 A4:2 B4:2 C5:2", "D5:4 B4:2 D5:2", "E5:2 D5:2 C5:1 B4:1 A4:2", "B4:6 G4:2",
        "C5:2 B4:2 A4:2 G4:2", "F#4:4 D4:2 G4:2", "A4:2 B4:2 G4:2 A4:2", "G4:6"]  # fmt: skip


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_soprano_pickup_and_key(tmp_path):
    tune = read_chorale(write(tmp_path, "bwv12.7.xml", setting(HYMN)), "bach", "bach-12.7")
    melody = tune.melody
    assert (tune.title, tune.style, tune.withheld) == ("Chorale BWV 12, 7", "chorale", False)
    assert (str(melody.metre), str(melody.key), melody.pickup) == ("4/4", "G major", 1.0)
    # D5 as pickup; G A B C; D (a minim)
    assert [(n.onset, n.duration, n.pitch) for n in melody.notes[:6]] == [
        (0, 1, 74), (1, 1, 67), (2, 1, 69), (3, 1, 71), (4, 1, 72), (5, 2, 74),
    ]  # fmt: skip
    assert melody.end == 32  # eight bars of four quarter notes, pickup and short last bar making one


def test_the_bass_tells_the_tonic(tmp_path):
    minor = setting(HYMN, last_bass="E2:8")  # one sharp, ends on E; C natural stands in it once, C sharp never
    assert str(read_chorale(write(tmp_path, "bwv9.7.xml", minor), "bach", "x").melody.key) == "E minor"


def test_measure_split_by_a_repeat_is_one_bar(tmp_path):
    split = [*HYMN[:4], "B4:6", "G4:2", *HYMN[5:]]
    whole = read_chorale(write(tmp_path, "bwv9.7.xml", setting(HYMN)), "bach", "x").melody
    assert read_chorale(write(tmp_path, "bwv9.8.xml", setting(split)), "bach", "x").melody.notes == whole.notes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (setting(HYMN, last_bass="B1:8"), "mode not kept"),
        (setting(HYMN, change={3: "3/4"}), "metre changes"),
        (setting([*HYMN[:3], "E5:2 D5:2 C5:2 B4:2 A4:2", *HYMN[4:]]), "bars do not sum"),
        (setting(HYMN).replace("Soprano", "Oboe"), "no soprano or no bass"),
        (setting(["r:8", *HYMN[1:]]), "begins with a rest"),
        ("<score-partwise><part-list/></score-partwise>", "no soprano or no bass"),
        ("no XML", "unreadable MusicXML"),
    ],
)
def test_what_is_rejected(tmp_path, text, reason):
    with pytest.raises(TuneError) as caught:
        read_chorale(write(tmp_path, "bwv9.7.xml", text), "bach", "x")
    assert caught.value.reason == reason


def test_benchmark_numbers():
    names = ("bwv253.mxl", "bwv438.mxl", "bwv252.mxl", "bwv25.6.mxl", "bwv439.mxl")
    assert [is_benchmark(Path(name)) for name in names] == [True, True, False, False, False]


def test_variants_of_a_benchmark_are_withheld_and_others_stay(tmp_path):
    higher = [measure.replace("G4:2 A4:2 B4:2", "G4:1 A4:1 A4:2 B4:2") for measure in HYMN]
    other = ["C5:2 C5:2 G4:2 G4:2", "A4:2 F4:2 D4:4", "E4:2 G4:2 B4:2 E5:2", "D5:4 A4:4", "F4:2 C5:2 E4:2 A4:2",
             "G4:2 D5:2 B4:2 D4:2", "C5:2 E5:2 D5:2 B4:2", "C5:8"]  # fmt: skip
    folder = tmp_path / "bach"
    folder.mkdir()
    write(folder, "bwv300.xml", setting(HYMN))
    write(folder, "bwv12.7.xml", setting(higher))
    write(folder, "bwv13.6.xml", setting(other, "C2:8", fifths=0))
    report = build_corpus(tmp_path / "works.jsonl.gz", recipe=CorpusRecipe(sources=("bach",)), root=tmp_path)
    counts = report.sources["bach"]
    assert (counts.read, counts.withheld, counts.kept) == (3, 2, 1)
    assert [work.title for work in load_works(path=tmp_path / "works.jsonl.gz")] == ["Chorale BWV 13, 6"]
    assert find_withheld([], CorpusRecipe()) == set()


@pytest.mark.slow
def test_no_shipped_chorale_is_a_variant_of_a_benchmark(works):
    """Held against the settings themselves, read anew, not against what the build remembers."""
    (source,) = choose_sources(["bach"])
    tunes = []
    for file in source.files(music21_corpus()):
        if is_benchmark(file):
            try:
                tunes.append(read_chorale(file, "bach", file.stem))
            except TuneError:
                continue
    shipped = [work.melody.pitches for work in works if work.source == "bach"]
    assert len(tunes) > 150
    assert len(shipped) > 10
    held = {gram for tune in tunes for gram in interval_ngrams(tune.melody.pitches, 10)}
    shares = []
    for pitches in shipped:
        grams = interval_ngrams(pitches, 10)
        shares.append(len(grams.keys() & held) / max(1, len(grams)))
    assert max(shares) < 0.3  # a phrase at most
