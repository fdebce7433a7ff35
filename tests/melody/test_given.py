from pathlib import Path

import pytest

from genaudio.errors import GenaudioError
from genaudio.melody import Given, Wish
from genaudio.melody.given import agree, parse_bars
from genaudio.melody.key_finder import find_key
from genaudio.score import Key, Melody, Metre, Note, Score, Track, write_midi
from tests.melody.conftest import tune

SCALE = [62, 64, 66, 67, 69, 71, 73, 74]
"""D major; eight quavers are two bars of 2/4."""


def test_a_range_of_bars() -> None:
    assert parse_bars("5-8") == (5, 8)
    assert parse_bars(" 5 – 8 ") == (5, 8)
    assert parse_bars("5") == (5, 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [("8-5", "run backwards; write the range as 5-8"), ("five", "'five' is no range of bars"), ("5-", "no range"),
     ("-3", "no range"), ("", "no range")],
)  # fmt: skip
def test_what_is_no_range_of_bars(text: str, words: str) -> None:
    with pytest.raises(GenaudioError, match=words):
        parse_bars(text)


def test_what_the_melody_says_is_taken() -> None:
    given = agree(Given(tune(SCALE)), Wish(bars=4))
    assert (str(given.melody.metre), str(given.melody.key), given.remarks) == ("2/4", "D major", ())


def test_without_a_time_signature_four_four_is_assumed_and_said() -> None:
    notes = tune(SCALE).notes
    given = agree(Given(Melody(notes, key=Key(2)), name="a.mid"), Wish(bars=4))
    assert given.melody.metre == Metre(4, 4)
    assert given.remarks == ("a.mid has no time signature; it is read in 4/4, as nothing else is wished.",)
    wished = agree(Given(Melody(notes, key=Key(2)), name="a.mid"), Wish(bars=4, metre="2/4"))
    assert wished.melody.metre == Metre(2, 4)


def test_without_a_key_it_is_found_and_said() -> None:
    given = agree(Given(Melody([*tune([*SCALE, 62, 69, 66, 62]).notes], Metre(2, 4)), name="a.mid"), Wish(bars=4))
    assert given.melody.key == Key(2)
    assert given.remarks == ("a.mid says no key; its notes are read in D major.",)
    assert agree(Given(Melody(tune(SCALE).notes, Metre(2, 4))), Wish(key="E dorian")).melody.key == Key(4, "dorian")


@pytest.mark.parametrize(
    ("pitches", "key"),
    [([60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60], Key(0)), ([57, 59, 60, 62, 64, 65, 64, 60, 57], Key(9, "minor")),
     ([62, 64, 65, 67, 69, 71, 72, 74, 69, 65, 62, 62], Key(2, "dorian"))],
)  # fmt: skip
def test_keys_are_found(pitches: list[int], key: Key) -> None:
    assert find_key(tune(pitches)) == key
    assert find_key(tune([pitch + 3 for pitch in pitches])) == Key((key.tonic + 3) % 12, key.mode)


def test_a_key_is_named_even_where_all_pitch_classes_sound_alike(recwarn: pytest.WarningsRecorder) -> None:
    chromatic = tune([*range(60, 72), 67, *range(72, 79), *range(68, 72)])
    assert find_key(chromatic) == Key(chromatic.pitches[-1] % 12)
    assert find_key(chromatic, "dorian").mode == "dorian"
    assert not recwarn.list


def test_a_signature_may_be_read_in_another_mode() -> None:
    """A MIDI file can only say C major where D dorian is meant: the same seven notes."""
    given = agree(Given(tune(SCALE, key="C")), Wish(key="D dorian", bars=4))
    assert given.melody.key == Key(2, "dorian")


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(metre="6/8"), "it is in 2/4, the wish in 6/8; leave the metre out of the wish"),
        (Wish(key="G"), "it is in D major, the wish in G major; leave key and mode out"),
        (Wish(mode="minor"), "it is in D major, the wish in D minor"),
        (Wish(tempo=90), "it goes at 100 quarter notes a minute, the wish at 90; leave the tempo out"),
        (Wish(bars=2), "it fills 2 bars, and 2 are wished in all, which leaves nothing to write; wish 3 to 128 bars"),
        (Wish(bars=1), "1 are wished in all"),
    ],
)
def test_contradictions_are_told(wish: Wish, words: str) -> None:
    melody = tune(SCALE)
    melody = Melody(melody.notes, melody.metre, melody.key, 100.0)
    with pytest.raises(GenaudioError, match=words):
        agree(Given(melody, name="it"), wish)


