from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, settings
from hypothesis import given as holds
from hypothesis import strategies as st

from genaudio.errors import GenaudioError
from genaudio.melody import Composer, Given, Wish
from genaudio.melody.dataset import condition_numbers, make_example
from genaudio.melody.draft import Draft
from genaudio.melody.events import Event, encode
from genaudio.melody.given import agree
from genaudio.melody.grammar import Grammar
from genaudio.melody.hearing import Ear
from genaudio.melody.keeping import keep
from genaudio.melody.plan import Plan
from genaudio.melody.sampling import Sampler
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Key, Melody, Metre, Note
from tests.melody.conftest import tune

EIGHT = [62, 64, 66, 67, 69, 71, 73, 74]


def bar_of(melody: Melody, note: Note) -> int:
    """Return the bar of a note, counted from 1 after the pickup."""
    assert melody.metre is not None
    return (note.onset_ticks - round(melody.pickup * 480)) // melody.metre.bar_ticks + 1


@pytest.mark.parametrize("length", [1, 3, 4, 5, 7])
@pytest.mark.parametrize("pickup", [0.0, 0.5, 1.0])
def test_a_primer_is_kept_and_every_bar_is_full(tiny_composer: Composer, length: int, pickup: float) -> None:
    """Quavers in 2/4: the primer ends inside a bar or on its line."""
    primer = tune(EIGHT[:length], pickup=pickup)
    for melody in tiny_composer.compose(Wish(bars=6), seed=3, count=3, given=Given(primer)):
        assert melody.notes[:length] == primer.notes
        assert melody.notes[length].onset >= primer.end
        assert (melody.metre, melody.key, melody.pickup, melody.bars) == (primer.metre, primer.key, pickup, 6)
        assert melody.notes[-1].offset_ticks == 6 * 960


def test_the_same_seed_goes_on_the_same_way(tiny_composer: Composer) -> None:
    given, wish = Given(tune(EIGHT)), Wish(bars=6)
    three = tiny_composer.compose(wish, 5, 3, given)
    assert tiny_composer.compose(wish, 5, 1, given) == three[:1]
    assert len({melody.pitches for melody in three}) == 3


def test_what_is_not_wished_is_decided(tiny_composer: Composer) -> None:
    """Eight bars are usual; a primer of nine goes on to the next multiple of eight."""
    (settings, melody), *_ = tiny_composer.compose_with_settings(Wish(), 1, 1, Given(tune(EIGHT)))
    assert (settings.style, settings.bars, melody.bars) == (None, 8, 8)
    assert tiny_composer.compose(Wish(), 1, 1, Given(tune(EIGHT * 4 + EIGHT[:4])))[0].bars == 16


def test_exact_times_and_loudness_of_a_primer_stay(tiny_composer: Composer) -> None:
    """Notes a little late and short are heard on the grid, and kept as they are."""
    notes = (Note(0.002, 0.46, 62, 100), Note(0.5, 0.47, 64, 90), Note(1.001, 0.95, 66, 110))
    primer = Melody(notes, Metre(2, 4), Key(2))
    melody = tiny_composer.compose(Wish(bars=2), 1, 1, Given(primer))[0]
    assert melody.notes[:3] == notes
    assert melody.notes[3].onset == 2.0  # 1.951 is heard as 2
    assert {note.velocity for note in melody.notes[3:]} == {100}  # the median


def test_a_primer_in_the_bass_is_gone_on_from_in_the_bass(tiny_composer: Composer) -> None:
    primer = tune([pitch - 36 for pitch in EIGHT])
    high = tiny_composer.compose(Wish(bars=6), 2, 1, Given(tune(EIGHT)))[0]
    low = tiny_composer.compose(Wish(bars=6), 2, 1, Given(primer))[0]
    assert low.notes[:8] == primer.notes
    assert low.pitches == tuple(pitch - 36 for pitch in high.pitches)


