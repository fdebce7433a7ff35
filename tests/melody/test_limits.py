"""Range, density and blends of styles."""

import numpy as np
import pytest

from genaudio.errors import GenaudioError
from genaudio.melody import Composer, Given, Wish
from genaudio.melody.blend import blend_text, main_style, parse_blend
from genaudio.melody.dataset import condition_numbers
from genaudio.melody.draft import Draft, Taste
from genaudio.melody.events import make_frame
from genaudio.melody.form import lay_form
from genaudio.melody.grammar import Grammar
from genaudio.melody.pace import HABIT, Paces
from genaudio.melody.pitch_names import parse_pitch, pitch_name
from genaudio.melody.plan import Plan
from genaudio.melody.reach import chosen_range, parse_range, reach
from genaudio.melody.sampling import Sampler
from genaudio.melody.settings import settle
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Key, Metre
from tests.melody.conftest import tune

ONCE = np.array([1, 1])


@pytest.mark.parametrize(
    ("name", "number"),
    [("C4", 60), ("a4", 69), ("F#5", 78), ("Bb3", 58), ("Cb4", 59), ("C-1", 0), ("G9", 127), ("62", 62)],
)
def test_pitches_are_read(name: str, number: int) -> None:
    assert parse_pitch(name) == number
    assert parse_pitch(pitch_name(number)) == number


@pytest.mark.parametrize("text", ["H4", "D", "", "C10", "128", "Cb-1"])
def test_what_is_no_pitch_is_refused(text: str) -> None:
    with pytest.raises(GenaudioError, match=r"is no pitch|outside MIDI"):
        parse_pitch(text)


def test_ranges_are_read() -> None:
    assert parse_range("D4-B5") == ("D4", "B5")
    assert parse_range(" C-1 - Bb3 ") == ("C-1", "Bb3")
    assert chosen_range("D4-B5", None, None) == ("D4", "B5")
    assert chosen_range(None, "D4", None) == ("D4", None)
    with pytest.raises(GenaudioError, match="leave the others out"):
        chosen_range("D4-B5", "D4", None)
    with pytest.raises(GenaudioError, match="'D4 to B5' is no range of pitches"):
        parse_range("D4 to B5")


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"lowest": "H4"}, "'H4' is no pitch"),
        ({"lowest": "B5", "highest": "D4"}, "runs downwards; write it as D4-B5"),
        ({"lowest": "D4", "highest": "F4"}, "spans 3 semitones; a melody needs 7"),
        ({"density": 0.1}, "density must be from 0.5 to 32, not 0.1"),
        ({"style": "reel:0.6,air"}, "weighs some of its styles"),
        ({"style": "reel:x"}, "'reel:x' has no weight more than 0"),
        ({"style": "reel:-1,air:2"}, "no weight more than 0"),
        ({"style": "reel,reel"}, "names a style twice"),
        ({"style": "reel,,air"}, "lacks the name of a style"),
        ({"style": "reel,jig,air,march,waltz"}, "4 styles at most, not 5"),
        ({"style": "reel:0.5,techno:0.5"}, "unknown style 'techno'; the styles are"),
        ({"form": "A4"}, "is no form"),
    ],
)
def test_impossible_wishes(wish: dict[str, object], words: str) -> None:
    with pytest.raises(GenaudioError, match=words):
        Wish(**wish)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        (None, None, (0, 55, 88)),  # the model's own G3 to E6
        ("D4", "B5", (0, 62, 83)),
        ("D4", None, (0, 62, 88)),
        (None, "A5", (0, 55, 81)),
        ("C2", "C4", (2, 60, 84)),  # 36 to 60 written two octaves higher: 24 semitones of it are in range
        ("C3", "C5", (0, 55, 72)),  # 17 semitones are enough to stay
        ("C8", None, (-4, 60, 79)),  # 108 and up to the end of MIDI, four octaves lower
        (None, "C1", (5, 60, 84)),  # MIDI begins at 0, which is 60 here
    ],
)
def test_the_octave_for_a_range(
    vocabulary: Vocabulary, lowest: str | None, highest: str | None, expected: tuple[int, int, int]
) -> None:
    assert reach(lowest, highest, vocabulary) == expected