def test_all_contradictions_are_told_at_once() -> None:
    with pytest.raises(GenaudioError, match=r"2/4.*D major.*2 bars"):
        agree(Given(tune(SCALE)), Wish(metre="6/8", key="G", bars=1))


def test_the_default_tempo_of_a_file_contradicts_nothing() -> None:
    melody = tune(SCALE)
    assert agree(Given(Melody(melody.notes, melody.metre, melody.key, 120.0)), Wish(tempo=90)).melody.tempo == 90.0


@pytest.mark.parametrize(
    ("rewrite", "wish", "words"),
    [
        ((0, 1), Wish(), "bar 0 is the pickup, which is kept; bars are counted from 1"),
        ((2, 3), Wish(), "the bars 2-3 are not all there; it has 2 bars"),
        ((2, 1), Wish(), "run backwards; write the range as 1-2"),
        ((1, 1), Wish(bars=4), "it keeps its 2 bars, and 4 are wished"),
    ],
)
def test_bars_that_cannot_be_rewritten(rewrite: tuple[int, int], wish: Wish, words: str) -> None:
    with pytest.raises(GenaudioError, match=words):
        agree(Given(tune(SCALE), rewrite, name="it"), wish)


@pytest.mark.parametrize(
    ("melody", "rewrite", "words"),
    [
        (Melody([]), None, "has no notes; give a melody of one note or more"),
        (tune([62] * 2049), None, "has 2049 notes, and the model's context holds 2048"),
        (tune([62] * 513), None, "has 129 bars, and a melody has 128 at most"),
        (tune([62] * 513), (1, 2), "has 129 bars, and the model's context holds 128"),
        (tune([62] * 8, pickup=2.0), None, "a pickup of 2 quarter notes, which fills a bar of 2/4"),
    ],
)
def test_melodies_that_cannot_be_given(melody: Melody, rewrite: tuple[int, int] | None, words: str) -> None:
    with pytest.raises(GenaudioError, match=words):
        agree(Given(melody, rewrite), Wish())


def test_chords_and_further_voices_are_told(tmp_path: Path) -> None:
    line = [Note(place, 1, 72 + place) for place in range(4)]
    chords = [Note(place, 1, pitch) for place in range(4) for pitch in (48, 55)]
    path = tmp_path / "two.mid"
    write_midi(Score((Track(tuple(chords), name="left"), Track((*line, Note(0, 1, 60)), name="right"))), path)
    given = Given.read(path)
    assert given.melody.pitches == (72, 73, 74, 75)
    assert any("2 voices" in remark and "right" in remark for remark in given.remarks)
    assert any("highest notes are taken, 1 notes are left out" in remark for remark in given.remarks)


def test_a_change_of_metre_is_refused_and_one_of_key_told(tmp_path: Path) -> None:
    track = Track(tuple(Note(place, 1, 62) for place in range(12)))
    path = tmp_path / "changes.mid"
    write_midi(Score((track,), metres=((0.0, Metre(4, 4)), (4.0, Metre(3, 4)))), path)
    with pytest.raises(GenaudioError, match="changes its metre from 4/4 to 3/4 at quarter note 4"):
        Given.read(path)
    write_midi(Score((track,), metres=((0.0, Metre(4, 4)),), keys=((0.0, Key(0)), (4.0, Key(7)))), path)
    assert any("changes its key; the first, C major" in remark for remark in Given.read(path).remarks)


def test_a_file_without_notes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drums.mid"
    write_midi(Score((Track((Note(0, 1, 36),), drums=True),)), path)
    with pytest.raises(GenaudioError, match="no notes of a pitched instrument"):
        Given.read(path)
