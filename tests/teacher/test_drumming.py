import numpy as np

from genaudio.percussion import DRUMS
from genaudio.teacher.drumming import draw_drumming, play_groove


def test_grooves_repeat_and_keep_a_pulse() -> None:
    hits = play_groove(12.0, np.random.default_rng(3))
    starts = np.array([hit.start for hit in hits])
    assert len(hits) > 30
    assert np.all(np.diff(starts) >= 0)
    kinds = {DRUMS[hit.pitch].kind for hit in hits}
    assert {"kick", "snare"} <= kinds


def test_all_drums_are_struck_sooner_or_later_at_all_velocities() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_drumming(12.0, rng) for _ in range(60)]
    hits = [hit for _, clip in drawn for hit in clip]
    assert {kind for kind, _ in drawn} == {"groove", "scattered"}
    assert {hit.pitch for hit in hits} == set(DRUMS)
    assert min(hit.velocity for hit in hits) < 30 < 120 < max(hit.velocity for hit in hits)
