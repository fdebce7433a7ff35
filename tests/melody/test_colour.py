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
    Colours,
)
from genaudio.melody.grammar import Frame
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Key

G_MIXOLYDIAN = Key(7, "mixolydian")


def number(vocabulary: Vocabulary, step: int) -> int:
    """The number of the relative pitch that is so many semitones above the reference tonic."""
    return step - vocabulary.below


def lean(vocabulary: Vocabulary, colour: Colour, start: int = 0, length: int = 240) -> np.ndarray:
    """What is added to the scores of a first note's pitches."""
    return Colours([colour], vocabulary).lean(np.array([start]), np.array([start + length]))[0]


def test_a_telling_step_is_pulled_until_it_has_come(vocabulary: Vocabulary) -> None:
    colours, flat_seventh = Colours([None, Colour(G_MIXOLYDIAN)], vocabulary), number(vocabulary, 10)

    def pulled() -> float:
        plain, own = colours.lean(np.zeros(2, np.int64), np.full(2, 240))
        assert not plain.any()  # nothing is wished of the first melody
        return own[flat_seventh]

    def place(pitch: int, times: int) -> None:
        for _ in range(times):
            colours.place(np.array([1]), np.array([vocabulary.pitch_number(pitch, G_MIXOLYDIAN.tonic)]))

    assert pulled() == pytest.approx(HASTE * EARLY)
    place(67, 10)
    # ten notes without an F: a share of the ten is missed, and what is missed before any note
    missing = EARLY + 10 * TELLING["mixolydian"][10]
    assert pulled() == pytest.approx(HASTE * missing)
    place(77, 2)
    assert pulled() == 0
    place(67, 1000)
    assert pulled() == MOST_HASTE


def test_foreign_steps_are_avoided_and_borrowed_ones_not(vocabulary: Vocabulary) -> None:
    mixolydian = lean(vocabulary, Colour(G_MIXOLYDIAN))
    assert mixolydian[number(vocabulary, 11)] == mixolydian[number(vocabulary, -1)] == -AVERSION
    minor = lean(vocabulary, Colour(Key(9, "minor")))
    assert minor[number(vocabulary, 11)] == 0
    assert minor[number(vocabulary, 9)] == -AVERSION
    lydian = lean(vocabulary, Colour(Key(5, "lydian")))
    assert set(np.flatnonzero(lydian[number(vocabulary, 0) :][:12])) == {1, 3, 5, 8, 10}


def test_sections_close_on_the_tonic(vocabulary: Vocabulary) -> None:
    frame = Frame(960, 480, 8, 0, 7680, stops=(3840,))
    colour, tonic = Colour.of(Key(0), frame), number(vocabulary, 12)
    pulls = {(tick, length): lean(vocabulary, colour, tick, length)[tonic] for tick, length in
             [(3000, 240), (3360, 240), (3600, 240), (3840, 240), (6720, 960)]}  # fmt: skip
    assert pulls == {(3000, 240): 0, (3360, 240): APPROACH, (3600, 240): CLOSING, (3840, 240): 0, (6720, 960): CLOSING}


def test_without_a_form_every_eight_bars_rest(vocabulary: Vocabulary) -> None:
    frame = Frame(960, 480, 20, 240, 20 * 960)
    assert dict(Colour.of(Key(0), frame).ends) == {8 * 960: RESTING, 16 * 960: RESTING, 20 * 960: CLOSING}


def test_rows_that_go_on_keep_what_was_heard(vocabulary: Vocabulary) -> None:
    keys = [Key(7, "major"), Key(7, "mixolydian"), Key(9, "minor")]
    frames = [Frame(960, 480, bars, 0, 960 * bars) for bars in (8, 16, 24)]
    colours = Colours([Colour.of(*each) for each in zip(keys, frames, strict=True)], vocabulary)
    colours.place(np.array([1, 2]), np.array([number(vocabulary, 10), number(vocabulary, 8)]))
    ticks = np.array([7440, 7440, 7440])
    leant, slowed = colours.lean(ticks, ticks + 240), colours.slow(ticks)
    colours.keep(np.array([2, 0]))
    assert np.array_equal(colours.lean(ticks[:2], ticks[:2] + 240), leant[[2, 0]])
    assert slowed is not None
    assert np.array_equal(colours.slow(ticks[:2]), slowed[[2, 0]])
    assert slowed[0].any()
    assert not slowed[1:].any()


@pytest.mark.parametrize("mode", ["major", "minor", "dorian", "mixolydian"])
def test_even_a_random_model_lets_the_mode_be_heard(mode: str, tiny_composer: Composer) -> None:
    wish = Wish(style="air", key="D", mode=mode, metre="2/4", bars=16, temperature=1.0, top_p=1.0, min_p=0.0)
    tunes = tiny_composer.compose(wish, seed=1, count=8)
    steps = [(note.pitch - 2) % 12 for tune in tunes for note in tune.notes]
    for step, share in TELLING[mode].items():
        assert steps.count(step) >= 0.8 * share * len(steps)


def test_the_last_note_is_long(vocabulary: Vocabulary) -> None:
    colours = Colours([Colour.of(Key(2, "major"), Frame(1920, 480, 2, 0, 3840))], vocabulary)
    assert colours.slow(np.array([1440])) is None  # in the first bar of two

    def pulled(tick: int) -> dict[tuple[str, int], float]:
        slow = colours.slow(np.array([tick]))
        assert slow is not None
        return dict(zip(vocabulary.rhythms, slow[0].tolist(), strict=True))

    at_the_end = pulled(3360)  # a crotchet is left: only it ends on a long note
    assert (at_the_end["note", 480], at_the_end["note", 240]) == (0, -SLOWING)
    before = pulled(2880)  # a minim is left: a quaver leaves room for a long note, a dotted crotchet does not
    assert (before["note", 960], before["note", 480], before["note", 240]) == (0, 0, 0)
    assert before["note", 720] == -SLOWING
    assert Colours([Colour(Key(2, "major")), None], vocabulary).slow(np.array([0, 0])) is None
