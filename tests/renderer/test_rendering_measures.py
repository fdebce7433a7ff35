"""The measures of the benchmark of rendering, on sounds whose measures are known."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from rendering_measures import (
    at_level,
    attack_time,
    border_clicks,
    level,
    loudest_silence,
    onset_levels,
    onsets_f1,
    silences,
    velocity_correlation,
)
from sections.sound import SECTIONS

from genaudio.sounding import Sounding

RATE = 44_100


def tone(seconds: float, frequency: float = 440.0) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


def ramp(seconds: float, frequency: float = 440.0) -> np.ndarray:
    """A second of silence, then a tone that rises linearly in so many seconds."""
    sound = tone(2.0, frequency)
    return sound * np.clip((np.arange(len(sound)) / RATE - 1.0) / seconds, 0, 1).astype(np.float32)


def test_levels_are_of_full_scale() -> None:
    assert level(np.ones(100)) == pytest.approx(0.0, abs=1e-3)
    assert level(tone(1.0)) == pytest.approx(-3.01, abs=0.01)  # a sine of full scale
    assert level(np.zeros(100)) == pytest.approx(-120.0)
    assert level(at_level(tone(1.0), 0.1)) == pytest.approx(-20.0, abs=0.01)


@pytest.mark.parametrize(("seconds", "frequency"), [(0.02, 440.0), (0.05, 440.0), (0.05, 55.0)])
def test_attacks_take_from_10_to_90_per_cent(seconds: float, frequency: float) -> None:
    found = attack_time(ramp(seconds, frequency), 1.0, RATE)
    assert found == pytest.approx(0.8 * seconds, abs=0.006)  # the envelope is smoothed over 5 ms


def test_attacks_rise_from_what_rings_before() -> None:
    ringing = 0.03 * tone(2.0, 300.0)
    assert attack_time(ringing + ramp(0.04), 1.0, RATE) == pytest.approx(0.032, abs=0.01)
    assert np.isnan(attack_time(ringing, 1.0, RATE))


def test_velocity_is_compared_within_a_pitch() -> None:
    notes = [Sounding(i, i + 0.5, 60 + i % 2, 30 + 20 * (i // 2)) for i in range(8)]
    levels = np.array([-40.0 + 5 * (i // 2) + 20 * (i % 2) for i in range(8)])  # the other pitch is 20 dB louder
    assert velocity_correlation(notes, levels) == pytest.approx(1.0)
    assert velocity_correlation(notes, -levels) == pytest.approx(-1.0)
    assert velocity_correlation(notes, np.full(8, -30.0)) == 0.0


def test_a_note_is_as_loud_as_its_beginning() -> None:
    sound = np.concatenate([np.zeros(RATE // 2, np.float32), tone(1.0), 0.1 * tone(1.0)])
    levels = onset_levels(sound, [Sounding(0.5, 1.5, 69, 90), Sounding(1.6, 2.4, 69, 30)], RATE)
    np.testing.assert_allclose(levels, [-3.01, -23.01], atol=0.1)


def test_silence_is_where_nothing_is_written_nor_rings() -> None:
    notes = [Sounding(1.0, 2.0, 60, 90), Sounding(1.5, 3.0, 64, 90), Sounding(6.0, 7.0, 60, 90)]
    spans = silences(notes, 10.0, ring=1.5)
    assert spans == [(0.0, 0.97), (4.5, 5.97), (8.5, 10.0)]
    sound = np.zeros(10 * RATE, np.float32)
    sound[RATE : 4 * RATE] = 1.0
    assert loudest_silence(sound, spans, RATE) == pytest.approx(-120.0)
    sound[5 * RATE : 5 * RATE + RATE // 10] = 0.01  # a tenth of a second is enough
    assert loudest_silence(sound, spans, RATE) == pytest.approx(-40.0, abs=3.1)


def test_a_jump_at_a_border_is_a_click() -> None:
    sound = 0.1 * tone(1.0)
    assert border_clicks(sound, [20_000, 30_000]) < 3
    broken = sound.copy()
    broken[30_000:] *= 0.5
    assert border_clicks(broken, [20_000, 30_000]) > 10
    assert border_clicks(broken, [20_000, 25_000]) < 3


def test_onsets_are_matched_one_to_one() -> None:
    pytest.importorskip("mir_eval")
    written = np.array([1.0, 2.0, 3.0, 4.0])
    assert onsets_f1(written + 0.04, written) == 1.0
    assert onsets_f1(written + 0.06, written) == 0.0
    assert onsets_f1(np.array([1.0, 1.01, 2.0]), written) == pytest.approx(2 * 2 / 7)  # one of a pair is too many
    assert onsets_f1(np.array([]), written) == 0.0
    assert onsets_f1(np.array([]), np.array([])) == 1.0


def test_a_result_of_other_weights_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fluidsynth")
    from rendering import keep

    monkeypatch.setattr(sys, "argv", ["benchmarks/rendering.py", "--result", "x.json", "--only", "tunes"])
    path = tmp_path / "rendering.json"
    keep(path, "tunes", {"x": 1}, "old")
    keep(path, "probes", {"x": 2}, "old")
    assert set(json.loads(path.read_text())["parts"]) == {"tunes", "probes"}
    keep(path, "probes", {"x": 3}, "new")
    kept = json.loads(path.read_text())
    assert kept["weights"] == "new"
    assert set(kept["parts"]) == {"probes"}
    assert kept["parts"]["probes"]["command"] == "python benchmarks/rendering.py --only tunes"


def test_the_page_shows_the_parts_that_were_run() -> None:
    row = {"teacher": 1.0, "codec": 1.0, "ours": 0.5, "ours_named": {"flute": 1, "oboe": 1}}
    machine = {"cores": 2, "processor": "x", "python": "3.11"}
    part = {"command": "python x", "machine": machine, "clips": 3, "trials": 2, "seconds": 5.0}
    part |= {"families": {"flute": row}, "teacher": 1.0, "codec": 1.0, "ours": 0.5, "ratio": 0.5}
    page = SECTIONS["rendering"]({"weights": "w", "parts": {"instruments": part}})
    assert "| flute | 1.0 | 1.0 | 0.5 | oboe 1 |" in page
    assert "Drums" not in page
