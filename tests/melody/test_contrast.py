from dataclasses import replace

import pytest

from genaudio.melody import Composer, Wish
from genaudio.melody.contrast import Contrast, Fresh
from genaudio.melody.events import Event, make_frame
from genaudio.melody.form import lay_form
from genaudio.melody.plan import Plan
from genaudio.score import Metre


def written(*pitches: int, start: int = 0) -> dict[int, Event]:
    """Quavers from a tick on."""
    return {start + 240 * place: Event("note", 240, pitch) for place, pitch in enumerate(pitches)}


def test_a_fresh_section_knows_those_before_it() -> None:
    _, plan = lay_form("ABAC", make_frame(Metre(2, 4), 16, 0), Plan())
    assert plan.contrast == Contrast((Fresh(3840, 7680, (3840,)), Fresh(11520, 15360, (11520, 7680))))
    assert lay_form("AA", make_frame(Metre(2, 4), 8, 0), Plan())[1].contrast is None


def test_a_pitch_is_shunned_until_half_the_notes_are_others() -> None:
    placed = written(62, 64, 66, 67)
    contrast = Contrast((Fresh(960, 1920, (960,)),))
    assert contrast.shunned(960, placed) == {62: 3.0}
    assert contrast.shunned(720, placed) == {}  # not in the fresh section
    contrast.place(960, 62, placed)
    assert contrast.shunned(1200, placed) == {64: 3.25}  # one of one note alike: half a note beyond half
    contrast.place(1200, 69, placed)
    assert contrast.shunned(1440, placed) == {66: 3.0}  # one of two
    contrast.place(1440, 69, placed)
    assert contrast.shunned(1680, placed) == {}  # one of three
    assert contrast.afresh() == Contrast((Fresh(960, 1920, (960,)),))


def test_letters_that_differ_are_written_differently(tiny_composer: Composer) -> None:
    wish = Wish(style="reel", key="D", metre="2/4", bars=12, form="AAB", temperature=0.2, top_p=0.5)
    for melody in tiny_composer.compose(wish, seed=2, count=4):
        sections = [
            [(note.onset - start, note.pitch) for note in melody.notes if start <= note.onset < start + 8]
            for start in (0, 8, 16)
        ]
        assert sections[0] == sections[1]
        alike = set(sections[2]) & set(sections[0])
        assert len(alike) <= 0.75 * len(sections[2])


def test_the_longer_a_section_follows_another_the_more_it_is_turned_away() -> None:
    placed = written(*range(60, 80))
    contrast = Contrast((Fresh(4800, 9600, (4800,)),))
    for place in range(20):
        assert contrast.shunned(4800 + 240 * place, placed) == {60 + place: min(3 + place / 4, 9.0)}
        contrast.place(4800 + 240 * place, 60 + place, placed)


@pytest.mark.parametrize(
    ("wish", "seed"),
    [
        (Wish("minuet", "E", "dorian", "3/8", 32, form="AABA", lowest="G3", highest="D5"), 333),
        (Wish("bach", "Db", "minor", "3/4", 24, form="AAB", density=3.0), 450),
    ],
)
def test_styles_that_repeat_are_turned_away_too(wish: Wish, seed: int) -> None:
    """With three nats however long a section goes on, these two came out as AAAA and AAA."""
    tamer = replace(wish, temperature=0.95, top_p=0.97, min_p=0.02)
    (melody,) = Composer.load(device="cpu").compose(tamer, seed)
    assert melody.metre is not None
    length = float(melody.metre.bar * (wish.bars or 0) / len(wish.form or ""))
    first, third = ({(note.onset - start, note.pitch) for note in melody.notes if 0 <= note.onset - start < length}
                    for start in (0.0, 2 * length))  # fmt: skip
    assert len(first & third) <= 0.75 * len(third)
