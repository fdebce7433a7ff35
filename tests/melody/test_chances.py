import numpy as np

from genaudio.melody.chances import AHEAD, Chances


def test_each_row_draws_what_its_generator_gives_one_by_one() -> None:
    """Rows draw in different numbers, and go on in another order, some of them no longer."""
    chance, names = np.random.default_rng(0), np.arange(6)
    alone = [np.random.default_rng(seed) for seed in names]
    chances = Chances([np.random.default_rng(seed) for seed in names])
    for _ in range(3 * AHEAD):
        rows = np.flatnonzero(chance.random(len(names)) < 0.7)
        assert chances.draw(rows).tolist() == [alone[name].random() for name in names[rows]]
        if chance.random() < 0.02:
            kept = chance.permutation(len(names))[: max(len(names) - 1, 3)]
            chances.keep(kept)
            names = names[kept]
    assert len(names) == 3
