"""From a track to soundings: pedal, collisions, ranges, tempo."""

import pytest

from genaudio.instruments import DRUM_KIT, MELODIC, family_named
from genaudio.percussion import HIT
from genaudio.renderer.performing import SHORTEST, parts_of
from genaudio.score import Note, Score, Track


def part(track: Track, tempo: float = 60.0):
    parts, _ = parts_of(Score((track,), tempi=((0.0, tempo),)))
    return parts[0]


def test_seconds_follow_the_tempo() -> None:
    notes = part(Track((Note(1, 2, 60),)), tempo=120).notes
    assert (notes[0].start, notes[0].end) == (0.5, 1.5)


def test_a_tempo_change_in_the_middle() -> None:
    score = Score((Track((Note(1, 1, 60),)),), tempi=((0.0, 60.0), (1.5, 120.0)))
    note = parts_of(score)[0][0].notes[0]
    assert (note.start, note.end) == (1.0, pytest.approx(1.75))


def test_the_pedal_holds_notes_until_it_is_lifted() -> None:
    track = Track((Note(0, 1, 60), Note(2, 1, 62), Note(5, 1, 64)), pedal=((0.5, 4.0),))
    assert [note.end for note in part(track).notes] == [4.0, 4.0, 6.0]


def test_a_repeated_note_under_the_pedal_is_struck_again() -> None:
    track = Track((Note(0, 1, 60), Note(2, 1, 60)), pedal=((0.5, 4.0),))
    assert [(note.start, note.end) for note in part(track).notes] == [(0.0, 2.0), (2.0, 4.0)]


def test_very_short_notes_are_drawn_out() -> None:
    note = part(Track((Note(0, 0.001, 60),))).notes[0]
    assert note.end - note.start == pytest.approx(SHORTEST)


def test_pitches_beyond_the_range_are_modelled_an_octave_away_but_sound_where_they_are() -> None:
    flute = family_named("flute")
    low = part(Track((Note(0, 1, flute.low - 1), Note(2, 1, flute.high + 13)), program=73))
    assert [note.pitch for note in low.modelled] == [flute.low + 11, flute.high - 11]
    assert [note.pitch for note in low.notes] == [flute.low - 1, flute.high + 13]


@pytest.mark.parametrize("family", MELODIC, ids=lambda family: family.name)
@pytest.mark.parametrize("pitch", [0, 127])
def test_every_pitch_can_be_modelled_by_every_family(family, pitch: int) -> None:
    modelled = part(Track((Note(0, 1, pitch),), program=family.program)).modelled
    assert family.low <= modelled[0].pitch <= family.high


def test_empty_tracks_are_left_out_and_said_so() -> None:
    parts, left_out = parts_of(Score((Track((), name="Tacet"), Track((Note(0, 1, 60),)))))
    assert len(parts) == 1
    assert left_out == ("Tacet: no notes",)


def test_hits_sound_until_they_have_died_away_or_their_drum_is_struck_again() -> None:
    kit = part(Track((Note(0, 0.1, 36), Note(0, 0.1, 49), Note(1, 0.1, 36)), drums=True))
    assert kit.family is DRUM_KIT
    assert [(note.start, note.end, note.pitch) for note in kit.notes] == [
        (0.0, 1.0, 36),
        (0.0, HIT, 49),
        (1.0, 1.0 + HIT, 36),
    ]
    assert kit.modelled == kit.notes


def test_hits_beyond_general_midi_go_to_the_nearest_drum_or_are_counted() -> None:
    score = Score((Track((Note(0, 1, 82), Note(1, 1, 3), Note(2, 1, 120)), drums=True, name="Kit"),))
    parts, left_out = parts_of(score)
    assert [note.pitch for note in parts[0].notes] == [70]
    assert left_out == ("Kit: 2 hits on keys that General MIDI gives no drum",)


def test_stems_of_one_name_are_told_apart() -> None:
    score = Score((Track((Note(0, 1, 60),), name="Solo"), Track((Note(0, 1, 64),), name="Solo")))
    assert [part.name for part in parts_of(score)[0]] == ["Solo", "Solo 2"]


def test_a_wheel_that_is_only_set_straight_bends_nothing() -> None:
    notes = (Note(0, 1, 60),)
    assert part(Track(notes, bends=((0.0, 0.0), (2.0, 0.0)))).bends == ()
    assert part(Track(notes, bends=((0.0, 0.0), (2.0, 1.0)))).bends == ((0.0, 0.0), (2.0, 1.0))
