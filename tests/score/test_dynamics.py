"""Dynamics by rule, computed by hand."""

from genaudio.score import Melody, Metre, Note, phrased


def test_accents_arch_and_ending_by_hand() -> None:
    # four bars of 4/4 on one pitch: an arch over 16 quarter notes
    melody = Melody([Note(i, 1, 60) for i in range(16)], metre=Metre(4, 4))
    velocities = [note.velocity for note in phrased(melody).notes]
    assert velocities[0] == 76 + 11  # downbeat, phrase begins
    assert velocities[1] == round(76 + 5 + 9 * 0.19509)  # beat, sin(pi/16)
    assert velocities[8] == 76 + 11 + 9  # downbeat in the middle of the phrase
    assert velocities[15] == round(76 + 5 + 9 * 0.19509 - 8)  # the last note


def test_offbeats_have_no_accent_and_high_notes_are_louder() -> None:
    melody = Melody([Note(0, 0.5, 60), Note(0.5, 0.5, 72)], metre=Metre(4, 4))
    first, second = phrased(melody).notes
    assert first.velocity == 76 + 11 - 3  # six semitones below the mean
    assert second.velocity == round(76 + 9 * 0.09802 + 3 - 8)  # sin(pi/32), the last note


def test_the_downbeat_after_a_pickup_is_accented() -> None:
    melody = Melody([Note(i, 1, 60) for i in range(5)], metre=Metre(3, 4), pickup=1)
    velocities = [note.velocity for note in phrased(melody).notes]
    assert velocities[1] > velocities[0]
    assert velocities[1] > velocities[2]


def test_nothing_but_the_velocities_changes_and_they_stay_in_range() -> None:
    wide = Melody([Note(0, 1, 0), Note(1, 1, 127), Note(2, 1, 0)], metre=Metre(6, 8), title="x")
    out = phrased(wide)
    assert [(n.onset, n.duration, n.pitch) for n in out.notes] == [(n.onset, n.duration, n.pitch) for n in wide.notes]
    assert all(1 <= note.velocity <= 127 for note in out.notes)
    assert phrased(out) == out
    assert phrased(Melody([])) == Melody([])
