import pytest

from genaudio.score import Key, Melody, Metre, Note, Score, ScoreError, Track


def test_seconds_over_tempo_changes():
    # 4 quarters at 120 last 2 s, 2 quarters at 60 last 2 s, then 240 a minute
    score = Score((), tempi=((0, 120), (4, 60), (6, 240)))
    assert [score.seconds(onset) for onset in (0, 1, 4, 5, 6, 10)] == [0, 0.5, 2, 3, 4, 5]


def test_a_tempo_map_begins_at_120():
    score = Score((), tempi=((2, 60),))
    assert score.tempi == ((0.0, 120.0), (2, 60))
    assert score.seconds(3) == pytest.approx(2.0)


def test_of_two_tempi_at_one_place_the_later_counts():
    assert Score((), tempi=((0, 120), (0, 60))).seconds(1) == 1


def test_changes_are_sorted():
    score = Score((), metres=((4, Metre(3, 4)), (0, Metre(4, 4))), keys=((8, Key(2)), (0, Key(0))))
    assert [onset for onset, _ in score.metres] == [0, 4]
    assert [onset for onset, _ in score.keys] == [0, 8]


def test_duration_is_that_of_the_last_note_to_end():
    long, short = Track((Note(0, 8, 40),)), Track((Note(4, 1, 60), Note(2, 1, 62)))
    score = Score((long, short), tempi=((0, 60),))
    assert score.end == 8
    assert score.duration == 8
    assert [note.pitch for note in score.notes] == [40, 62, 60]
    assert Score(()).duration == 0


def test_a_melody_keeps_what_is_known_about_it():
    melody = Melody([Note(0, 1, 60)], Metre(3, 4), Key(2), 90, "Air", pickup=1)
    score = Score.from_melody(melody, program=73)
    assert (score.tempi, score.metres, score.keys) == (((0.0, 90),), ((0.0, Metre(3, 4)),), ((0.0, Key(2)),))
    assert (score.pickup, score.title, score.tracks[0].program) == (1, "Air", 73)
    assert Score.from_melody(melody, tempo=60).duration == 1


@pytest.mark.parametrize(
    "values", [{"tempi": ((0, 0),)}, {"tempi": ((-1, 90),)}, {"pickup": -1.0}, {"pickup": float("nan")}]
)
def test_values_out_of_range_are_refused(values):
    with pytest.raises(ScoreError):
        Score((), **values)


def test_a_program_is_from_0_to_127():
    with pytest.raises(ScoreError, match="not 128"):
        Track((), program=128)
