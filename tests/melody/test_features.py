from genaudio.melody.dataset import make_example
from genaudio.melody.events import make_frame
from genaudio.melody.features import COLUMNS, LEFT_END, PLACE_COLUMNS, History
from genaudio.melody.grammar import Grammar
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Metre

from .conftest import tune


def column(rows: object, name: str) -> list[int]:
    return [int(row[COLUMNS.index(name)]) for row in rows]  # type: ignore[attr-defined]


def test_place_in_bar_and_piece(vocabulary: Vocabulary, grammar: Grammar) -> None:
    # two bars of 2/4 in quavers on D
    rows = make_example(tune([62, 64, 66, 67] * 2), vocabulary, grammar, "reel").features
    assert column(rows, "beat") == [0, 0, 1, 1] * 2
    assert column(rows, "in_beat") == [0, 24, 0, 24] * 2  # 240 ticks on a grid of 10
    assert column(rows, "bar") == [0] * 4 + [1] * 4
    assert column(rows, "left") == [1] * 4 + [0] * 4


def test_what_came_before(vocabulary: Vocabulary, grammar: Grammar) -> None:
    rows = make_example(tune([62, 64, 66, 67]), vocabulary, grammar, "reel").features
    none = vocabulary.pitch_count
    assert column(rows, "pitch") == [none, 24, 26, 28]  # the tonic is number 24
    assert column(rows, "before") == [none, none, 24, 26]


def test_repetition_a_bar_ago(vocabulary: Vocabulary, grammar: Grammar) -> None:
    # the second bar repeats the first but for its last note
    rows = make_example(tune([62, 64, 66, 67, 62, 64, 66, 69]), vocabulary, grammar, "reel").features
    assert column(rows, "pitch_1")[4:] == [24, 26, 28, 29]
    assert column(rows, "run_1") == [0, 0, 0, 0, 0, 1, 2, 3]
    assert set(column(rows, "pitch_2")) == {vocabulary.pitch_count}


def test_a_lag_sees_the_sounding_note_but_only_beginning_rhythms(vocabulary: Vocabulary) -> None:
    history = History(vocabulary, make_frame(Metre(2, 4), 2, 0), 2)
    rhythm = vocabulary.rhythm_index
    for symbol, pitch in ((("note", 960), 24), (("note", 480), 30)):
        history.features()
        history.push(rhythm[symbol], pitch)
    row = history.features()  # in the middle of the second bar; a bar ago the first note was sounding
    assert row[COLUMNS.index("pitch_1")] == 24
    assert row[COLUMNS.index("rhythm_1")] == vocabulary.rhythm_count


def test_the_pickup_is_told_apart(vocabulary: Vocabulary) -> None:
    history = History(vocabulary, make_frame(Metre(2, 4), 2, 240), 2)
    first = history.features()
    assert first[COLUMNS.index("bar")] == 8
    assert first[COLUMNS.index("beat")] == 1
    assert first[COLUMNS.index("in_beat")] == 24


def test_where_an_event_ends(vocabulary: Vocabulary, grammar: Grammar) -> None:
    # two bars of 2/4 in quavers: each ends where the next begins, the last at the end of the piece
    example = make_example(tune([62, 64, 66, 67] * 2), vocabulary, grammar, "reel")
    assert example.arrival[:-1].tolist() == example.features[1:, : len(PLACE_COLUMNS)].tolist()
    assert example.arrival[-1].tolist() == [0, 0, 2, 0, LEFT_END]


def test_the_end_of_a_short_last_bar_is_the_end(vocabulary: Vocabulary) -> None:
    history = History(vocabulary, make_frame(Metre(2, 4), 1, 240), 2)
    for symbol in (("note", 240), ("note", 480)):
        history.features()
        history.push(vocabulary.rhythm_index[symbol], 24)
    quaver = vocabulary.rhythm_index["note", 240]
    assert history.arrival(quaver)[-1] == LEFT_END  # a quaver's pickup and three quavers make the only bar
    assert history.arrival(vocabulary.rhythm_index["note", 120])[-1] == 0


def test_cues_tell_what_followed_the_same_notes_and_the_same_steps(vocabulary: Vocabulary, grammar: Grammar) -> None:
    # D E F# G | A D E F#: D comes back and then E
    rows = make_example(tune([62, 64, 66, 67, 69, 62, 64, 66]), vocabulary, grammar, "reel").features
    none = vocabulary.pitch_count
    assert column(rows, "pitch_same") == [none, none, none, none, none, none, 26, 28]  # D is 24, E 26, F# 28
    assert column(rows, "run_same") == [0, 0, 0, 0, 0, 0, 1, 2]
    # steps: 2 2 1 2 -7 2 2. After D E F# a tone had followed a tone: G#, 30. After G A a semitone had, last: Bb, 32.
    # At the end a fifth down had followed a tone, last: from E to A, 19. Nothing had followed 1 or -7.
    assert column(rows, "pitch_moved") == [none, none, none, 30, none, 32, none, 19]
    assert column(rows, "run_moved") == [0, 0, 0, 1, 0, 1, 0, 1]
