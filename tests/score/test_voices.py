import pytest

from genaudio.score import Key, Metre, Note, Score, Track, main_voice, melodic_lines, voices


def one_voice(*notes: Note):
    (voice,) = voices(Score((Track(notes, name="Piano"),)))
    return voice


def line(voice) -> list[tuple[float, float, int]]:
    return [(note.onset, note.duration, note.pitch) for note in voice.melody.notes]


def test_a_melody_is_its_own_voice():
    voice = one_voice(Note(0, 1, 60), Note(1, 1, 62))
    assert (voice.name, voice.monophonic, voice.dropped) == ("Piano", True, 0)
    assert line(voice) == [(0, 1, 60), (1, 1, 62)]


def test_of_chords_the_highest_notes_are_taken_and_the_name_says_so():
    voice = one_voice(Note(0, 1, 60), Note(0, 1, 64), Note(0, 1, 67), Note(1, 1, 59), Note(1, 1, 65))
    assert (voice.name, voice.monophonic, voice.dropped) == ("Piano (skyline)", False, 3)
    assert line(voice) == [(0, 1, 67), (1, 1, 65)]


def test_an_accompaniment_under_a_held_note_is_left_out():
    voice = one_voice(Note(0, 2, 72), Note(0.5, 0.5, 60), Note(1, 1, 64), Note(2, 1, 74))
    assert line(voice) == [(0, 2, 72), (2, 1, 74)]
    assert voice.dropped == 2


def test_a_higher_note_cuts_a_held_lower_one():
    voice = one_voice(Note(0, 4, 48), Note(1, 1, 72))
    assert line(voice) == [(0, 1, 48), (1, 1, 72)]
    assert (voice.monophonic, voice.dropped) == (False, 0)


def test_legato_is_no_polyphony_up_or_down():
    voice = one_voice(Note(0, 1.1, 67), Note(1, 1.1, 65), Note(2, 1, 72))
    assert voice.monophonic
    assert [note.pitch for note in voice.melody.notes] == [67, 65, 72]
    assert [note.offset_ticks for note in voice.melody.notes] == [480, 960, 1440]


def test_a_chord_not_played_quite_together_is_one_note():
    # a humanised chord: its lower notes begin 4 and 2 ticks early
    voice = one_voice(Note(0, 1, 60), Note(2 / 480, 1, 64), Note(4 / 480, 1, 67))
    assert [note.pitch for note in voice.melody.notes] == [67]
    assert voice.dropped == 2


def test_drums_and_empty_tracks_have_no_voice():
    score = Score((Track((Note(0, 1, 36),), drums=True), Track(()), Track((Note(0, 1, 60),))))
    assert [(voice.track, voice.name) for voice in voices(score)] == [(2, "track 3")]
    assert main_voice(Score(())) is None


def test_a_voice_knows_the_beginning_of_its_score():
    score = Score(
        (Track((Note(0, 1, 60),)),), ((0, 90),), ((0, Metre(3, 4)), (9, Metre(2, 4))), ((0, Key(2)),), 1.0, "Air"
    )
    melody = voices(score)[0].melody
    assert (melody.tempo, melody.metre, melody.key) == (90, Metre(3, 4), Key(2))
    assert (melody.pickup, melody.title) == (1, "Air")


@pytest.mark.parametrize(
    ("tracks", "index"),
    [
        # the highest of two equal ones
        ([("a", 48, 8), ("b", 72, 8)], 1),
        # a name beats height
        ([("Vocals", 60, 8), ("Strings", 84, 8)], 0),
        # a few high notes are no melody
        ([("a", 60, 20), ("Glockenspiel", 96, 2)], 0),
    ],
)
def test_the_main_voice(tracks, index):
    score = Score(
        tuple(Track(tuple(Note(i, 1, pitch) for i in range(count)), name=name) for name, pitch, count in tracks)
    )
    assert main_voice(score).track == index


def test_every_note_is_either_kept_or_counted_as_dropped():
    notes = [Note(0, 20_000, 20), *(Note(i, 1.5, 60 + i % 2) for i in range(20_000))]
    voice = one_voice(*notes)
    assert len(voice.melody) + voice.dropped == len(notes)


def test_all_that_could_be_the_melody_is_a_line():
    duet = Track(tuple(note for onset in range(8) for note in (Note(onset, 1, 72 - onset), Note(onset, 1, 48 + onset))))
    flute = Track((Note(0, 1, 80), Note(9, 1, 81)), name="Flute")
    found = {each.name: line(each) for each in melodic_lines(Score((duet, flute)))}
    assert list(found) == ["track 1 (skyline)", "Flute", "track 1 (lowest line)", "all parts (skyline)"]
    assert found["track 1 (lowest line)"] == [(onset, 1, 48 + onset) for onset in range(8)]
    assert found["all parts (skyline)"][0] == (0, 1, 80)
    assert found["all parts (skyline)"][-1] == (9, 1, 81)


def test_a_melody_alone_is_one_line():
    melody = Track((Note(0, 1, 60), Note(1, 1, 62)), name="Lead")
    assert [each.name for each in melodic_lines(Score((melody,)))] == ["Lead"]
    assert [each.name for each in melodic_lines(Score((melody, melody)))] == ["Lead"], "equal lines are one"
