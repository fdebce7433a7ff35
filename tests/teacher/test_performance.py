"""Performances: in range, in order, never one pitch twice at once, the same for the same seed."""

import numpy as np
import pytest

from genaudio.instruments import FAMILIES, Family
from genaudio.score import Key, Melody, Note
from genaudio.sounding import Sounding, without_collisions
from genaudio.teacher.performance import draw_performance, play_chords, play_melody

TUNE = Melody([Note(i * 0.5, 0.5, 62 + (i * 5) % 13) for i in range(60)], key=Key(2))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_kind_stays_in_range_and_time(family: Family) -> None:
    rng, kinds = np.random.default_rng(0), set()
    for _ in range(30):
        played = draw_performance([TUNE], family, 6.0, rng)
        kinds.add(played.kind)
        assert all(family.low <= note.pitch <= family.high for note in played.notes)
        assert all(0 <= note.start < note.end <= 6.0 for note in played.notes)
        assert all(1 <= note.velocity <= 127 for note in played.notes)
        by_pitch: dict[int, float] = {}
        for note in sorted(played.notes):
            assert by_pitch.get(note.pitch, 0.0) <= note.start
            by_pitch[note.pitch] = note.end
    assert kinds == ({"groove", "scattered"} if family.drums else {"melody", "chords", "scattered"})


def test_same_seed_same_performance() -> None:
    first, second = (draw_performance([TUNE], FAMILIES[0], 6.0, np.random.default_rng(3)) for _ in range(2))
    assert first == second


def test_a_melody_keeps_its_intervals_and_proportions() -> None:
    notes = play_melody(TUNE, FAMILIES[0], 30.0, np.random.default_rng(1))
    first = next(i for i in range(30) if len(TUNE) - i >= len(notes) and _matches(notes, i))
    beat = (notes[1].start - notes[0].start) / 0.5
    assert notes[5].start - notes[0].start == pytest.approx(
        (TUNE.notes[first + 5].onset - TUNE.notes[first].onset) * beat
    )


def _matches(notes: tuple[Sounding, ...], first: int) -> bool:
    shift = notes[0].pitch - TUNE.notes[first].pitch
    return all(n.pitch - TUNE.notes[first + i].pitch == shift for i, n in enumerate(notes[:20]))


def test_chords_lie_below_the_tune() -> None:
    notes = play_chords(TUNE, FAMILIES[0], 8.0, np.random.default_rng(2))
    starts = [note.start for note in notes]
    assert len(starts) > len(set(starts)) or len(notes) > 20


def test_collisions_are_cut_by_hand() -> None:
    notes = (Sounding(0.0, 2.0, 60, 80), Sounding(1.0, 3.0, 60, 90), Sounding(1.5, 1.6, 64, 70))
    assert without_collisions(notes) == (
        Sounding(0.0, 1.0, 60, 80),
        Sounding(1.0, 3.0, 60, 90),
        Sounding(1.5, 1.6, 64, 70),
    )
    assert without_collisions((Sounding(0.0, 1.0, 60, 80), Sounding(0.01, 1.0, 60, 90)))[0].start == 0.01