def test_given_notes_settle_the_octave(vocabulary: Vocabulary) -> None:
    assert reach("C2", "C4", vocabulary, 2) == (2, 60, 84)
    with pytest.raises(GenaudioError, match=r"the range C6-C7 leaves less than 7 semitones .* here, G1-E4"):
        reach("C6", "C7", vocabulary, 2)


@pytest.mark.parametrize(("lowest", "highest"), [("D4", "B5"), ("C2", "C4"), ("A5", "A6"), (None, "E4"), ("C5", None)])
def test_a_range_is_kept(tiny_composer: Composer, lowest: str | None, highest: str | None) -> None:
    low, high = parse_pitch(lowest or "C-1"), parse_pitch(highest or "G9")
    for melody in tiny_composer.compose(Wish(lowest=lowest, highest=highest, bars=6), 3, 3):
        assert all(low <= pitch <= high for pitch in melody.pitches)


def test_new_notes_keep_a_range_that_given_ones_leave(tiny_composer: Composer) -> None:
    primer = tune([62, 64, 66, 67])
    wish = Wish(lowest="A4", highest="A5", bars=4)
    ((settings, melody),) = tiny_composer.compose_with_settings(wish, 1, 1, Given(primer, name="it"))
    assert melody.notes[:4] == primer.notes
    assert all(69 <= pitch <= 81 for pitch in melody.pitches[4:])
    assert settings.remarks == ("it leaves the wished range with 4 of its notes; they are kept.",)


@pytest.mark.parametrize("density", [1.5, 4.0])
def test_a_density_is_kept_on_the_whole(tiny_composer: Composer, density: float) -> None:
    for melody in tiny_composer.compose(Wish(density=density, bars=24), 3, 3):
        assert len(melody) / 24 == pytest.approx(density, rel=0.15)


def test_more_notes_than_a_bar_holds_are_refused(tiny_composer: Composer) -> None:
    with pytest.raises(GenaudioError, match="30 notes do not go into a bar of 2/4; wish a density of 12 or less"):
        tiny_composer.compose(Wish(density=30, bars=4), 1)


def test_blends_are_read() -> None:
    assert parse_blend("reel:3, air:1") == (("reel", 0.75), ("air", 0.25))
    assert parse_blend("Slip_Jig") == (("slip jig", 1.0),)
    assert parse_blend("reel,air") == (("reel", 0.5), ("air", 0.5))
    assert Wish(style="reel:3,air:1").style == "reel:0.75,air:0.25"
    assert Wish(style="reel:0.6").style == "reel"
    assert main_style("air:0.25,slip jig:0.75") == "slip jig"
    for text in ("reel", "reel:0.75,air:0.25", "slip jig:0.333333,air:0.666667"):
        assert blend_text(parse_blend(text)) == text


def draft(model: MelodyTransformer, weights: dict[str, float], taste: Taste | None = None) -> Draft:
    parts = tuple(
        (condition_numbers(model.vocabulary, style, Key(2), "6/8", 4), weight) for style, weight in weights.items()
    )
    frame, chance = make_frame(Metre(6, 8), 4, 0), np.random.default_rng(3)
    return Draft(frame, 2, parts[0][0], chance, taste or Taste(), blend=parts if len(parts) > 1 else ())


def test_a_blend_is_the_weighted_mean_of_scores(model: MelodyTransformer, grammar: Grammar) -> None:
    """Nearly all of the weight on one style is that style, and a blend of a style with itself, too."""
    sampler = Sampler(model, grammar)
    reel, jig = draft(model, {"reel": 1.0}), draft(model, {"jig": 1.0})
    nearly = draft(model, {"reel": 1 - 1e-9, "jig": 1e-9})
    half, guided = draft(model, {"reel": 0.5, "jig": 0.5}), draft(model, {"reel": 0.5, "jig": 0.5}, Taste(guidance=3.0))
    sampler.write([reel, jig, nearly])
    sampler.write([half])
    sampler.write([guided])
    assert nearly.events == reel.events != jig.events
    assert half.events not in (reel.events, jig.events)
    assert guided.events != half.events
    again = draft(model, {"reel": 0.5, "jig": 0.5})
    sampler.write([draft(model, {"reel": 1.0}), again])
    assert again.events == half.events


