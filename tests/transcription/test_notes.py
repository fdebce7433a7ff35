"""Notes from hand-made activations; a frame is 256 / 22,050 s, 11.6 ms."""

import numpy as np
import pytest

from genaudio.transcription.network import FRAME, LOWEST, PITCHES, Activations
from genaudio.transcription.notes import heard_notes


def frames(count, *notes):
    """Draw notes of (first frame, frames, pitch) with an onset each; a strength may follow."""
    note, onset = np.zeros((count, PITCHES), np.float32), np.zeros((count, PITCHES), np.float32)
    for first, length, pitch, *strength in notes:
        note[first : first + length, pitch - LOWEST] = strength[0] if strength else 0.8
        onset[first, pitch - LOWEST] = 0.9
    return Activations(note, onset)


def blocks(whole, size):
    return [
        Activations(whole.note[at : at + size], whole.onset[at : at + size]) for at in range(0, len(whole.note), size)
    ]


def test_notes_begin_at_onsets_and_end_with_their_sound():
    (note,) = heard_notes([frames(60, (10, 20, 60))])
    assert (note.start, note.end, note.pitch) == pytest.approx((10 * FRAME, 30 * FRAME, 60))
    assert note.strength == pytest.approx(0.8)


def test_a_chord_and_a_repeated_note():
    found = heard_notes([frames(90, (10, 20, 60), (10, 20, 64), (30, 20, 60))])
    assert [(round(note.start / FRAME), note.pitch) for note in found] == [(10, 60), (10, 64), (30, 60)]
    assert round(found[0].end / FRAME) == 30


def test_a_short_dropout_is_no_end():
    whole = frames(90, (10, 50, 60))
    whole.note[30:36] = 0.1
    assert len(heard_notes([whole])) == 1
    whole.note[30:50] = 0.1
    first, second = heard_notes([whole])  # sounds again long enough to be a note without an onset
    assert (round(first.end / FRAME), round(second.start / FRAME)) == (30, 50)


def test_blips_and_double_peaks_are_no_notes():
    assert heard_notes([frames(40, (10, 3, 60))]) == []
    whole = frames(60, (10, 30, 60))
    whole.onset[14, 60 - LOWEST] = 0.7
    assert len(heard_notes([whole])) == 1


def test_a_note_without_an_onset_is_heard_if_it_is_long():
    whole = frames(60, (10, 20, 60))
    whole.onset[:] = 0
    (note,) = heard_notes([whole])
    assert (round(note.start / FRAME), round(note.end / FRAME)) == (10, 30)
    whole.note[17:] = 0
    assert heard_notes([whole]) == []


@pytest.mark.parametrize("size", [1, 7, 141])
def test_it_makes_no_difference_where_blocks_begin(size):
    whole = frames(400, (10, 150, 60), (140, 30, 64), (141, 12, 67), (300, 100, 40))
    assert heard_notes(blocks(whole, size)) == heard_notes([whole])
