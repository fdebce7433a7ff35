"""Who plays a part, and the excitation of them all."""

import numpy as np
import pytest
import torch

from genaudio.codec.excitation import excite
from genaudio.codec.players import Player, perform, perform_many, players_of, stretches_of
from genaudio.codec.sources import excite_as, played_by
from genaudio.instruments import BY_NAME, DRUM_KIT, FAMILIES
from genaudio.sounding import Sounding

RATE, CPU = 44_100, torch.device("cpu")
NOTES = (Sounding(0.1, 0.5, 60, 90), Sounding(0.3, 0.8, 67, 60))


def test_a_section_plays_slightly_out_of_tune_and_of_step() -> None:
    cents, sways, levels = zip(*players_of(BY_NAME["strings"]), strict=True)
    assert cents == (-9.0, 0.0, 8.0)
    assert len({sway.rate for sway in sways}) == 3
    assert levels[0] == levels[2] < levels[1]
    (flute,) = players_of(BY_NAME["flute"])
    assert (flute.cents, flute.level) == (0, 1)
    assert players_of(DRUM_KIT) == (Player(0.0, None, 1.0),)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_section_is_as_loud_as_one(family) -> None:
    players = players_of(family)
    assert sum(player.level**2 for player in players) == pytest.approx(1)
    assert max(player.level for player in players) == max(player.level for player in players if player.cents == 0)


def test_performing_sums_up_the_players() -> None:
    accordion, bends = BY_NAME["accordion"], ((0.2, 0.5),)
    made = perform(accordion, iter(NOTES), RATE // 2, RATE, 2000, bends)
    each = [
        player.level * excite(played_by(accordion, NOTES, 2000, bends, player.vibrato, player.cents), RATE // 2, RATE)
        for player in players_of(accordion)
    ]
    assert len(each) == 2
    np.testing.assert_allclose(made, sum(each), atol=1e-6)
    np.testing.assert_array_equal(perform(DRUM_KIT, NOTES, RATE, RATE), excite_as(DRUM_KIT, NOTES, RATE, RATE))


def test_many_rows_are_performed_as_each_alone() -> None:
    names = ("strings", "oboe", None, "accordion")
    rows = []
    for name in names:
        rows.append(stretches_of(BY_NAME[name], NOTES, 300) if name else [])
    made = perform_many(rows, 30_000, RATE, CPU)
    for row, name in zip(made.numpy(), names, strict=True):
        expected = perform(BY_NAME[name], NOTES, 30_000, RATE, 300) if name else np.zeros((2, 30_000))
        np.testing.assert_allclose(row, expected, atol=3e-5)
    assert torch.equal(perform_many(rows[3:], 30_000, RATE, CPU)[0], made[3])
    assert perform_many([], 100, RATE, CPU).shape == (0, 2, 100)
