"""The judges of the benchmarks of wishes and of musical quality."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from key_finders import MODES, TrainedFinder, agreement, by_music21, seen_of
from ngram_tunes import NgramComposer
from wish_judges import Reading, has_form, judge, read_back

from genaudio.corpus import TrainingWork
from genaudio.melody import Wish
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import MODES as SCALES
from genaudio.score import Key, Melody, Metre

from .conftest import tune

BAR = Fraction(2)


def reading(*sections: list[int]) -> Reading:
    """Sections of two bars of 2/4 in crotchets, read from a file."""
    pitches = [pitch for section in sections for pitch in section]
    notes = [(Fraction(place), Fraction(1), pitch) for place, pitch in enumerate(pitches)]
    return Reading([BAR] * (len(pitches) // 2), notes)


@pytest.mark.parametrize(
    ("form", "sections", "kept"),
    [
        ("AB", ([1, 2, 3, 4], [1, 9, 3, 4]), True),
        ("AB", ([1, 2, 3, 4], [1, 2, 3, 9]), False),  # another ending makes no other section
        ("AB", ([1, 2, 3, 4], [1, 2, 3, 4]), False),  # another letter, the same notes
        ("AAB", ([1, 2, 3, 4], [1, 2, 3, 4], [4, 3, 2, 1]), True),
        ("AAB", ([1, 2, 3, 4], [1, 2, 3, 9], [4, 3, 2, 1]), False),  # the same letter, other notes
        ("ABA", ([1, 2, 3, 4], [4, 3, 2, 1], [1, 2, 7, 1]), True),  # the last bar of all is its own
        ("ABA", ([1, 2, 3, 4], [4, 3, 2, 1], [1, 9, 3, 4]), False),
    ],
)
def test_forms(form: str, sections: tuple[list[int], ...], kept: bool) -> None:
    assert has_form(form, Fraction(4), BAR, reading(*sections)) == kept


def test_wishes_are_judged_by_what_music21_reads(tmp_path: Path) -> None:
    wish = Wish(style="reel", key="D", metre="2/4", bars=2, lowest="D4", highest="B4", density=4.0)
    kept = tune([62, 64, 66, 67, 69, 71, 69, 62])
    assert all(judge(wish, kept, read_back(kept, tmp_path / "tune.musicxml")).values())
    beyond = tune([62, 64, 66, 67, 69, 74, 69, 62])
    found = judge(wish, beyond, read_back(beyond, tmp_path / "tune.musicxml"))
    assert found == {"bars_sum": True, "length": True, "range": False, "density": True}
    sparse = tune([62, 64, 62, 62], quarters=1.0)
    assert not judge(wish, sparse, read_back(sparse, tmp_path / "tune.musicxml"))["density"]


def cadenced(key: Key, chance: np.random.Generator) -> Melody:
    """A tune that walks through its scale and ends on the tonic."""
    places = np.cumsum(chance.integers(-2, 3, 31)) % 7
    pitches = [60 + (key.tonic + SCALES[key.mode][place]) % 12 for place in places]
    return Melody(tune([*pitches, 60 + key.tonic]).notes, Metre(2, 4), key)


def test_the_trained_finder_learns_keys_in_all_transpositions() -> None:
    chance = np.random.default_rng(3)
    taught = [cadenced(Key(tonic, mode), chance) for mode in MODES for tonic in (0, 2, 7) for _ in range(25)]
    asked = [cadenced(Key(tonic, mode), chance) for mode in MODES for tonic in (1, 5, 10) for _ in range(5)]
    finder = TrainedFinder(seen_of(taught), [melody.key for melody in taught if melody.key])
    found = agreement(finder.find(seen_of(asked)), [melody.key for melody in asked if melody.key])
    assert found["exact"] > 0.9


def test_agreement_by_hand() -> None:
    keys = [Key(0), Key(0), Key(0), Key(2, "dorian")]
    found = agreement([Key(0), Key(9, "minor"), Key(0, "minor"), Key(2, "dorian")], keys)
    by_mode = {"exact_major": pytest.approx(1 / 3), "exact_dorian": 1.0}
    assert found == {"exact": 0.5, "tonic": 0.75, "signature": 0.75, "relative": 0.25, **by_mode}


def test_music21_hears_a_plain_major() -> None:
    assert set(by_music21(tune([62, 66, 69, 74, 73, 71, 69, 67, 66, 64, 62, 69, 66, 62]))) == {Key(2)}


def test_the_ngram_writes_full_bars_and_ends_on_the_tonic(works: list[TrainingWork], vocabulary: Vocabulary) -> None:
    melody = works[0].melody
    mate = NgramComposer(works, vocabulary).mate(melody, np.random.default_rng(1))
    assert (mate.metre, mate.key, mate.bars) == (melody.metre, melody.key, melody.bars)
    assert mate.notes[-1].offset == 2 * mate.bars
    assert mate.notes[-1].pitch % 12 == 2
    known = {(note.duration, (note.pitch - work.melody.key.tonic) % 12) for work in works for note in work.melody.notes
             if work.melody.key}  # fmt: skip
    assert {(note.duration, (note.pitch - 2) % 12) for note in mate.notes} <= known
