"""Long scores: the sound that memory would hold, from disk, where nothing of it stays."""

import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from genaudio.codec import codec as codec_module
from genaudio.errors import GenaudioError
from genaudio.renderer import renderer as renderer_module
from genaudio.renderer.mix import Reverb, add_room
from genaudio.renderer.renderer import Renderer
from genaudio.renderer.streaming import Taped
from genaudio.renderer.tape import Tape
from genaudio.score import Note, Score, Track

RATE = 44_100


def score(seconds: float, tracks: int = 1) -> Score:
    notes = [tuple(Note(i * 0.5, 0.7, 50 + (5 * i + 3 * t) % 30) for i in range(int(2 * seconds))) for t in range(3)]
    parts = (Track(notes[i], program=40 * i, name=f"V{i}", pan=0.5 - i / 2, drums=i == 2) for i in range(tracks))
    return Score(tuple(parts), tempi=((0.0, 60.0),))


def whole(sound: Taped) -> np.ndarray:
    return np.concatenate(list(sound.blocks()), axis=1)


@pytest.mark.parametrize("reverb", [0.0, 0.12])
def test_a_streamed_rendering_is_bit_by_bit_the_one_in_memory(renderer: Renderer, reverb: float) -> None:
    music, settings = score(14.0, tracks=3), {"seed": 5, "reverb": reverb, "stems": True, "loudness": -20.0}
    kept = renderer.render(music, **settings)
    with renderer.stream(music, **settings) as streamed:
        np.testing.assert_array_equal(whole(streamed.master), kept.audio)
        assert list(streamed.stems) == list(kept.stems)
        for name, stem in streamed.stems.items():
            np.testing.assert_array_equal(whole(stem), kept.stems[name])
        assert (streamed.gain, streamed.loudness, streamed.true_peak) == (kept.gain, kept.loudness, kept.true_peak)
        assert (streamed.seconds, streamed.left_out) == (kept.seconds, kept.left_out)


def test_only_stretches_are_in_memory(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (codec_module, renderer_module):
        monkeypatch.setattr(module, "stretch_for", lambda channels, device: 200)
    shares: list[float] = []
    longest = 0
    decode = renderer.codec._decode_span

    def watched(codes: np.ndarray, *more: object) -> np.ndarray:
        nonlocal longest
        longest = max(longest, codes.shape[2])
        return decode(codes, *more)

    monkeypatch.setattr(renderer.codec, "_decode_span", watched)
    with renderer.stream(score(20.0), on_progress=shares.append) as streamed:
        assert all(block.shape[1] <= 1 << 18 for block in streamed.master.blocks())
    assert longest <= 200 + 2 * renderer.codec.model.reach
    assert len(shares) == 10  # of 1852 frames
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("cut", [1000, 213_635, 700_000])
def test_reverberation_does_not_depend_on_the_cut(cut: int) -> None:
    dry = (0.1 * np.random.default_rng(cut).standard_normal((2, 500_001))).astype(np.float32)
    reverb, parts = Reverb(RATE, 0.3), []
    for start in range(0, dry.shape[1], cut):
        parts += list(reverb.add(dry[:, start : start + cut]))
    np.testing.assert_array_equal(np.concatenate([*parts, reverb.finish()], axis=1), add_room(dry, RATE, 0.3))


def test_a_tape_gives_back_what_it_was_given(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).standard_normal((2, 600_000)).astype(np.float32)
    with Tape(tmp_path, 2) as tape:
        for start in range(0, sound.shape[1], 70_001):
            tape.write(sound[:, start : start + 70_001])
        for _ in range(2):
            np.testing.assert_array_equal(np.concatenate(list(tape.read()), axis=1), sound)
        assert tape.samples == 600_000


def open_files() -> set[str]:
    """What this process has open."""
    return {str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are listed on Linux only")
@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_nothing_stays_on_disk(renderer: Renderer, tmp_path: Path, error: type[BaseException] | None) -> None:
    def work() -> None:
        with renderer.stream(score(2.0, tracks=2), stems=True, folder=tmp_path):
            assert sum(str(tmp_path) in name for name in open_files()) == 3
            assert not list(tmp_path.iterdir()), "without a name, so that not even a kill leaves it behind"
            if error is not None:
                raise error

    if error is None:
        work()
    else:
        with pytest.raises(error):
            work()
    assert not any(str(tmp_path) in name for name in open_files())
    assert not list(tmp_path.iterdir())


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let no file become larger than 100 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_files")
def test_a_full_disk_is_said(renderer: Renderer, tmp_path: Path) -> None:
    with pytest.raises(GenaudioError, match=r"sound cannot be kept in .* until it is mastered: File too large"):
        renderer.stream(score(3.0), folder=tmp_path).__enter__()
    with pytest.raises(GenaudioError, match="No such file or directory"):
        Tape(tmp_path / "none", 2)
