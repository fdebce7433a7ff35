import numpy as np
import pytest

from genaudio.melody import Composer, Wish
from genaudio.melody.colour import (
    APPROACH,
    AVERSION,
    CLOSING,
    EARLY,
    HASTE,
    MOST_HASTE,
    RESTING,
    SLOWING,
    TELLING,
    Colour,
)
from genaudio.melody.grammar import Frame
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Key

G_MIXOLYDIAN = Key(7, "mixolydian")


def number(vocabulary: Vocabulary, step: int) -> int:
    """The number of the relative pitch that is so many semitones above the reference tonic."""
    return step - vocabulary.below


def test_a_telling_step_is_pulled_until_it_has_come(vocabulary: Vocabulary) -> None:
    colour = Colour(G_MIXOLYDIAN)
    flat_seventh = number(vocabulary, 10)
    assert colour.lean(vocabulary, 0, 240)[flat_seventh] == pytest.approx(HASTE * EARLY)
    for _ in range(10):
        colour.place(67)
    # ten notes without an F: a share of the ten is missed, and what is missed before any note
    missing = EARLY + 10 * TELLING["mixolydian"][10]
    assert colour.lean(vocabulary, 0, 240)[flat_seventh] == pytest.approx(HASTE * missing)
    for _ in range(2):
        colour.place(77)
    assert colour.lean(vocabulary, 0, 240)[flat_seventh] == 0
    for _ in range(1000):
        colour.place(67)
    assert colour.lean(vocabulary, 0, 240)[flat_seventh] == MOST_HASTE


def test_foreign_steps_are_avoided_and_borrowed_ones_not(vocabulary: Vocabulary) -> None:
    mixolydian = Colour(G_MIXOLYDIAN).lean(vocabulary, 0, 240)
    assert mixolydian[number(vocabulary, 11)] == mixolydian[number(vocabulary, -1)] == -AVERSION
    minor = Colour(Key(9, "minor")).lean(vocabulary, 0, 240)
    assert minor[number(vocabulary, 11)] == 0
    assert minor[number(vocabulary, 9)] == -AVERSION
    lydian = Colour(Key(5, "lydian")).lean(vocabulary, 0, 240)
    assert set(np.flatnonzero(lydian[number(vocabulary, 0) :][:12])) == {1, 3, 5, 8, 10}


def test_sections_close_on_the_tonic(vocabulary: Vocabulary) -> None:
    frame = Frame(960, 480, 8, 0, 7680, stops=(3840,))
    colour, tonic = Colour.of(Key(0), frame), number(vocabulary, 12)
    pulls = {(tick, length): colour.lean(vocabulary, tick, length)[tonic] for tick, length in
             [(3000, 240), (3360, 240), (3600, 240), (3840, 240), (6720, 960)]}  # fmt: skip
    assert pulls == {(3000, 240): 0, (3360, 240): APPROACH, (3600, 240): CLOSING, (3840, 240): 0, (6720, 960): CLOSING}


def test_without_a_form_every_eight_bars_rest(vocabulary: Vocabulary) -> None:
    frame = Frame(960, 480, 20, 240, 20 * 960)
    assert dict(Colour.of(Key(0), frame).ends) == {8 * 960: RESTING, 16 * 960: RESTING, 20 * 960: CLOSING}


def test_afresh_forgets_what_was_heard() -> None:
    colour = Colour(G_MIXOLYDIAN, {960: CLOSING}, 960)
    colour.place(77)
    assert colour.heard == {10: 1}
    assert colour.afresh() == Colour(G_MIXOLYDIAN, {960: CLOSING}, 960)


@pytest.mark.parametrize("mode", ["major", "minor", "dorian", "mixolydian"])
def test_even_a_random_model_lets_the_mode_be_heard(mode: str, tiny_composer: Composer) -> None:
    wish = Wish(style="air", key="D", mode=mode, metre="2/4", bars=16, temperature=1.0, top_p=1.0, min_p=0.0)
    tunes = tiny_composer.compose(wish, seed=1, count=8)
    steps = [(note.pitch - 2) % 12 for tune in tunes for note in tune.notes]
    for step, share in TELLING[mode].items():
        assert steps.count(step) >= 0.8 * share * len(steps)


def test_the_last_note_is_long(vocabulary: Vocabulary) -> None:
    colour = Colour.of(Key(2, "major"), Frame(1920, 480, 2, 0, 3840))
    assert colour.slow(vocabulary, 1440) is None  # in the first bar of two

    def pulled(tick: int) -> dict[tuple[str, int], float]:
        slow = colour.slow(vocabulary, tick)
        assert slow is not None
        return dict(zip(vocabulary.rhythms, slow.tolist(), strict=True))

    at_the_end = pulled(3360)  # a crotchet is left: only it ends on a long note
    assert (at_the_end["note", 480], at_the_end["note", 240]) == (0, -SLOWING)
    before = pulled(2880)  # a minim is left: a quaver leaves room for a long note, a dotted crotchet does not
    assert (before["note", 960], before["note", 480], before["note", 240]) == (0, 0, 0)
    assert before["note", 720] == -SLOWING
    assert Colour(Key(2, "major")).slow(vocabulary, 0) is None
