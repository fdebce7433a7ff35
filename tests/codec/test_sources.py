"""Excitations of families: when their notes are heard."""

import numpy as np
import pytest

from genaudio.codec.excitation import Stretch, excite
from genaudio.codec.sources import excite_as, spoken
from genaudio.instruments import BY_NAME, MELODIC
from genaudio.sounding import Sounding

RATE = 44_100


def test_a_struck_note_is_heard_a_latency_after_it_is_played() -> None:
    guitar, notes = BY_NAME["guitar"], [Sounding(0.1, 0.5, 60, 90)]
    assert guitar.latency > 0
    made = excite_as(guitar, notes, RATE, RATE)
    assert np.flatnonzero(made)[0] / RATE == pytest.approx(0.1 + guitar.latency, abs=1e-4)
    later = [notes[0]._replace(start=0.1 + guitar.latency)]
    stretch = Stretch(later, decay=guitar.decay, release=guitar.release)
    np.testing.assert_array_equal(made, excite(stretch, RATE, RATE))


@pytest.mark.parametrize("family", MELODIC, ids=lambda family: family.name)
def test_every_note_is_heard_before_it_ends_and_no_later_than_it_did(family) -> None:
    for note in spoken(family, [Sounding(1.0, 1.001, 60, 90), Sounding(2.0, 3.0, 60, 90)]):
        assert note.start < note.end
        assert note.start - int(note.start) <= 0.02
        assert note.end in (1.001, 3.0)
