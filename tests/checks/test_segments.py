"""Segments: catalogues that grow without being built again, and searches that do not notice."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from checks import Catalogue, CatalogueError, IncompatibleCatalogue, Screener, Work, batch, lookup
from checks.batch import Batch
from checks.candidates import Limits, Proposer
from checks.line import Line, Lines, joined
from checks.lookup import look_up
from checks.ngrams import intervals
from checks.postings import SAMPLE, Postings, long_ngrams, query_ngrams
from checks.records import Record
from tests.checks.melodies import melody_of, random_melody


@pytest.fixture
def grown(works, tmp_path):
    """Forty works, then sixteen more in steps that leave several segments."""
    catalogue = Catalogue.build(works[:40], tmp_path / "grown", name="ours")
    catalogue.add(works[40:44])
    catalogue.add(works[44:45])
    return catalogue


def data_folders(catalogue):
    return sorted(path.name for path in catalogue.path.glob("*data-*"))


def test_added_works_leave_the_large_segment_alone(works, tmp_path):
    catalogue = Catalogue.build(works[:40], tmp_path / "c")
    before = data_folders(catalogue)
    catalogue.add(works[40:44])
    assert set(before) < set(data_folders(catalogue))
    assert [len(segment.line) for segment in catalogue.segments] == [
        sum(len(work.melody.notes) for work in some) for some in (works[:40], works[40:44])
    ]
    assert [work.id for work in catalogue.works] == [f"w{n}" for n in range(44)]
    catalogue.verify()


def test_small_segments_are_merged_when_more_of_their_size_come(works, tmp_path):
    catalogue = Catalogue.build(works[:30], tmp_path / "c")
    sizes = []
    for number in range(30, 50, 2):
        catalogue.add(works[number : number + 2])
        sizes.append([segment.line.melodies for segment in catalogue.segments])
    assert sizes[:3] == [[30, 2], [30, 4], [30, 6]]
    assert all(len(row) <= 3 and sum(row) == 32 + 2 * place for place, row in enumerate(sizes))
    assert [50] in sizes or sizes[-1][0] > 30  # all of them, once there were a quarter as many new ones
    assert [work.id for work in catalogue.works] == [f"w{n}" for n in range(50)]
    assert len(data_folders(catalogue)) == len(catalogue.segments)
    catalogue.verify()


def test_building_closes_segments_as_it_goes(works, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "SEGMENT_NOTES", 1000)
    monkeypatch.setattr(batch, "_GATHERED", 4)
    catalogue = Catalogue.build(iter(works), tmp_path / "c")
    assert len(catalogue.segments) >= 4
    assert catalogue.manifest["counts"]["works"] == len(catalogue) == 60
    assert [record.id for record in catalogue.records] == [work.id for work in works]
    assert catalogue.records[37].id == "w37"
    assert [catalogue.number(f"w{n}") for n in (0, 37, 59)] == [0, 37, 59]
    assert catalogue.number("nobody") is None
    assert [n.pitch for n in catalogue.works[-1].melody.notes] == [n.pitch for n in works[-1].melody.notes]
    with pytest.raises(CatalogueError, match="'w3'"):
        Catalogue.build([*works, works[3]], tmp_path / "d")
    assert not list((tmp_path / "d").glob("*data-*"))


def test_segments_are_searched_as_one(catalogue, works, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "SEGMENT_NOTES", 1000)
    monkeypatch.setattr(batch, "_GATHERED", 4)
    cut = Catalogue.build(works, tmp_path / "c", name="ours")
    assert len(cut.segments) > 1
    for work in works[::7]:
        query = Line.of([work.melody.transposed(3)])
        exact = Limits(hashed=0)  # equally good windows may be chosen in another order
        ours, theirs = (Proposer(one, exact).propose(query) for one in (catalogue, cut))
        assert set(zip(ours.works.tolist(), ours.transpositions.tolist(), strict=True)) == set(
            zip(theirs.works.tolist(), theirs.transpositions.tolist(), strict=True)
        )
    whole, pieces = (Screener(one).screen(works[33].melody) for one in (catalogue, cut))
    assert whole == pieces
    assert pieces.matches[0].work_id == "w33"


def test_removed_works_leave_other_segments_alone(grown):
    folders = data_folders(grown)
    grown.remove(["w41", "w44"])
    assert len(grown) == 43
    assert len(set(folders) & set(data_folders(grown))) == 1  # the forty
    assert grown.number("w41") is None
    assert [work.id for work in grown.works[-3:]] == ["w40", "w42", "w43"]
    grown.verify()
    with pytest.raises(CatalogueError, match="at least one"):
        grown.remove([record.id for record in grown.records])
    assert len(Catalogue.open(grown.path)) == 43


def test_an_addition_that_fails_leaves_nothing(grown, works):
    before = data_folders(grown)
    with pytest.raises(CatalogueError, match="'w2'"):
        grown.add([works[50], works[2]])
    with pytest.raises(CatalogueError, match="not str"):
        grown.add([works[50], "no work"])

    def broken():
        yield works[50]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grown.add(broken())
    assert data_folders(grown) == before


def test_batches_are_works(works, tmp_path):
    arrays = Batch.of(works[:5])
    assert (
        Catalogue.build([arrays], tmp_path / "a", name="x").sha256
        == Catalogue.build(works[:5], tmp_path / "b", name="x").sha256
    )
    with pytest.raises(CatalogueError, match="no batch"):
        Batch([Record("a", "A")], arrays.line)


def test_catalogues_of_format_1_are_read_verified_and_grow(tmp_path, works):
    """`format_1` was written by the version that had it: six works of forty notes."""
    shutil.copytree(Path(__file__).with_name("format_1"), tmp_path / "old")
    old = Catalogue.open(tmp_path / "old")
    assert old.manifest["format"] == 1
    old.verify()
    old.add(works[:3])
    again = Catalogue.open(tmp_path / "old")
    assert again.manifest["format"] == 2
    assert len(again) == 9
    assert again.records[8].id == "w2"
    assert Screener(again).screen(works[1].melody).matches[0].work_id == "w1"
    assert again.records[0].id == "old-0"
    again.remove(["old-0"])
    assert again.records[0].id == "old-1"
    again.verify()


@pytest.mark.parametrize("name", ["signatures.npy", "window_keys.npy", "ngram_places.npy", "ngram_works.npy"])
def test_verify_makes_the_indexes_again(name, grown, monkeypatch):
    other = np.array(grown.segments[0]._arrays[name])
    other.flat[0] ^= 1
    monkeypatch.setitem(grown.segments[0]._arrays, name, other)
    with pytest.raises(IncompatibleCatalogue, match=name):
        grown.verify()


def test_owners_of_notes_whatever_the_lengths(tmp_path):
    lengths = [3, 0, 0, 200, 1, 1, 1, 64, 9]
    works = [Work(f"w{n}", melody=melody_of([60 + k % 5 for k in range(size)])) for n, size in enumerate(lengths)]
    segment = Catalogue.build(works, tmp_path / "c").segments[0]
    expected = np.repeat(np.arange(len(lengths)), lengths)
    assert segment.owners(np.arange(len(expected))).tolist() == expected.tolist()


def test_lines_are_taken_from_all_parts(works):
    parts = [Line.of([work.melody for work in works[begin : begin + 3]]) for begin in (0, 3, 6)]
    lines = Lines(parts)
    assert lines.melodies == 9
    assert len(lines) == sum(map(len, parts)) == len(lines.joined())
    assert lines.lengths.tolist() == np.diff(lines.joined().starts).tolist()
    for number in (0, 4, 8):
        assert lines.melody(number).pitches.tolist() == [note.pitch for note in works[number].melody.notes]
    taken = lines.take(np.array([8, 0, 8]))
    assert taken.melody(2).onsets.tolist() == lines.melody(8).onsets.tolist()
    assert len(joined([])) == 0


def test_places_lie_in_the_order_of_what_follows():
    line = Line.of([random_melody(np.random.default_rng(seed), 300) for seed in range(4)])
    found = Postings.build(line, 4)
    long = long_ngrams(line)
    assert (np.diff(long[found.places].astype(np.float64)) >= 0).all()
    assert found.samples.tolist() == long[found.places][::SAMPLE].tolist()
    steps = intervals(line)
    place = int(found.places[5])
    assert [int(long[place]) >> 6 * (9 - k) & 63 for k in range(3)] == (steps[place : place + 3] + 31).tolist()


def test_ranges_narrow_to_longer_ngrams():
    line = Line.of([random_melody(np.random.default_rng(1), 4000)])
    found = Postings.build(line, 2)
    query = line.cut(100, 140)
    low, high, _ = found.ranges(found.keys[np.searchsorted(found.keys, _packed(query, 2))])
    first, last = query_ngrams(query, 2, 5)
    narrow_low, narrow_high = found.narrowed(low, high, first, last)
    steps = intervals(line)
    for note in range(30):
        wanted = steps[100 + note : 105 + note].tolist()
        exact = {p for p in found.places.tolist() if p < 3990 and steps[p : p + 5].tolist() == wanted}
        inside = set(found.places[narrow_low[note] : narrow_high[note]].tolist())
        assert exact <= inside
        assert 100 + note in inside
        assert len(inside) <= len(exact) + 2 * SAMPLE


def _packed(query, length):
    from checks.ngrams import interval_ngrams

    return interval_ngrams(query, length)[0]


def test_common_ngrams_are_looked_up_longer(tmp_path):
    generator = np.random.default_rng(2)
    works = [Work(f"w{n}", melody=melody_of(generator.choice([60, 62, 64], 100).tolist())) for n in range(60)]
    catalogue = Catalogue.build(works, tmp_path / "c")
    query, lines = Line.of([works[9].melody]), catalogue.lines
    everything = look_up(query, catalogue.segments, lines, 10**9, 10**9)
    few = look_up(query, catalogue.segments, lines, 1500, 10**9)
    assert len(few.notes) <= 3000 < len(everything.notes)
    first = int(lines.joined().starts[9])
    own = (few.works == 9) & (few.places - first == few.notes)
    # what was looked up longer still finds the passage itself
    assert set(few.notes[own].tolist()) == set(few.notes.tolist())
    assert few.rarity.mean() > everything.rarity.mean()
    lanes = Proposer(catalogue, Limits(passages=3, tunes=0, hashed=0, budget=1500)).propose(query)
    assert (9, 0) in set(zip(lanes.works.tolist(), lanes.transpositions.tolist(), strict=True))


def test_a_query_of_a_few_notes_is_looked_up(catalogue):
    short = Line.of([melody_of([60, 62, 64, 65, 67])])
    assert len(lookup.look_up(short, catalogue.segments, catalogue.lines, 1, 10**9).notes) >= 0
    nothing = Line.of([melody_of([60, 62])])
    assert len(lookup.look_up(nothing, catalogue.segments, catalogue.lines, 1, 10**9).notes) == 0
