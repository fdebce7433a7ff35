"""Training sound on the device: the same audio, excitations and keys as drawn example by example."""

from functools import partial

import numpy as np
import pytest
import torch

from genaudio.codec.crops import UNKNOWN, CropRecipe, Crops
from genaudio.codec.players import perform
from genaudio.codec.resident import ResidentCrops, ResidentSound, excitations, runs
from genaudio.codec.sources import excite_as, keys_of
from genaudio.errors import GenaudioError
from genaudio.instruments import BY_NAME
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE, Performance, TeacherSet
from genaudio.training.batches import in_order

CPU = torch.device("cpu")
NOTES = (Sounding(0.1, 0.9, 60, 100), Sounding(0.5, 1.8, 67, 80))
HOP, FRAMES = 512, 32
PLAYERS = ("piano", "violin", "drums")


def material() -> TeacherSet:
    """Three seconds of noise, said to be what three families play."""
    audio = np.random.default_rng(0).integers(-9000, 9000, (3, 3 * SAMPLE_RATE)).astype(np.int16)
    return TeacherSet(audio, tuple(Performance(name, "melody", NOTES) for name in PLAYERS))


def sections() -> TeacherSet:
    """Six clips of noise, said to be what strings play."""
    audio = np.random.default_rng(1).integers(-9000, 9000, (6, 3 * SAMPLE_RATE)).astype(np.int16)
    return TeacherSet(audio, (Performance("strings", "melody", NOTES),) * 6)


class Unknown:
    """The same clips, of which nobody knows what they play."""

    samples = 3 * SAMPLE_RATE

    def stretch(self, index: int, start: int, samples: int) -> np.ndarray:
        return material().stretch(index, start, samples)

    def played(self, index: int) -> None:
        return None

    def __len__(self) -> int:
        return 3


def test_neighbours_of_one_length_go_together() -> None:
    assert list(runs([3, 3, 3, 5, 3, 3], 2)) == [[0, 1], [2], [3], [4, 5]]
    assert list(runs([])) == []


def crops(**recipe: float) -> ResidentCrops:
    return ResidentCrops(material(), CropRecipe(batch=12, frames=FRAMES, **recipe), HOP, CPU)


def test_what_is_cut_is_what_an_example_would_have() -> None:
    drawn, samples, start = crops(), FRAMES * HOP, 40 * HOP
    for clip, name in enumerate(PLAYERS):
        where = torch.tensor([clip]), torch.tensor([start])
        expected = excite_as(BY_NAME[name], NOTES, samples, SAMPLE_RATE, start)
        np.testing.assert_allclose(drawn.sound.excitation(*where, samples)[0], expected, atol=1e-4)
        np.testing.assert_array_equal(drawn.sound.audio(*where, samples)[0], material().stretch(clip, start, samples))
        keys = keys_of(BY_NAME[name], NOTES, start, FRAMES + 1, HOP, SAMPLE_RATE)
        np.testing.assert_allclose(drawn._keys(*where)[0], keys, atol=1e-3)


def test_beyond_the_end_of_a_clip_there_is_silence() -> None:
    """Not the beginning of the next clip, nor, after the last, an index that there is not."""
    clips = [(np.full(length, 0.5, np.float32), torch.full((2, length), 2.0)) for length in (5, 3)]
    sound = ResidentSound(clips, CPU)
    where = torch.tensor([0, 1]), torch.tensor([3, 0])
    assert (sound.audio(*where, 4) > 0).tolist() == [[True, True, False, False], [True, True, True, False]]
    assert sound.excitation(*where, 4).tolist() == [[[2, 2, 0, 0]] * 2, [[2, 2, 2, 0]] * 2]


