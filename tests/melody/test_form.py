from itertools import pairwise

import pytest

from genaudio.errors import GenaudioError
from genaudio.melody import Composer, Given, Wish
from genaudio.melody.events import Event, make_frame
from genaudio.melody.form import check_bars, lay_form, parse_form
from genaudio.melody.grammar import Grammar
from genaudio.melody.plan import Copy, Plan
from genaudio.score import Melody, Metre
from tests.melody.conftest import tune

Rows = list[tuple[int, int, int]]


def sections(melody: Melody, form: str) -> list[Rows]:
    """Return (onset in the section, duration, pitch) of the notes of each section, in ticks."""
    assert melody.metre is not None
    length = melody.bars // len(form) * melody.metre.bar_ticks
    return [
        [
            (n.onset_ticks - start, n.duration_ticks, n.pitch)
            for n in melody.notes
            if 0 <= n.onset_ticks - start < length
        ]
        for start in (place * length for place in range(len(form)))
    ]


@pytest.mark.parametrize(
    ("text", "form"), [("AABA", "AABA"), ("aa bb", "AABB"), ("A-B-A-C", "ABAC"), ("|AB|AB|", "ABAB")]
)
def test_forms_are_read(text: str, form: str) -> None:
    assert parse_form(text) == form


@pytest.mark.parametrize("text", ["", "A1", "rondo!", "A" * 17])
def test_what_is_no_form_is_refused(text: str) -> None:
    with pytest.raises(GenaudioError, match="is no form; write 1 to 16 letters"):
        parse_form(text)


def test_bars_that_sections_cannot_share_are_told_with_numbers_that_fit() -> None:
    assert check_bars("AABA", 32, 128) == []
    assert check_bars("AABA", 30, 128)[0].endswith("30 bars cannot be divided; wish 28 or 32")
    assert check_bars("AABA", 2, 128)[0].endswith("wish 4")
    assert check_bars("ABC", 128, 128)[0].endswith("wish 126")
    with pytest.raises(GenaudioError, match="the form AABA has 4 sections of equal length, into which 30 bars"):
        Wish(form="AABA", bars=30)


def test_a_form_alone_has_sections_of_eight_bars(tiny_composer: Composer) -> None:
    assert Wish(form="ABAC").wished_bars == 32
    assert tiny_composer.compose(Wish(form="ab"), 1)[0].bars == 16


def test_the_plan_of_a_form() -> None:
    """AABA of 8 bars of 2/4 with a quaver's pickup: sections of 1920 ticks; the last bar begins at 240 + 7 x 960."""
    frame, plan = lay_form("AABA", make_frame(Metre(2, 4), 8, 240), Plan())
    assert frame.stops == (1920, 3840, 5760)
    assert plan.copies == (Copy(1920, 3840, 1920), Copy(5760, 6960, 5760))
    assert plan.ending == (6960, 5760)


def test_sections_of_one_bar_repeat_whole() -> None:
    plan = lay_form("AA", make_frame(Metre(2, 4), 2, 0), Plan())[1]
    assert (plan.copies, plan.ending) == ((Copy(960, 1920, 960),), None)


def test_no_bar_leads_over_the_end_of_a_section(grammar: Grammar) -> None:
    """With a quaver's pickup, the second bar of a section is short by it, and the next section's pickup follows."""
    frame, _ = lay_form("AB", make_frame(Metre(2, 4), 4, 240), Plan())
    assert frame.locate(1200) == (1, 0, 720)
    assert frame.locate(1920) == (1, 720, 240)
    allowed = {grammar.vocabulary.rhythms[i] for i in grammar.mask(grammar.row(frame, 1200, True)).nonzero()[0]}
    assert ("note", 720) in allowed
    assert not {("note", 960), ("rest", 720)} & allowed
    fresh = {grammar.vocabulary.rhythms[i] for i in grammar.mask(grammar.row(frame, 1920, True)).nonzero()[0]}
    assert {kind for kind, _ in fresh} == {"note"}


@pytest.mark.parametrize("form", ["AABB", "AABA", "ABAB", "ABAC", "AAA", "ABCDA"])
def test_the_same_letter_is_the_same_notes(tiny_composer: Composer, form: str) -> None:
    """But for the last bar of the last section; every bar is full, and no note leads over a section's end."""
    tiny_composer.config["usual"]["*"]["pickups"] = {"2/4": {"240": 1}}
    for style in tiny_composer.model.vocabulary.styles:
        tiny_composer.config["usual"][style]["pickups"] = {"2/4": {"240": 1}}
    for melody in tiny_composer.compose(Wish(form=form, bars=3 * len(form)), 2, 3):
        assert (melody.bars, melody.pickup, melody.notes[-1].offset_ticks) == (3 * len(form), 0.5, 3 * 960 * len(form))
        parts = sections(melody, form)
        for place, letter in enumerate(form):
            first, part = parts[form.index(letter)], parts[place]
            assert max(onset + length for onset, length, _ in part) <= 3 * 960
            if place + 1 == len(form) and form.count(letter) > 1:
                first, part = ([row for row in rows if row[0] < 240 + 2 * 960] for rows in (first, part))
            assert part == first
        assert len({tuple(part) for part in parts}) >= len(set(form))


def test_endings_are_sometimes_their_own(tiny_composer: Composer) -> None:
    tunes = tiny_composer.compose(Wish(form="AA", bars=4), 1, 8)
    assert any(first != second for first, second in (sections(tune, "AA") for tune in tunes))


def test_an_ending_is_tied_where_the_first_time_was() -> None:
    plan = Plan(ending=(4800, 1920))
    plan.place(2880, Event("tie", 240, None))
    assert plan.settled(4800) == Event("tie", 240, None)
    plan.place(2880, Event("note", 240, 62))
    assert plan.settled(4800) is None


def test_a_primer_is_the_beginning_of_a_form(tiny_composer: Composer) -> None:
    primer = tune([62, 64, 66, 67, 69, 71])
    for melody in tiny_composer.compose(Wish(form="ABA", bars=9), 4, 2, Given(primer)):
        assert melody.notes[:6] == primer.notes
        first, other, last = sections(melody, "ABA")
        assert [row for row in last if row[0] < 1920] == [row for row in first if row[0] < 1920]
        assert first != other


def test_primers_that_are_no_beginning_of_a_form(tiny_composer: Composer) -> None:
    primer = tune([62] * 12)
    with pytest.raises(GenaudioError, match="has 3 bars, and a section of AB has 2; wish 6 bars or more"):
        tiny_composer.compose(Wish(form="AB", bars=4), 1, 1, Given(primer))
    late = Melody([*tune([62] * 4).notes[1:]], Metre(2, 4), primer.key)
    with pytest.raises(GenaudioError, match="begins with a rest, which a form cannot repeat"):
        tiny_composer.compose(Wish(form="AB", bars=4), 1, 1, Given(late))
    with pytest.raises(GenaudioError, match="keeps the form that it has; leave AB out"):
        tiny_composer.compose(Wish(form="AB"), 1, 1, Given(primer, (1, 1)))


def test_no_note_overlaps_the_next_section(tiny_composer: Composer) -> None:
    melody = tiny_composer.compose(Wish(form="AABB", bars=8), 6)[0]
    assert all(later.onset_ticks >= earlier.offset_ticks for earlier, later in pairwise(melody.notes))
