import numpy as np
import pytest

from genaudio.codec.excitation import Stretch, excite
from genaudio.codec.tuning import tuning
from genaudio.retiming import Retimed, speed_of
from genaudio.sounding import Sounding
from genaudio.streams import Clip

RATE = 44_100
TUNE = [Sounding(0.5 * i, 0.5 * i + 0.45, pitch, 90) for i, pitch in enumerate((62, 66, 69, 74, 71, 67, 64, 62))]


def bright(cents: float) -> Clip:
    sound = Clip(excite(Stretch(TUNE), 4 * RATE, RATE).sum(0)[None])
    retimed = Retimed(sound, speed_of(cents))
    return Clip(retimed.read(0, retimed.samples))


@pytest.mark.parametrize("cents", [-45, -32, 12, 40])
def test_a_tuning_is_heard(cents: float) -> None:
    assert tuning(bright(cents), RATE) == pytest.approx(cents, abs=3)


def test_concert_pitch_is_left_alone() -> None:
    assert tuning(Clip(excite(Stretch(TUNE), 4 * RATE, RATE).sum(0)[None]), RATE) == 0


def test_what_has_no_tuning_is_left_alone() -> None:
    noise = np.random.default_rng(0).standard_normal((2, 3 * RATE)).astype(np.float32) * 0.1
    assert tuning(Clip(noise), RATE) == 0
    assert tuning(Clip(np.zeros((1, RATE), np.float32)), RATE) == 0
    assert tuning(Clip(np.ones((1, RATE), np.float32)), RATE) == 0


@pytest.mark.parametrize("samples", [1, 100, 20_000])
def test_sounds_of_any_length_are_heard(samples: int) -> None:
    sound = bright(-32).audio[:, :samples]
    assert -50 <= tuning(Clip(sound), RATE) <= 50
