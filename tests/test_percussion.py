from genaudio.percussion import DRUMS, HIT, drum_key, hits
from genaudio.sounding import Sounding


def test_the_kit_is_that_of_general_midi() -> None:
    assert sorted(DRUMS) == list(range(35, 82))
    assert all(drum.fall > 0 for drum in DRUMS.values())


def test_keys_beyond_the_kit_find_a_drum_or_none() -> None:
    assert drum_key(38) == 38
    assert drum_key(86) == 64
    assert drum_key(0) is None
    assert all(drum_key(key) in DRUMS for key in (22, 26, *range(27, 88)))


def test_a_hit_lasts_until_its_drum_is_struck_again() -> None:
    struck = hits([Sounding(0.0, 0.1, 38, 90), Sounding(0.25, 0.3, 38, 90), Sounding(0.1, 0.1, 42, 90)])
    assert struck == (
        Sounding(0.0, 0.25, 38, 90),
        Sounding(0.1, 0.1 + HIT, 42, 90),
        Sounding(0.25, 0.25 + HIT, 38, 90),
    )