@pytest.mark.parametrize("pitches", [[1, 3, 5, 6], [127, 125, 123, 122]])
def test_nothing_is_written_beyond_midi(tiny_composer: Composer, pitches: list[int]) -> None:
    melody = tiny_composer.compose(Wish(bars=8), 2, 1, Given(tune(pitches)))[0]
    assert melody.pitches[:4] == tuple(pitches)
    assert all(0 <= pitch <= 127 for pitch in melody.pitches)


def test_notes_out_of_range_are_kept_and_told(tiny_composer: Composer) -> None:
    primer = tune([50, 62, 64, 86])  # D3 to D6 where the tiny model reaches from G3 to E6
    ((settings, melody),) = tiny_composer.compose_with_settings(Wish(bars=2), 1, 1, Given(primer, name="it"))
    assert melody.notes[:4] == primer.notes
    assert settings.remarks == (
        "it leaves G3-E6 with 1 of its notes; they are kept, and the model hears them in another octave.",
    )


def test_silence_at_the_beginning_is_kept(tiny_composer: Composer) -> None:
    """A file that cannot say its pickup begins with rests: bars are counted from its beginning."""
    primer = Melody([Note(1.5, 0.5, 62), Note(2, 1, 64)], Metre(2, 4), Key(2))
    melody = tiny_composer.compose(Wish(bars=4), 1, 1, Given(primer))[0]
    assert melody.notes[:2] == primer.notes
    assert (melody.bars, melody.notes[-1].offset) == (4, 8.0)


@pytest.mark.parametrize("bars", [(1, 1), (1, 4), (2, 3), (3, 4), (4, 4)])
@pytest.mark.parametrize("pickup", [0.0, 0.5])
def test_all_but_the_rewritten_bars_is_kept(tiny_composer: Composer, bars: tuple[int, int], pickup: float) -> None:
    melody = tune((EIGHT * 2)[: 17 if pickup else 16], pickup=pickup)
    assert melody.bars == 4
    for new in tiny_composer.compose(Wish(), 8, 2, Given(melody, bars)):
        inside = range(bars[0], bars[1] + 1)
        kept = [note for note in melody.notes if bar_of(melody, note) not in inside]
        assert [note for note in new.notes if bar_of(new, note) not in inside] == kept
        assert {bar_of(new, note) for note in new.notes} >= {bars[0]}
        assert new.notes != melody.notes
        assert (new.end, new.pickup, new.bars) == (8.0, pickup, 4)


def test_notes_tied_over_both_ends_of_the_rewritten_bars(tiny_composer: Composer) -> None:
    """Bar 2 is rewritten: the note tied into it stays whole, and the one tied out of it is reached on its pitch."""
    notes = [Note(0, 1, 62), Note(1, 1.5, 66), Note(2.5, 0.5, 67), Note(3, 1.5, 71), Note(4.5, 1.5, 69)]
    melody = Melody(notes, Metre(2, 4), Key(2))
    for new in tiny_composer.compose(Wish(), 1, 4, Given(melody, (2, 2))):
        assert new.notes[:2] == melody.notes[:2]
        assert new.notes[-1] == melody.notes[-1]
        inside = new.notes[2:-1]
        assert inside[0].onset >= 2.5
        assert (inside[-1].pitch, inside[-1].offset) == (71, 4.5)


def test_what_follows_is_judged_as_a_forward_pass_does(model: MelodyTransformer, grammar: Grammar, jig: Melody) -> None:
    """A draft whose every event is given is as likely as the model says at once, without any mask."""
    rows, example = encode(jig, model.vocabulary), make_example(jig, model.vocabulary, grammar, None)
    ticks = np.cumsum([0, *(event.duration for event in rows.events)]).tolist()
    plan = Plan(dict(zip(ticks, rows.events, strict=False)), judged_from=0)
    conditions = condition_numbers(model.vocabulary, None, jig.key, "6/8", 4)
    draft = Draft(rows.frame, 7, conditions, np.random.default_rng(0), plan=plan)
    Sampler(model, grammar).write([draft])
    assert tuple(draft.events) == rows.events
    features, rhythm = torch.from_numpy(example.features.astype(np.int64))[None], torch.from_numpy(example.rhythm)[None]
    with torch.inference_mode():
        hidden = model(features, torch.tensor([conditions]))
        sure = model.rhythm_logits(hidden, features).log_softmax(-1).gather(-1, rhythm[..., None]).sum()
        arrival = torch.from_numpy(example.arrival.astype(np.int64))[None]
        pitches = model.pitch_logits(hidden, features, rhythm, arrival).log_softmax(-1)[0]
        for step, number in enumerate(example.pitch):
            if number >= 0:
                sure = sure + pitches[step, number]
    assert draft.likelihood == pytest.approx(float(sure), abs=1e-3)


