import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genaudio.melody.events import Event, UnsuitableError, decode, encode
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Key, Melody, Metre, Note


def test_a_note_over_the_bar_line_becomes_note_and_tie(vocabulary: Vocabulary) -> None:
    melody = Melody([Note(0, 1.5, 62), Note(1.5, 1.5, 64), Note(3, 1, 66)], metre=Metre(2, 4), key=Key(2))
    rows = encode(melody, vocabulary)
    assert rows.events == (
        Event("note", 720, 62), Event("note", 240, 64), Event("tie", 480, None), Event("note", 480, 66),
    )  # fmt: skip
    assert decode(rows.events) == melody.notes


def test_rests_are_kept_and_the_short_last_bar_too(vocabulary: Vocabulary, jig: Melody) -> None:
    rows = encode(jig, vocabulary)
    assert (rows.frame.bars, rows.frame.pickup, rows.frame.end) == (4, 240, 4 * 1440)
    assert decode(rows.events) == jig.notes
    rested = Melody([Note(0, 0.5, 62), Note(1, 1, 64)], metre=Metre(2, 4))
    assert [event.kind for event in encode(rested, vocabulary).events] == ["note", "rest", "note"]


def test_silence_before_the_first_note_makes_a_pickup(vocabulary: Vocabulary) -> None:
    late = Melody([Note(1.5, 0.5, 62), Note(2, 2, 64)], metre=Metre(2, 4))
    frame = encode(late, vocabulary).frame
    assert (frame.pickup, frame.bars) == (240, 1)
    upbeat = Melody([Note(0.5, 0.5, 62), Note(1, 2, 64)], metre=Metre(2, 4), pickup=1)
    assert encode(upbeat, vocabulary).frame.pickup == 240


@pytest.mark.parametrize(
    ("melody", "words"),
    [
        (Melody([Note(0, 1, 60)]), "no metre"),
        (Melody([], metre=Metre(2, 4)), "no notes"),
        (Melody([Note(0, 1, 60)], metre=Metre(2, 4), pickup=2), "fills a bar"),
        (Melody([Note(0, 0.5, 60)], metre=Metre(2, 4), pickup=1), "pickup"),
        (Melody([Note(0, 0.3, 60)], metre=Metre(2, 4)), "0.3"),
    ],
)
def test_what_cannot_be_written_is_refused(vocabulary: Vocabulary, melody: Melody, words: str) -> None:
    with pytest.raises(UnsuitableError, match=words):
        encode(melody, vocabulary)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from([0.25, 0.5, 1.0]), st.integers(55, 88), st.booleans()), min_size=1, max_size=40),
    st.sampled_from([0, 0.25, 0.5]),
)
def test_round_trip(vocabulary: Vocabulary, parts: list[tuple[float, int, bool]], pickup: float) -> None:
    notes, now = [Note(0, 0.5, 60)], 0.5
    for duration, pitch, rest in parts:
        if rest:
            now += 0.5
        notes.append(Note(now, duration, pitch))
        now += duration
    melody = Melody(notes, metre=Metre(4, 4), pickup=pickup)
    try:
        rows = encode(melody, vocabulary)
    except UnsuitableError:
        return  # a piece beside the bar line that the small vocabulary has not
    assert decode(rows.events) == melody.notes
    assert sum(event.duration for event in rows.events) == rows.frame.end
