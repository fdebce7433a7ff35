import numpy as np
import pytest

from genaudio.retiming import Poured, Retimed, played_back, speed_of
from genaudio.streams import Clip

RATE = 44_100


def tone(frequency: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)[None].astype(np.float32)


@pytest.mark.parametrize("cents", [-50, -7, 33])
def test_the_pitch_rises_by_the_cents(cents: float) -> None:
    retimed = Retimed(Clip(tone(1000)), speed_of(cents))
    expected = tone(1000 * 2 ** (cents / 1200), 0.9)[0]
    assert retimed.samples == pytest.approx(RATE / speed_of(cents), abs=1)
    np.testing.assert_allclose(retimed.read(0, len(expected))[0, 100:-100], expected[100:-100], atol=2e-4)


def test_there_and_back_is_the_same_sound() -> None:
    there = Retimed(Clip(tone(3000)), speed_of(40))
    back = Retimed(Clip(there.read(0, there.samples)), speed_of(-40), RATE).read(0, RATE)
    np.testing.assert_allclose(back[0, 200:-200], tone(3000)[0, 200:-200], atol=1e-3)


def test_it_does_not_matter_how_it_is_cut() -> None:
    sound = np.random.default_rng(0).standard_normal((2, 100_000)).astype(np.float32)
    retimed = Retimed(Clip(sound), 1.0123)
    whole = retimed.read(0, retimed.samples)
    pieces = [retimed.read(start, 7_001) for start in range(0, retimed.samples, 7_001)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1)[:, : whole.shape[1]], whole)
    assert not pieces[-1][:, retimed.samples % 7_001 :].any()  # silence beyond the end


@pytest.mark.parametrize("stretch", [5_000, 1 << 18])
def test_pieces_that_come_one_by_one_are_played_as_the_whole(stretch: int) -> None:
    sound = np.random.default_rng(1).standard_normal((1, 60_000)).astype(np.float32)
    pieces = iter(np.split(sound, [10, 20_000, 20_001, 45_000], axis=1))
    played = list(played_back(pieces, 1, 60_000, 0.98, 61_000, stretch))
    np.testing.assert_array_equal(np.concatenate(played, axis=1), Retimed(Clip(sound), 0.98, 61_000).read(0, 61_000))


def test_what_has_gone_by_is_gone() -> None:
    poured = Poured(iter([np.zeros((1, 10_000), np.float32)]), 1, 10_000)
    poured.read(0, 9_000)
    with pytest.raises(ValueError, match="has gone by"):
        poured.read(0, 10)
