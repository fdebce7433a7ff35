"""Tunes as training works: keys, octaves, duplicates, families that are never split."""

from collections import Counter

import numpy as np
import pytest

from genaudio.errors import GenaudioError
from genaudio.melody.own_data.account import Account
from genaudio.melody.own_data.tunes import OwnTune
from genaudio.melody.own_data.works import OwnData, hold_out, prepare
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Key, Melody, Metre, Note

SCALE = (62, 64, 66, 67, 69, 71, 73, 74, 76, 78, 79)


def random_melody(seed: int, shift: int = 0, key: Key | None = None) -> Melody:
    """Return eight bars of quavers in D major that end on D."""
    chance = np.random.default_rng(seed)
    pitches = [SCALE[chance.integers(len(SCALE))] for _ in range(63)] + [62]
    notes = [Note(place / 2, 0.5, pitch + shift) for place, pitch in enumerate(pitches)]
    return Melody(notes, Metre(4, 4), key if key is not None else Key(2))


def tune(name: str, melody: Melody, style: str = "mine") -> OwnTune:
    return OwnTune(name, f"{name}.mid", "", style, melody)


def prepared(tunes: list[OwnTune], base: Vocabulary | None = None, seed: int = 1) -> OwnData:
    return prepare(tunes, base, seed, Account(), lambda share, what: None)


def test_duplicates_go_and_variants_stay_together(vocabulary: Vocabulary) -> None:
    tunes = [tune(f"t{seed}", random_melody(seed)) for seed in range(12)]
    copy = tune("copy", random_melody(0).transposed(2))
    old = random_melody(1)
    changed = [Note(n.onset, n.duration, 62 if 4 <= k < 16 else n.pitch) for k, n in enumerate(old.notes)]
    variant = tune("variant", Melody(changed, old.metre, old.key))
    found = prepared([*tunes, copy, variant], vocabulary)
    families = {work.id: work.family for work in found.works}
    assert "copy" not in families
    assert families["variant"] == families["t1"]
    assert len(set(families.values())) == 12
    assert next(work.aliases for work in found.works if work.id == "t0") == ("copy",)
    account = found.account
    assert (account.kept, account.duplicates, account.families) == (13, 1, 12)
    assert account.training + account.validation == 13
    splits = {work.family: set() for work in found.works}
    for work in found.works:
        splits[work.family].add(work.split)
    assert all(len(names) == 1 for names in splits.values())


@pytest.mark.parametrize("count", [2, 5, 40])
def test_a_tenth_is_held_out_by_the_seed(count: int) -> None:
    works = prepared([tune(f"t{seed}", random_melody(seed)) for seed in range(count)]).works
    sizes = Counter(work.split for work in works)
    assert sizes["validation"] == max(1, count // 10)
    assert hold_out(works, 1) == works
    if count == 40:
        assert hold_out(works, 2) != works


def test_one_tune_or_none_is_too_little() -> None:
    with pytest.raises(GenaudioError, match="two different tunes or more"):
        prepared([tune("a", random_melody(1)), tune("b", random_melody(1).transposed(5))])
    with pytest.raises(GenaudioError, match="nothing to learn from"):
        prepared([])


def test_keys_are_found_where_they_are_missing_or_wrong() -> None:

    def pattern(*pitches: int) -> list[Note]:
        return [Note(place / 2, 0.5, pitches[place % 8]) for place in range(64)]

    tunes = [
        tune("none", Melody(pattern(62, 64, 66, 67, 69, 66, 73, 74), Metre(4, 4))),
        tune("wrong", Melody(pattern(74, 69, 66, 62, 73, 71, 67, 62), Metre(4, 4), Key(3))),
        tune("right", random_melody(3)),
    ]
    found = prepared(tunes)
    keys = {work.id: work.melody.key for work in found.works}
    assert keys == {"none": Key(2), "wrong": Key(2), "right": Key(2)}
    assert found.account.readings["without a key, found from the notes"] == 1
    assert found.account.readings["key signature contradicted by the notes, key found from them"] == 1


def test_low_tunes_move_up_and_what_cannot_be_written_is_named(vocabulary: Vocabulary) -> None:
    """The base writes 55 to 88: 38-55 moves up two octaves, a tune over five octaves has no place."""
    wide = [Note(place / 2, 0.5, (36, 96)[place % 2]) for place in range(32)]
    tunes = [tune(f"t{seed}", random_melody(seed)) for seed in range(3)]
    tunes += [tune("low", random_melody(9, shift=-24)), tune("wide", Melody(wide, Metre(4, 4), Key(0)))]
    found = prepared(tunes, vocabulary)
    assert {work.id: min(work.melody.pitches) for work in found.works}["low"] == 62
    assert found.account.readings["moved by octaves into the model's range"] == 1
    (reject,) = found.account.rejects
    assert (reject.file, reject.reason) == ("wide.mid", "beyond the model's alphabet")
    assert reject.detail == "it leaves the model's range in every octave"


def test_new_metres_styles_and_lengths_enter_the_alphabet(vocabulary: Vocabulary) -> None:
    def five(seed: int) -> Melody:
        melody = random_melody(seed)
        notes = [Note(n.onset * 2.5, n.duration * 2.5, n.pitch) for n in melody.notes]
        return Melody(notes, Metre(5, 4), Key(2))

    found = prepared([tune(f"t{seed}", five(seed), "beguine") for seed in range(3)], vocabulary)
    assert "5/4" in found.vocabulary.metres
    assert 600 in found.vocabulary.notes
    assert "beguine" in found.vocabulary.styles
    assert set(vocabulary.styles) < set(found.vocabulary.styles)
    assert found.account.metres == {"5/4": 3}
