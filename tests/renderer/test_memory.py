"""What the score model knows by heart: found by family, key and age, silent where nothing was learnt."""

import numpy as np
import pytest
import torch

from genaudio.instruments import BY_NAME
from genaudio.renderer.features import score_features
from genaudio.renderer.memory import AT_ONCE, FADES, ROWS, KeyMemory, places
from genaudio.renderer.model import ScoreModel, ScoreModelConfig
from genaudio.sounding import Sounding

RATE = 100.0
FAMILIES = ("flute", "piano")


def seen(*notes: tuple[float, float, int, int], start: int = 0, frames: int = 60) -> torch.Tensor:
    """Features of notes, each (start, end, pitch, velocity): [1, F, 512]."""
    return torch.from_numpy(score_features([Sounding(*note) for note in notes], start, frames, RATE))[None]


def numbered() -> KeyMemory:
    """A memory of one channel that says the number of its row."""
    memory = KeyMemory(FAMILIES, 1)
    memory.table.data[:, 0] = torch.arange(len(memory.table))
    return memory


def recalled(features: torch.Tensor, family: int, memory: KeyMemory | None = None) -> np.ndarray:
    with torch.no_grad():
        return (memory or numbered())(features, torch.tensor([family]))[0, :, 0].numpy()


def row_of(family: int, pitch: int) -> int:
    """The first row of a key."""
    low, flute = BY_NAME[FAMILIES[family]].low, BY_NAME["flute"]
    return ((flute.high - flute.low + 1 if family else 0) + pitch - low) * ROWS


def test_rows_lie_close_where_notes_begin_and_end_at_the_last() -> None:
    found = places(torch.tensor([0.0, 1.0, 24.0, 26.0, 120.0, 124.0, 264.0, 5000.0]))
    assert found.tolist() == [0, 1, 24, 25, 72, 73, ROWS - 1, ROWS - 1]


@pytest.mark.parametrize(("family", "pitch"), [(0, 60), (0, 96), (1, 28), (1, 71)])
def test_a_held_note_is_found_by_family_key_and_age(family: int, pitch: int) -> None:
    found = recalled(seen((0.1, 0.5, pitch, 90)), family)
    ages = np.arange(41, dtype=np.float64)
    expected = row_of(family, pitch) + np.minimum(ages, 24) + np.maximum(ages - 24, 0) / 2
    np.testing.assert_allclose(found[10:51], expected, atol=1e-2)
    assert not found[:10].any()
    assert not found[51:].any(), "nothing is held any more"


def test_what_is_held_for_long_fades_from_memory() -> None:
    memory = numbered()
    memory.table.data.fill_(1.0)
    found = recalled(seen((0.0, 20.0, 60, 90), frames=400), 0, memory)
    end, fades = 264, 4 * FADES
    np.testing.assert_allclose(found[: end - fades], 1, atol=1e-5)
    np.testing.assert_allclose(found[end - fades : end], 1 - np.arange(fades) / fades, atol=1e-3)
    assert np.abs(found[end:]).max() < 1e-4


def test_notes_at_once_weigh_as_much_as_they_are_loud() -> None:
    found = recalled(seen((0.0, 0.5, 60, 120), (0.0, 0.5, 72, 40)), 0)
    np.testing.assert_allclose(found[3], 0.75 * row_of(0, 60) + 0.25 * row_of(0, 72) + 3, rtol=1e-5)
    crowd = [(0.0, 0.5, 60 + key, 20 + 10 * key) for key in range(AT_ONCE + 2)]
    np.testing.assert_allclose(recalled(seen(*crowd), 0), recalled(seen(*crowd[2:]), 0), rtol=1e-6)


def test_keys_beyond_the_range_are_taken_for_the_last() -> None:
    for wild, last in ((20, 60), (120, 96)):
        beyond, within = (recalled(seen((0.0, 0.5, pitch, 90)), 0) for pitch in (wild, last))
        np.testing.assert_array_equal(beyond, within)


def test_cuts_make_no_difference() -> None:
    notes = ((0.05, 0.52, 60, 90), (0.3, 1.1, 64, 60))
    whole = recalled(seen(*notes, frames=120), 0)
    parts = [recalled(seen(*notes, start=start, frames=40), 0) for start in (0, 40, 80)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def model(memory: int, families: tuple[str, ...] = FAMILIES) -> ScoreModel:
    torch.manual_seed(3)
    return ScoreModel(ScoreModelConfig(width=16, dilations=(1,), latent=4, memory=memory, families=families)).eval()


def test_an_empty_memory_changes_nothing_and_learns() -> None:
    plain, mindful = model(0), model(3)
    mindful.begin_with(plain.state_dict(), FAMILIES)
    features, family = seen((0.0, 0.5, 60, 90)), torch.tensor([1])
    assert torch.equal(plain(features, family), mindful(features, family))
    mindful(features, family).square().sum().backward()
    moved = mindful.memory.table.grad.abs().sum(1)
    first = row_of(1, 60)
    assert moved[first : first + 37].min() > 0
    moved[first : first + ROWS] = 0
    assert not moved.any(), "nothing else was asked for"


def test_what_is_known_by_heart_goes_with_its_family() -> None:
    old, new = model(2), model(2, ("oboe", "piano", "flute"))
    old.memory.table.data.normal_()
    new.begin_with(old.state_dict(), FAMILIES)
    for number, name in enumerate(FAMILIES):
        rows = new.memory.rows_of(new.config.families.index(name))
        assert torch.equal(new.memory.table[rows], old.memory.table[old.memory.rows_of(number)])
    assert not new.memory.table[new.memory.rows_of(0)].any(), "nobody knows an oboe by heart yet"
    assert torch.equal(new.recall.weight, old.recall.weight)
    with pytest.raises(RuntimeError):
        model(3).begin_with(old.state_dict(), FAMILIES)
    with pytest.raises(RuntimeError):
        model(0).begin_with(old.state_dict(), FAMILIES)


def test_sizes_are_read_as_they_are_stored() -> None:
    config = model(5).config
    assert ScoreModelConfig.from_json(config.to_json()) == config
    older = {name: value for name, value in config.to_json().items() if name != "memory"}
    assert ScoreModelConfig.from_json(older).memory == 0
