"""Gains of their own for notes that begin."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from genaudio.codec.codec import Codec
from genaudio.codec.excitation import Stretch, excite
from genaudio.codec.model import CodecModel, with_beginnings
from genaudio.sounding import Sounding

RATE = 44_100
NOTES = (Sounding(0.1, 0.8, 60, 90), Sounding(0.4, 0.9, 67, 90))


@pytest.fixture
def wide(tiny: Codec) -> Codec:
    """The same codec, given gains for what begins."""
    model = CodecModel(replace(tiny.model.config, beginnings=True))
    model.load_state_dict(with_beginnings(tiny.model.state_dict(), tiny.model.config))
    return Codec(model.eval(), torch.device("cpu"))


@pytest.fixture
def known() -> np.ndarray:
    return excite(Stretch(NOTES), RATE, RATE)[None]


def test_new_gains_change_nothing_at_first(tiny: Codec, wide: Codec, known: np.ndarray) -> None:
    codes = tiny.encode(known.sum(1), excitation=known)
    np.testing.assert_array_equal(wide.encode(known.sum(1), excitation=known), codes)
    np.testing.assert_allclose(wide.decode(codes, RATE, known), tiny.decode(codes, RATE, known), atol=1e-5)


def test_louder_beginnings_leave_held_notes_as_they_are(wide: Codec, known: np.ndarray) -> None:
    codes = wide.encode(known.sum(1), excitation=known)
    before = wide.decode(codes, RATE, known)[0]
    with torch.no_grad():
        wide.model.decoder.head.bias[-wide.model.decoder.spectrum_bins :] = 1.0  # e times as loud
    after = wide.decode(codes, RATE, known)[0]
    apart = np.abs(after - before)
    for note in NOTES:
        at = round(note.start * RATE)
        assert apart[at : at + 2000].max() > 100 * apart[at + 8000 : at + 10_000].max()
    assert apart[round(0.25 * RATE) : round(0.34 * RATE)].max() < 1e-5  # two windows from either beginning


def test_without_them_the_two_waves_are_one(tiny: Codec, known: np.ndarray) -> None:
    codes = tiny.encode(known.sum(1), excitation=known)
    np.testing.assert_array_equal(tiny.encode(known.sum(1), excitation=known.sum(1)), codes)
    np.testing.assert_array_equal(tiny.decode(codes, RATE, known.sum(1)), tiny.decode(codes, RATE, known))