def test_the_candidate_that_what_follows_fits_best_is_taken(tiny_composer: Composer) -> None:
    given = agree(Given(tune(EIGHT * 2), (2, 2)), Wish())
    order = tiny_composer._order(Wish(), 3, 0, given)
    tiny_composer.sampler.write(order.drafts)
    assert len(order.drafts) == 16
    best = max(order.drafts, key=lambda draft: draft.likelihood)
    assert best.likelihood > min(draft.likelihood for draft in order.drafts)
    assert order.finished().pitches == tuple(event.pitch for event in best.events if event.pitch is not None)


def ear(vocabulary: Vocabulary, melody: Melody) -> Ear:
    return Ear(vocabulary, encode(tune([62] * 64), vocabulary).frame, melody, 0)


def test_lengths_that_the_alphabet_lacks_are_heard_as_tied_pieces(vocabulary: Vocabulary) -> None:
    """In 2/4 a bar is 960 ticks: 1.25 quarters are 600, which is 360 + 240; 2.5 lead over the bar line."""
    melody = Melody([Note(0, 1.25, 62), Note(1.25, 0.25, 64), Note(1.5, 2.5, 66)], Metre(2, 4), Key(2))
    placed, end = ear(vocabulary, melody).hear(melody.notes, 0, None)
    assert placed == {
        0: Event("note", 360, 62), 360: Event("tie", 240, None), 600: Event("note", 120, 64),
        720: Event("note", 240, 66), 960: Event("tie", 480, None), 1440: Event("tie", 480, None),
    }  # fmt: skip
    assert end == 1920


def test_triplets_are_heard(vocabulary: Vocabulary) -> None:
    melody = Melody([Note(place / 3, 1 / 3, 62) for place in range(3)], Metre(2, 4), Key(2))
    placed, end = ear(vocabulary, melody).hear(melody.notes, 0, None)
    assert [event.duration for event in placed.values()] == [160, 160, 160]
    assert end == 480


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        ([Note(0, 1, 62), Note(1, 0.2, 66), Note(1.2, 0.2, 66)],
         r"the note F#4 of 0.2 quarter notes at quarter note 1 \(bar 1\) has no place .* quantise the file"),
        ([Note(0, 2, 62), Note(2.3, 1, 67)], r"the note G4 .* at quarter note 2.3 \(bar 2\)"),
    ],
)  # fmt: skip
def test_notes_without_a_place_are_named(tiny_composer: Composer, notes: list[Note], words: str) -> None:
    with pytest.raises(GenaudioError, match=words):
        tiny_composer.compose(Wish(bars=4), 1, 1, Given(Melody(notes, Metre(2, 4), Key(2))))


def test_a_bar_that_cannot_be_filled_is_told(tiny_composer: Composer) -> None:
    """A third of a beat can be filled up to the beat; a twelfth, what is left of 1.75 + 1/6 in two beats, cannot."""
    primer = Melody([Note(0, 1 / 3, 62)], Metre(2, 4), Key(2))
    melody = tiny_composer.compose(Wish(bars=1), 1, 1, Given(primer))[0]
    assert melody.end == 2.0
    odd = Melody([Note(0, 1.75, 62), Note(1.75, 1 / 6, 64)], Metre(2, 4), Key(2))
    with pytest.raises(
        GenaudioError, match=r"0\.08333 quarter notes of a bar are left to fill in it, from quarter note 1\.9"
    ):
        tiny_composer.compose(Wish(bars=2), 1, 1, Given(odd, name="it"))