def test_a_blend_is_usual_where_its_styles_agree(vocabulary: Vocabulary) -> None:
    def table(**metres: int) -> dict[str, object]:
        return {"works": 1, "metres": {name.replace("_", "/"): count for name, count in metres.items()},
                "modes": {"major": 1}, "bars": {"8": 1}, "tonics": {"major": {"2": 1}},
                "pickups": {"2/4": {"0": 1}}}  # fmt: skip

    usual = {"*": table(_2_4=1), "reel": table(**{"2/2": 9, "2/4": 1}), "air": table(**{"3/4": 9, "2/4": 1})}
    wish = Wish(style="reel:0.5,air:0.5")
    settled = [settle(wish, usual, vocabulary, np.random.default_rng(seed)) for seed in range(8)]
    assert {str(settings.metre) for settings in settled} == {"2/4"}
    usual["air"] = table(**{"3/4": 1})
    settled = [settle(wish, usual, vocabulary, np.random.default_rng(seed)) for seed in range(8)]
    assert {str(settings.metre) for settings in settled} >= {"2/2", "3/4"}


def test_the_density_is_come_back_to(vocabulary: Vocabulary) -> None:
    """Two notes too few: with 480 ticks a note, a quaver gains 1 x 2 nats, a minim loses as much, rests lose."""
    paces, index = Paces([480.0, None], vocabulary), vocabulary.rhythm_index
    for _ in range(2):
        paces.place(np.array([0, 1]), np.array([index["note", 960], index["note", 960]]), ONCE)
    assert paces.lead.tolist() == [-2.0, 0.0]
    assert paces.habit == pytest.approx([HABIT * 2 * (1 + 2), 0])  # two wished notes long one missing, then two
    paces.habit[:] = 0
    pull = paces.pull(ONCE)
    assert pull is not None
    values = [pull[0, index[symbol]] for symbol in (("note", 240), ("note", 480), ("note", 960), ("rest", 240))]
    assert values == pytest.approx([2.0, 0.0, -2.0, -2.0])
    assert not pull[1].any()
    paces.keep(np.array([1]))
    assert paces.pull(ONCE[:1]) is None


def test_what_goes_on_missing_is_felt_though_it_is_made_good(vocabulary: Vocabulary) -> None:
    """Three minims where crotchets are wished, then six quavers: nothing is missing, but the style brings too few."""
    paces, index, row = Paces([480.0], vocabulary), vocabulary.rhythm_index, np.array([0])
    for symbol in [("note", 960)] * 3 + [("note", 240)] * 6:
        paces.place(row, np.array([index[symbol]]), ONCE[:1])
    assert paces.lead == 0
    pull = paces.pull(ONCE[:1])
    assert pull is not None
    assert pull[0, index["note", 240]] == pytest.approx(paces.habit[0])
    assert paces.habit[0] > 0


def test_what_is_repeated_counts_as_often_as_it_is_heard(vocabulary: Vocabulary) -> None:
    """A minim instead of two crotchets, heard twice: two notes are missing, and one more in each hearing makes good."""
    _, plan = lay_form("AAB", make_frame(Metre(2, 4), 6, 0), Plan())
    assert [plan.hearings(tick) for tick in (0, 1919, 1920, 3840)] == [2, 2, 1, 1]
    paces, index, row = Paces([480.0], vocabulary), vocabulary.rhythm_index, np.array([0])
    paces.place(row, np.array([index["note", 960]]), np.array([2]))
    assert paces.lead == -2
    pull = paces.pull(np.array([2]))
    assert pull is not None
    assert pull[0, index["note", 240]] == pytest.approx(1 + paces.habit[0])
    paces.place(row, np.array([index["note", 240]]), np.array([1]))
    assert paces.lead == -1.5


def test_short_sections_keep_a_density_far_from_their_style() -> None:
    """A reel has eight notes a bar; a section of four bars that is heard twice leaves little to make good for it."""
    wish = Wish(style="reel", metre="2/2", bars=12, form="AAB", density=4.0, guard=0)
    melodies = Composer.load(device="cpu").compose(wish, seed=3, count=8)
    assert all(len(melody) / 12 == pytest.approx(4.0, rel=0.1) for melody in melodies)