def test_bent_notes_are_bent() -> None:
    bends = ((0.0, 0.0), (0.5, 2.0))
    played = [(BY_NAME["violin"], NOTES, bends), None]
    made = list(excitations(played, [SAMPLE_RATE, SAMPLE_RATE // 2], SAMPLE_RATE, CPU))
    expected = excite_as(BY_NAME["violin"], NOTES, SAMPLE_RATE, SAMPLE_RATE, 0, bends)
    np.testing.assert_allclose(made[0], expected, atol=1e-4)
    assert not made[1].any()
    assert made[1].shape == (2, SAMPLE_RATE // 2)


def test_all_who_play_may_be_heard() -> None:
    played = [(BY_NAME[name], NOTES, ()) for name in ("strings", "piano", "drums")]
    made = excitations(played, [SAMPLE_RATE] * 3, SAMPLE_RATE, CPU, performed=[True] * 3)
    for (family, notes, _), excitation in zip(played, made, strict=True):
        np.testing.assert_allclose(excitation, perform(family, notes, SAMPLE_RATE, SAMPLE_RATE), atol=1e-4)


def test_some_clips_are_excited_by_all_who_play() -> None:
    """The same clips in both ways of drawing, and each of them always."""
    recipe = CropRecipe(batch=8, frames=FRAMES, alone=0.0, performed=0.5)
    assert len({recipe.is_performed(clip) for clip in range(20)}) == 2
    held, samples = ResidentCrops(sections(), recipe, HOP, CPU), FRAMES * HOP
    plain = Crops(sections(), recipe, HOP)
    for clip in range(len(sections())):
        played = perform if recipe.is_performed(clip) else excite_as
        expected = played(BY_NAME["strings"], NOTES, samples, SAMPLE_RATE, 7 * HOP)
        where = torch.tensor([clip]), torch.tensor([7 * HOP])
        np.testing.assert_allclose(held.sound.excitation(*where, samples)[0], expected, atol=1e-4)
        plain._cut = lambda rng, clip=clip: (clip, 7 * HOP, np.zeros(samples, np.float32))
        np.testing.assert_array_equal(plain.example(np.random.default_rng(0)).excitation, expected)


def test_a_family_is_drawn_more_often() -> None:
    recipe = CropRecipe(batch=400, frames=FRAMES, alone=0.0, often={"piano": 8.0, "violin": 0.0})
    held, plain = ResidentCrops(material(), recipe, HOP, CPU), Crops(material(), recipe, HOP)
    drawn = held._cut(torch.Generator().manual_seed(0), 9000)[0]
    rng = np.random.default_rng(0)
    also = torch.tensor([plain._cut(rng)[0] for _ in range(9000)])
    for clips in (drawn, also):
        np.testing.assert_allclose(torch.bincount(clips, minlength=3) / 9000, [8 / 9, 0, 1 / 9], atol=0.02)


def test_a_batch_has_the_shares_of_the_recipe() -> None:
    batches = crops(alone=0.5, quiet=0.5, tones=0.4, mixed=1.0).batches(0, 0, False)
    rows = [next(batches) for _ in range(40)]
    batches.close()
    assert all(int(row.alone.sum()) == 6 for row in rows)
    assert all(not row.excitation[row.alone].any() for row in rows)
    assert all(float(row.audio.abs().max()) <= 1 for row in rows)
    quiet = sum(int((row.audio.abs().amax(1) < 0.06).sum()) for row in rows)
    assert 110 <= quiet <= 200, "three of twelve are faint, and a tone can be"
    toned = [row for row in rows if (row.keys[3:6] > 0).any()]
    assert len(toned) == 40


def test_rows_of_batches_are_the_same_again() -> None:
    first, again = crops(tones=0.2).batches(7, 0, False), crops(tones=0.2).batches(7, 1, False)
    next(first)
    for one, other in zip(next(first), next(again), strict=True):
        assert torch.equal(one, other)
    first.close()
    again.close()


def test_recordings_without_notes_are_always_alone() -> None:
    drawn = ResidentCrops(Unknown(), CropRecipe(batch=6, frames=FRAMES, quiet=0.0), HOP, CPU)
    batch = drawn.batch(np.random.default_rng(0))
    assert batch.alone.all()
    assert not batch.excitation.any()
    assert (batch.keys == UNKNOWN).all()


def test_clips_shorter_than_an_example_are_refused() -> None:
    with pytest.raises(GenaudioError, match="too short"):
        ResidentCrops(material(), CropRecipe(frames=300), HOP, CPU)


def test_clips_of_any_length_lie_end_to_end() -> None:
    clips = [(np.full(length, 0.1 * length, np.float32), torch.full((2, length), float(length))) for length in (3, 5)]
    sound = ResidentSound(clips, CPU)
    where = torch.tensor([0, 1]), torch.tensor([1, 3])
    np.testing.assert_allclose(sound.audio(*where, 2), [[0.3, 0.3], [0.5, 0.5]], atol=1e-4)
    np.testing.assert_array_equal(sound.excitation(*where, 2), [[[3, 3]] * 2, [[5, 5]] * 2])


def _square(number: int, scale: int) -> torch.Tensor:
    return torch.tensor(scale * number**2)


@pytest.mark.parametrize("loaders", [0, 2])
def test_items_come_in_order_whoever_makes_them(loaders: int) -> None:
    assert [int(item) for item in in_order(partial(_square, scale=3), 7, loaders)] == [3 * n**2 for n in range(7)]
