"""The ears of the benchmark of rendering: instruments and drums told apart; and its pictures."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from rendering_drums import KINDS, groove, isolated, kinds_at, patches, strokes
from rendering_instruments import statistics

from genaudio.percussion import DRUMS
from genaudio.sounding import Sounding

RATE = 44_100


def sound(seconds: float, harmonics: int) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, harmonics + 1)).astype(np.float32) * 0.2


def test_an_instrument_is_described_whatever_its_loudness_and_noise_floor() -> None:
    here = statistics(sound(1.0, 8))
    np.testing.assert_allclose(statistics(sound(1.0, 8) * 0.1), here, atol=1e-3)
    noise = 2e-5 * np.random.default_rng(1).standard_normal(RATE).astype(np.float32)
    assert np.abs(statistics(sound(1.0, 8) + noise) - here).max() < 0.02
    assert np.abs(statistics(sound(1.0, 2)) - here).max() > 0.2


def test_grooves_have_every_kind_and_keep_their_time() -> None:
    for seed in range(5):
        notes = groove(np.random.default_rng(seed))
        assert {DRUMS[note.pitch].kind for note in notes} == set(KINDS)
        assert 0.48 <= notes[0].start <= 0.52
        assert max(note.start for note in notes) < 13.0
    assert groove(np.random.default_rng(1)) == groove(np.random.default_rng(1))


def test_single_hits_are_a_second_apart() -> None:
    notes = isolated(np.random.default_rng(1), 2)
    assert sorted(note.pitch for note in notes) == sorted([*DRUMS, *DRUMS])
    np.testing.assert_allclose(np.diff([note.start for note in notes]), 1.0)


def test_hits_together_are_one_stroke() -> None:
    notes = tuple(Sounding(start, start + 0.5, key, 90) for start, key in [(1.0, 36), (1.01, 42), (1.5, 38)])
    assert strokes(notes).tolist() == [1.0, 1.5]
    assert kinds_at(notes, 1.02) == {"kick", "hi-hat"}
    assert kinds_at(notes, 1.3) == set()


def test_what_is_struck_is_seen_at_its_onset() -> None:
    audio = np.zeros(2 * RATE, np.float32)
    audio[RATE : RATE + 4410] = sound(0.1, 1)
    seen = patches(audio, np.array([1.0, 0.2, 1.99]))
    assert seen.shape[0] == 3
    assert np.isfinite(seen).all()
    assert seen[0].max() > 0.5  # a rise
    assert seen[1].max() <= 0.0  # nothing happens


def test_pictures_are_small(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("fluidsynth")
    from listening import COLOURS, picture
    from PIL import Image

    noise = np.random.default_rng(1).standard_normal(5 * RATE).astype(np.float32)
    path = tmp_path / "noise.png"
    picture({"teacher": noise, "codec": sound(5.0, 20), "rendering": np.zeros(5 * RATE, np.float32)}, path)
    assert path.stat().st_size < 78_000  # nineteen of them stay below 1.5 MB, even of noise
    page = Image.open(path)
    assert page.mode == "P"
    assert page.width < 1100
    assert int(np.asarray(page).max()) < COLOURS
