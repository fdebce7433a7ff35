from genaudio.transcription.lines import lines
from genaudio.transcription.notes import HeardNote


def tune(*pitches, step=0.5, length=0.5, strength=0.8):
    return [
        HeardNote(place * step, place * step + length, pitch, strength) for place, pitch in enumerate(pitches) if pitch
    ]


def pitches(notes, which=0):
    return lines(notes)[which][1].pitches


def test_one_note_at_a_time_is_one_line_in_seconds():
    ((name, melody),) = lines(tune(60, 62, 64))
    assert name == "heard melody"
    # at 120 quarter notes a minute a second is two quarters
    assert [(note.onset, note.duration, note.pitch) for note in melody.notes] == [(0, 1, 60), (1, 1, 62), (2, 1, 64)]
    assert melody.tempo == 120
    assert lines([]) == []


def test_ringing_notes_do_not_swallow_lower_ones_that_follow():
    assert pitches(tune(72, 67, 64, 60, length=0.7)) == (72, 67, 64, 60)


def test_overtones_and_faint_notes_above_are_no_melody():
    low = tune(60, 62, 64)
    octaves = [note._replace(pitch=note.pitch + 12, strength=0.6) for note in low]
    shimmer = [note._replace(pitch=97, start=note.start + 0.1, strength=0.4) for note in low]
    assert pitches([*low, *octaves, *shimmer]) == (60, 62, 64)
    # a strong upper voice is one
    upper = [note._replace(pitch=note.pitch + 7) for note in low]
    assert pitches([*low, *upper]) == (67, 69, 71)


def test_what_is_left_is_a_second_line():
    upper, lower = tune(72, 74, 76, 77), tune(60, 59, 57, 55)
    found = dict(lines([*upper, *lower]))
    assert list(found) == ["first heard line", "second heard line"]
    assert found["first heard line"].pitches == (72, 74, 76, 77)
    assert found["second heard line"].pitches == (60, 59, 57, 55)


def test_the_line_does_not_fall_into_the_accompaniment_when_the_melody_rests():
    melody = tune(72, 74, 76, 77, None, None, 76, 74, 72, 71)
    chords = [HeardNote(at, at + 1.0, pitch, 0.9) for at in range(5) for pitch in (40, 47, 52)]
    assert pitches([*melody, *chords]) == (72, 74, 76, 77, 76, 74, 72, 71)


def test_an_accompaniment_under_a_held_note_is_not_its_line():
    held = tune(76, 77, 79, 77, 76, 74, step=1.0, length=1.0)
    below = [HeardNote(at / 4, at / 4 + 0.25, 55 + at % 3, 0.7) for at in range(1, 24)]
    assert pitches([*held, *below]) == (76, 77, 79, 77, 76, 74)
