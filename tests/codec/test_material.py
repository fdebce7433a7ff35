"""Several materials as one."""

import numpy as np
import pytest

from genaudio.codec.crops import CropRecipe, Crops
from genaudio.codec.material import Joined
from genaudio.errors import GenaudioError
from genaudio.instruments import BY_NAME, Family
from genaudio.sounding import Sounding


class Level:
    """Clips of one level each, told apart by it."""

    def __init__(self, levels: list[float], family: Family | None, samples: int = 40_000) -> None:
        self.levels, self.family, self.samples = levels, family, samples

    def stretch(self, index: int, start: int, samples: int) -> np.ndarray:
        return np.full(samples, self.levels[index], np.float32)

    def played(self, index: int) -> tuple[Family, tuple[Sounding, ...]] | None:
        return self.family and (self.family, (Sounding(0.0, 1.0, 60 + index, 90),))

    def __len__(self) -> int:
        return len(self.levels)


def test_clips_follow_each_other() -> None:
    flute, horn = BY_NAME["flute"], BY_NAME["horn"]
    joined = Joined([Level([0.1, 0.2], flute), Level([], None), Level([0.3], None), Level([0.4], horn)])
    assert len(joined) == 4
    assert [round(float(joined.stretch(clip, 0, 8).mean()), 3) for clip in range(4)] == [0.1, 0.2, 0.3, 0.4]
    played = [joined.played(clip) for clip in range(4)]
    assert [one and (one[0], one[1][0].pitch) for one in played] == [(flute, 60), (flute, 61), None, (horn, 60)]


def test_every_clip_is_drawn_as_often_as_any_other() -> None:
    joined = Joined([Level([0.1], BY_NAME["flute"]), Level([0.2, 0.3, 0.4], None)])
    crops = Crops(joined, CropRecipe(frames=16), 512)
    np.testing.assert_allclose(np.diff(crops.shares, prepend=0), 0.25)


def test_clips_of_one_length_are_needed() -> None:
    with pytest.raises(GenaudioError, match="8000 and 9000 samples"):
        Joined([Level([0.1], None, 9000), Level([0.1], None, 8000)])
    with pytest.raises(GenaudioError, match="one length"):
        Joined([])
