import numpy as np

from genaudio.codec.hearing import KEYS, LOWEST
from genaudio.codec.tones import draw_tones

RATE, HOP = 44_100, 512


def test_tones_sound_at_the_keys_that_are_said_to_sound() -> None:
    rng, checked = np.random.default_rng(0), 0
    for _ in range(40):
        audio, keys = draw_tones(RATE, 87, HOP, RATE, rng)
        assert audio.dtype == np.float32
        assert np.abs(audio).max() <= 0.6001
        assert keys.shape == (KEYS, 87)
        sounding = np.flatnonzero(keys.any(1))
        if len(sounding) != 1 or keys[sounding[0]].sum() < 60:
            continue
        spectrum = np.abs(np.fft.rfft(audio * np.hanning(RATE)))
        expected = 440 * 2 ** ((sounding[0] + LOWEST - 69) / 12)
        place = np.argmax(spectrum[20:]) + 20  # the fundamental is the strongest
        assert abs(1200 * np.log2(place / expected)) < 60
        checked += 1
    assert checked >= 3


def test_silent_keys_make_no_sound() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        audio, keys = draw_tones(RATE, 87, HOP, RATE, rng)
        silent = np.flatnonzero(~keys.any(0))
        inner = silent[(silent > 0) & (silent < 86)]
        for frame in inner:
            if not keys[:, frame - 1 : frame + 2].any():
                assert not audio[frame * HOP : frame * HOP + 8].any()
