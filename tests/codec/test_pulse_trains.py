"""The excitation of many stretches at once, against the one that is made note by note."""

import numpy as np
import pytest
import torch

from genaudio.codec.excitation import Stretch, Vibrato, excite
from genaudio.codec.pulse_trains import TILE, TOLERANCE, excite_many
from genaudio.codec.sources import played_by
from genaudio.instruments import BY_NAME, FAMILIES, Stiffness
from genaudio.sounding import Sounding

RATE = 44_100
CPU = torch.device("cpu")
WAYS = [
    {},
    {"decay": 0.2, "release": 0.8},
    {"vibrato": Vibrato(5.5, 0.17)},
    {"bends": ((0.5, 1.0), (1.2, -2.0))},
    {"decay": 0.2, "overtones": Stiffness(3e-4, 0.08, 2e-3)},
    {"decay": 0.3, "overtones": BY_NAME["vibraphone"].overtones},
    {"overtones": BY_NAME["vibraphone"].overtones},
    {"bends": ((0.7, 0.3),), "vibrato": Vibrato(5.0, 0.1), "decay": 0.1},
    {"cents": -9.0, "overtones": Stiffness(3e-4, 0.08, 2e-3)},
]


def music(seed: int, count: int = 12, seconds: float = 3.0) -> tuple[Sounding, ...]:
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.uniform(0, seconds, count))
    return tuple(
        Sounding(float(s), float(s + rng.uniform(0.03, 1.5)), int(rng.integers(21, 109)), int(rng.integers(1, 128)))
        for s in starts
    )


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "+".join(way) or "steady")
def test_each_stretch_is_the_one_that_is_made_alone(way) -> None:
    stretches = [Stretch(music(seed), start, **way) for seed, start in ((0, 0), (1, 12_345), (2, 70_000))]
    made = excite_many(stretches, 3 * TILE + 77, RATE, CPU).numpy()
    for stretch, wave in zip(stretches, made, strict=True):
        np.testing.assert_allclose(wave, excite(stretch, 3 * TILE + 77, RATE), atol=TOLERANCE, rtol=0)
        assert np.abs(wave).max() > 2000 * TOLERANCE


@pytest.mark.parametrize("family", [family for family in FAMILIES if not family.drums], ids=lambda family: family.name)
def test_every_family_is_excited_the_same_way(family) -> None:
    vibrato = Vibrato(*family.vibrato) if family.vibrato else None
    notes = tuple(Sounding(0.1 * i, 0.1 * i + 0.4, pitch, 90) for i, pitch in enumerate((family.low, family.high)))
    stretch = played_by(family, notes, 1000, (), vibrato)
    made = excite_many([stretch], RATE, RATE, CPU)[0].numpy()
    np.testing.assert_allclose(made, excite(stretch, RATE, RATE), atol=TOLERANCE, rtol=0)


def test_late_in_a_piece_it_is_as_exact() -> None:
    notes = (Sounding(3600.0, 3602.0, 100, 127), Sounding(3590.0, 3601.5, 40, 80))
    for way in (*WAYS[:3], *WAYS[4:6]):
        stretch = Stretch(notes, 3601 * RATE, **way)
        made = excite_many([stretch], RATE // 2, RATE, CPU)[0].numpy()
        np.testing.assert_allclose(made, excite(stretch, RATE // 2, RATE), atol=TOLERANCE, rtol=0)


def test_a_stretch_does_not_depend_on_what_is_made_beside_it() -> None:
    stretches = [Stretch(music(seed, 9), 5000 * seed, **way) for seed, way in enumerate(WAYS)]
    together = excite_many(stretches, 20_000, RATE, CPU)
    for number in (4, 0, 7, 5, 2, 3, 6, 1):
        beside = excite_many([stretches[1], stretches[number]], 20_000, RATE, CPU)[1]
        assert torch.equal(beside, together[number])


def test_many_notes_at_one_time_and_none_at_all() -> None:
    crowd = Stretch(tuple(Sounding(0.01, 0.2, 21 + i % 88, 100) for i in range(300)), 0)
    made = excite_many([crowd, Stretch((), 0)], 10_000, RATE, CPU).numpy()
    np.testing.assert_allclose(made[0], excite(crowd, 10_000, RATE), atol=20 * TOLERANCE, rtol=0)
    assert not made[1].any()
    assert not excite_many([Stretch((), 0)], 100, RATE, CPU).any()
    assert excite_many([], 100, RATE, CPU).shape == (0, 2, 100)
