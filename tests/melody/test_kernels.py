"""Melodies in bfloat16: compiled kernels beside numpy, torch and each other."""

import numpy as np
import pytest
import torch
from numba import njit

from genaudio.melody import kernels
from genaudio.melody.batching import SIZES, agree
from genaudio.melody.bfloat import BfloatDecoder, has_tiles
from genaudio.melody.cpu import CpuDecoder
from genaudio.melody.decoder import Decoder
from genaudio.melody.features import COLUMNS, PLACE_COLUMNS
from genaudio.melody.tiles import STEP, multiply, packed, rounded
from genaudio.melody.transformer import MelodyTransformer, Shape
from genaudio.melody.vocabulary import Vocabulary

SQUARE = Shape(width=64, layers=2, heads=2, hidden=96, dropout=0.0)
"""All sizes are multiples of `STEP`."""

needs_tiles = pytest.mark.skipif(not has_tiles(SQUARE), reason="this machine has no AMX")


@njit
def multiply_by_tiles(left, right, kept, total):
    multiply(left, right, kept, total)


@njit(error_model="numpy")
def powers(x):
    return np.array([kernels._exp(one) for one in x])


@pytest.fixture
def square(vocabulary: Vocabulary) -> MelodyTransformer:
    torch.manual_seed(5)
    return MelodyTransformer(vocabulary, SQUARE).eval()


def outputs(decoder: Decoder, lines: int, used: int, events: int = 40) -> np.ndarray:
    """Return the states and all scores that come of random events, [events, used, D + S + P]."""
    chance = np.random.default_rng(3)
    memory = decoder.start(chance.integers(0, 2, (lines, decoder.wishes)), used)
    found = []
    with torch.inference_mode():
        for features in chance.integers(0, 2, (events, lines, len(COLUMNS))):
            hidden = decoder.advance(memory, features[:, None])
            scores = decoder.pitch_scores(hidden, features, features[:, 0], features[:, : len(PLACE_COLUMNS)])
            found.append(torch.cat([hidden, decoder.rhythm_scores(hidden, features), scores], dim=1)[:used].numpy())
    return np.stack(found)


def test_numbers_are_rounded_as_torch_rounds_them() -> None:
    some = np.random.default_rng(0).standard_normal(10000).astype(np.float32)
    ties = (np.arange(16, dtype=np.uint32) << 15 | 0x3F800000).view(np.float32)  # half way, above even and odd numbers
    for numbers in (some, ties):
        expected = torch.from_numpy(numbers).bfloat16()
        assert torch.equal(torch.from_numpy(rounded(numbers)).view(torch.bfloat16), expected)


def test_powers_are_good_to_two_units_in_the_last_place() -> None:
    x = np.linspace(-87, 88, 100001).astype(np.float32)
    expected = np.exp(x.astype(np.float64))
    assert np.all(np.abs(powers(x) - expected) <= 2 * np.spacing(expected.astype(np.float32)))
    assert powers(np.array([-1e9, 1e9], np.float32)) == pytest.approx(np.exp([-87.0, 88.0]))


@needs_tiles
@pytest.mark.parametrize("kept", [0, 1])
@pytest.mark.parametrize(("rows", "depth", "columns"), [(32, 32, 32), (64, 96, 160)])
def test_tiles_multiply_as_torch_does(rows: int, depth: int, columns: int, kept: int) -> None:
    chance = np.random.default_rng(1)
    left, right, total = (
        chance.standard_normal(size).astype(np.float32) for size in ((rows, depth), (depth, columns), (rows, columns))
    )
    by_torch, by_tiles = total.copy(), total.copy()
    multiply(rounded(left), torch.from_numpy(right).bfloat16().float(), kept, by_torch)
    multiply_by_tiles(rounded(left), packed(right), kept, by_tiles)
    assert not np.allclose(by_torch, total, atol=0.1)
    np.testing.assert_allclose(by_tiles, by_torch, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("tiles", [False, pytest.param(True, marks=needs_tiles)])
def test_steps_and_scores_are_those_of_single_precision_but_for_rounding(
    tiles: bool, square: MelodyTransformer
) -> None:
    """With lines that only fill the batch up, and more events than there is room for at first."""
    exact = outputs(CpuDecoder(square), 40, 35, 150)
    np.testing.assert_allclose(outputs(BfloatDecoder(square, tiles), 40, 35, 150), exact, atol=0.03)


@needs_tiles
def test_steps_and_scores_are_the_same_with_and_without_tiles_but_for_the_order_of_sums(
    square: MelodyTransformer,
) -> None:
    """Which a number half way between two in bfloat16 may show; far nearer than rounding brings either to the truth."""
    apart = np.abs(outputs(BfloatDecoder(square, True), 32, 32) - outputs(BfloatDecoder(square, False), 32, 32))
    assert apart.mean() < 2e-4


@needs_tiles
def test_lines_agree_in_all_sizes_with_tiles(square: MelodyTransformer) -> None:
    assert agree(BfloatDecoder(square, True), SIZES[0])


@needs_tiles
def test_several_threads_find_what_one_finds(square: MelodyTransformer) -> None:
    decoder, before = BfloatDecoder(square, True), torch.get_num_threads()
    alone = outputs(decoder, 64, 40)
    try:
        torch.set_num_threads(2)
        np.testing.assert_array_equal(outputs(decoder, 64, 40), alone)
    finally:
        torch.set_num_threads(before)


@needs_tiles
def test_sizes_that_fill_no_tiles_are_multiplied_by_torch() -> None:
    assert not has_tiles(Shape(width=48, layers=1, heads=3, hidden=STEP, dropout=0.0))
    assert not has_tiles(Shape(width=STEP, layers=1, heads=1, hidden=48, dropout=0.0))


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_folder(cache: bool = False, **options: object) -> object:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(kernels, "njit", without_folder)
    assert kernels._compiled(lambda x: x + 1)(1) == 2