def test_kept_notes_off_the_grid_cut_new_ones(tiny_composer: Composer) -> None:
    """Bar 3 begins 5 ticks early, so what is written into bar 2 ends 5 ticks early; bar 1 ends 5 ticks late."""
    notes = [Note(0, 1, 62), Note(1, 485 / 480, 64), Note(2.5, 0.5, 66), Note(1915 / 480, 2, 67)]
    melody = Melody(notes, Metre(2, 4), Key(2))
    for new in tiny_composer.compose(Wish(), 1, 3, Given(melody, (2, 2))):
        assert (new.notes[0], new.notes[1], new.notes[-1]) == (notes[0], notes[1], notes[3])
        assert (new.notes[2].onset_ticks >= 965, new.notes[-2].offset_ticks <= 1915) == (True, True)


def test_bars_under_one_long_note_are_told(tiny_composer: Composer) -> None:
    melody = Melody([Note(0, 6, 62), Note(6, 2, 64)], Metre(2, 4), Key(2))
    with pytest.raises(GenaudioError, match="the bars 2-3 are filled by the note D4 that begins before them"):
        tiny_composer.compose(Wish(), 1, 1, Given(melody, (2, 3)))


def test_a_metre_that_the_model_lacks_is_told(tiny_composer: Composer) -> None:
    with pytest.raises(GenaudioError, match="the model writes no metre 5/8; it knows 2/2"):
        tiny_composer.compose(Wish(), 1, 1, Given(tune(EIGHT, metre="5/8")))


def test_the_last_bar_is_made_whole(tiny_composer: Composer, vocabulary: Vocabulary, grammar: Grammar) -> None:
    """A tune that breaks off in bar 4 is whole after bar 4 was rewritten, and stays as it is where bar 2 was."""
    melody = replace(tune(EIGHT * 2), notes=tune(EIGHT * 2).notes[:14])
    assert tiny_composer.compose(Wish(), 1, 1, Given(melody, (4, 4)))[0].end == 8.0
    assert tiny_composer.compose(Wish(), 1, 1, Given(melody, (2, 2)))[0].end == 7.0
    kept = keep(agree(Given(melody, (2, 2)), Wish()), 4, None, vocabulary, grammar)
    assert (kept.free, kept.frame.end) == ((960, 1920), 3360)


LENGTHS = st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@holds(
    st.lists(st.tuples(LENGTHS, st.integers(30, 100), st.sampled_from([0.0, 0.0, 0.5, 1.0])), min_size=2, max_size=12),
    st.sampled_from(["2/4", "3/4", "4/4", "6/8"]),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.integers(0, 3),
    st.integers(1, 3),
)
def test_whatever_is_given_is_kept(
    tiny_composer: Composer, parts: list[tuple[float, int, float]], metre: str, pickup: float, skipped: int, span: int
) -> None:
    """Lengths, rests and leaps as they come, over bar lines and out of range: a primer and rewritten bars."""
    notes, now = [], 0.0
    for length, pitch, rest in parts:
        notes.append(Note(now, length, pitch))
        now += length + rest
    melody, bar = Melody(notes, Metre.parse(metre), Key(2), pickup=pickup), Metre.parse(metre).bar_ticks
    assume(melody.bars >= 1)
    longer = tiny_composer.compose(Wish(bars=melody.bars + 2), 1, 1, Given(melody))[0]
    assert longer.notes[: len(notes)] == melody.notes
    assert longer.notes[-1].offset_ticks == (melody.bars + 2) * bar
    first = min(1 + skipped, melody.bars)
    last = min(first + span - 1, melody.bars)
    begin, end = round(pickup * 480) + (first - 1) * bar, round(pickup * 480) + last * bar
    assume(not any(note.onset_ticks < begin and note.offset_ticks >= end for note in melody.notes))
    new = tiny_composer.compose(Wish(), 1, 1, Given(melody, (first, last)))[0]
    inside = range(first, last + 1)
    assert [note for note in new.notes if bar_of(new, note) not in inside] == [
        note for note in melody.notes if bar_of(melody, note) not in inside
    ]
