import pytest

from genaudio.score import Key, Melody, Metre, Note, ScoreError, iter_entries, read_entries, read_score, write_abc
from genaudio.score.abc_reader import split_tunes

BOOK = """%abc-2.1
C:Trad.
This is a collection of tunes.

X:1
T:First \\% tune % a comment
M:2/4
L:1/8
K:D
d2|fe d2|A4|]

Some words between the tunes: A B C D.

X:7
T:Broken
M:2/4
K:C
a [ce


X:8
T:Second
M:6/8
K:Ador
A3 c3|]
"""


def spans(music):
    return [(note.onset, note.duration, note.pitch) for note in music.notes]


@pytest.fixture
def read(tmp_path):
    def read_text(text):
        path = tmp_path / "a.abc"
        path.write_text(text)
        return read_score(path)

    return read_text


def test_a_tune_book_survives_a_damaged_tune(tmp_path):
    path = tmp_path / "book.abc"
    path.write_text(BOOK)
    rejects = []
    first, second = iter_entries(path, lambda place, reason: rejects.append(place))
    assert rejects == ["tune 7"]
    assert (first.id, first.title, first.creator) == ("book:1", "First % tune", "Trad.")
    assert spans(first.melody) == [(0, 1, 74), (1, 0.5, 78), (1.5, 0.5, 76), (2, 1, 74), (3, 2, 69)]
    assert (first.melody.metre, first.melody.key, first.melody.pickup) == (Metre(2, 4), Key(2), 1.0)
    assert (second.id, second.melody.key, second.melody.metre) == ("book:8", Key(9, "dorian"), Metre(6, 8))
    with pytest.raises(ScoreError, match=r"book\.abc, tune 7: "):
        read_entries(path)
    with pytest.raises(ScoreError, match="holds 3 works"):
        read_score(path)


def test_words_between_tunes_are_no_music():
    assert [tune.number for tune in split_tunes(BOOK)] == ["1", "7", "8"]
    assert "Some words" not in split_tunes(BOOK)[0].text
    assert "collection" not in split_tunes(BOOK)[0].text


def test_repeats_ties_graces_chord_symbols_and_tuplets(read):
    score = read('X:1\nM:2/4\nL:1/8\nK:C\n|:"Am"{b}c2 (3def|1 g4:|2 g4-|g4|]\n')
    once = [(0, 1, 72), *((1 + index / 3, 1 / 3, pitch) for index, pitch in enumerate((74, 76, 77)))]
    expected = [*once, (2, 2, 79), *((4 + onset, duration, pitch) for onset, duration, pitch in once), (6, 4, 79)]
    assert spans(score) == [pytest.approx(span) for span in expected]


def test_accidentals_hold_to_the_end_of_the_bar(read):
    score = read("X:1\nM:4/4\nL:1/4\nK:G\n^c c =f c|c f z2|]\n")
    assert [note.pitch for note in score.notes] == [73, 73, 77, 73, 72, 78]


def test_without_a_metre_the_unit_is_a_quaver(read):
    score = read("X:1\nK:D\nd2 f a|\n")
    assert [(note.onset, note.duration) for note in score.tracks[0].notes] == [(0, 1), (1, 0.5), (1.5, 0.5)]
    assert not score.metres
    assert read("X:1\nL:1/4\nK:D\nd2 f a|\n").tracks[0].notes[0].duration == 2


def test_locrian(read):
    score = read("X:1\nM:3/4\nL:1/4\nK:Bloc\nB c f|B3|]\n")
    assert score.keys == ((0, Key(11, "locrian")),)
    assert [note.pitch for note in score.notes] == [71, 72, 77, 71]


def test_a_tune_without_a_key_is_refused(read):
    with pytest.raises(ScoreError, match="no K: field"):
        read("X:1\nT:Nothing\n")


def test_writing_a_tune():
    # G dorian has one flat: the F# is a leading note, signed once a bar; the F of another octave needs no sign by then
    melody = Melody(
        [
            Note(0, 0.5, 67),
            Note(0.5, 0.5, 66),
            Note(1, 0.5, 66),
            *(Note(1.5 + index / 3, 1 / 3, pitch) for index, pitch in enumerate((67, 69, 70))),
            Note(3, 1.5, 66),
            Note(4.5, 0.75, 53),
        ],
        Metre(2, 4),
        Key(7, "dorian"),
        97.5,
        "100% mine",
        pickup=0.5,
    )
    assert write_abc(melody).splitlines() == [
        "%abc-2.1",
        "X:1",
        "T:100\\% mine",
        "M:2/4",
        "L:1/8",
        "Q:1/4=97.5",
        "K:Gdor",
        "G| ^FF (3:2:3GAB| z^F3| F,3/2z/2 z2|]",
    ]


def test_a_melody_without_anything_known(tmp_path):
    path = tmp_path / "a.abc"
    text = write_abc(Melody([]), path)
    assert path.read_text() == text
    assert "M:none" in text
    assert read_score(path).notes == ()
