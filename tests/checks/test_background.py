"""The worth of notes against values worked out by hand."""

import numpy as np
import pytest

from checks import IncompatibleCatalogue, background
from checks.background import CYCLE_DISCOUNT, SHIPPED, Background, Depth
from checks.line import Line
from tests.checks.melodies import melody_of


def test_a_common_turn_carries_less_than_a_rare_one():
    common = [melody_of([60, 62, 64, 65, 67, 65, 64, 62] * 6)] * 20
    tables = Background.count(Line.of([*common, melody_of([60, 62, 69, 60, 67, 50])]))
    notes = tables.notes(Line.of([melody_of([60, 62, 64, 75])]))
    assert notes.pitch_bits[0] == 0.0
    assert notes.pitch_bits[2] < 1.0 < notes.pitch_bits[3]


def test_notes_that_continue_a_cycle_are_discounted():
    tables = Background(np.full((26, 26, 25), 32, np.uint8), np.full((14, 13), 16, np.uint8))
    bits = tables.notes(Line.of([melody_of([60, 64, 67] * 4)])).pitch_bits
    # intervals repeat from the fifth note on; four alike in a row end at note 7
    assert bits.tolist() == [0.0] + [2.0] * 6 + [2.0 * CYCLE_DISCOUNT] * 5


def test_an_estimate_by_hand():
    # intervals 2 2 2 and 2 2 2: four of them follow an interval of 2; order 1, every occurrence counts
    line = Line.of([melody_of([60, 62, 64, 66])] * 2)
    bits = Background.count(line, depth=Depth(pitch=1)).pitch / 16
    alone = 6.5 / (6 + 25 * 0.5)
    assert bits[25, 14] == pytest.approx(-np.log2((2 + 8 * alone) / (2 + 8)), abs=1 / 32)
    assert bits[14, 14] == pytest.approx(-np.log2((4 + 8 * alone) / (4 + 8)), abs=1 / 32)
    assert bits[13, 14] == pytest.approx(-np.log2(alone), abs=1 / 32)  # a context that never was
    assert bits[14, 13] == pytest.approx(-np.log2(8 * 0.5 / 18.5 / 12), abs=1 / 32)


def test_what_one_family_alone_has_counts_as_unseen():
    rare, other = melody_of([60, 71, 62, 73, 64]), melody_of([60, 62, 64, 65, 67])
    line = Line.of([rare, rare, other, other])
    one = Background.count(line, np.array([0, 0, 1, 2]), SHIPPED)
    without = Background.count(Line.of([other, other]), np.array([1, 2]), SHIPPED)
    assert np.array_equal(one.pitch, without.pitch)
    shared = Background.count(line, np.array([0, 1, 2, 3]), SHIPPED)
    assert shared.notes(Line.of([rare])).pitch_bits[2] < one.notes(Line.of([rare])).pitch_bits[2]


def test_contexts_end_where_a_melody_begins():
    table = np.zeros((26, 26, 25), np.uint8)
    table[25, 25, 14], table[25, 14, 15], table[14, 15, 12] = 16, 32, 48  # intervals +2, +3, 0 from their classes
    tables = Background(table, np.zeros((14, 13), np.uint8))
    bits = tables.notes(Line.of([melody_of([60, 62, 65, 65])] * 2)).pitch_bits
    assert bits.tolist() == [0.0, 1.0, 2.0, 3.0] * 2


def test_limits_hold():
    line = Line.of([melody_of([60, 62] * 40)])
    tables = Background.count(line, depth=Depth(pitch_limit=2.0, rhythm_limit=1.0))
    assert tables.pitch.max() == 32
    assert tables.rhythm.max() == 16


def test_tables_come_back_as_they_were_saved(tmp_path):
    tables = Background.count(Line.of([melody_of([60, 64, 62, 67])]), depth=SHIPPED)
    tables.save(tmp_path / "b.npz")
    back = Background.load(tmp_path / "b.npz")
    assert np.array_equal(back.pitch, tables.pitch)
    assert np.array_equal(back.rhythm, tables.rhythm)


def test_the_shipped_tables_are_as_deep_as_they_say():
    tables = background.shipped()
    assert (tables.pitch.ndim - 1, tables.rhythm.ndim - 1) == (SHIPPED.pitch, SHIPPED.rhythm)
    assert tables.pitch.max() == 16 * SHIPPED.pitch_limit
    assert background.FILE.stat().st_size < 1 << 17


@pytest.mark.parametrize(
    "arrays",
    [
        {"version": 1, "pitch": np.zeros((26, 25), np.uint8), "rhythm": np.zeros((14, 13), np.uint8)},
        {"version": 2, "pitch": np.zeros((26, 24), np.uint8), "rhythm": np.zeros((14, 13), np.uint8)},
        {"version": 2, "pitch": np.zeros((26, 25)), "rhythm": np.zeros((14, 13), np.uint8)},
        {"pitch": np.zeros((26, 25), np.uint8)},
    ],
    ids=["version", "shape", "type", "missing"],
)
def test_tables_that_do_not_fit_are_refused(arrays, tmp_path):
    np.savez(tmp_path / "b.npz", **arrays)
    with pytest.raises(IncompatibleCatalogue, match="calibrate again"):
        Background.load(tmp_path / "b.npz")


@pytest.mark.parametrize("content", [b"", b"PK nonsense"])
def test_damaged_tables_are_refused(content, tmp_path):
    (tmp_path / "b.npz").write_bytes(content)
    with pytest.raises(IncompatibleCatalogue, match="calibrate again"):
        Background.load(tmp_path / "b.npz")
