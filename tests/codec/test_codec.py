"""The codec on audio of any length: shapes, joins, refusals."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from genaudio.codec import codec as codec_module
from genaudio.codec.codec import Codec, CodeFlow, spans
from genaudio.codec.encodec_view import as_encodec
from genaudio.codec.noise import white_noise
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.weights import save_weights

HOP = 512


def sound(samples: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((channels, samples)) * 0.1).astype(np.float32)


@pytest.mark.parametrize("samples", [1, 511, 512, 513, 44_100])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_codes_have_a_frame_for_each_hop_and_decode_to_the_length(tiny: Codec, samples: int, channels: int) -> None:
    codes = tiny.encode(sound(samples, channels))
    assert codes.shape == (channels, 3, samples // HOP + 1)
    decoded = tiny.decode(codes, samples)
    assert decoded.shape == (channels, samples)
    assert np.isfinite(decoded).all()
    assert np.abs(decoded).max() <= 1


def test_long_audio_is_the_same_in_stretches(tiny: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = sound(200 * HOP + 17)
    whole_codes = tiny.encode(audio)
    whole = tiny.decode(whole_codes, audio.shape[1], seed=3)
    monkeypatch.setattr(codec_module, "stretch_for", lambda channels, device: 60)
    codes = tiny.encode(audio)
    assert (codes == whole_codes).mean() > 0.999  # a tie between two codes may fall either way
    np.testing.assert_allclose(tiny.decode(whole_codes, audio.shape[1], seed=3), whole, atol=1e-5)


def test_spans_cover_every_frame_once() -> None:
    cut = list(spans(10, margin=2, stretch=4))
    assert [(s.first, s.last, s.low, s.high) for s in cut] == [(0, 4, 0, 6), (4, 8, 2, 10), (8, 10, 6, 10)]


def test_noise_does_not_depend_on_the_cut() -> None:
    whole = white_noise(0, 200_000, seed=5)
    np.testing.assert_array_equal(white_noise(70_001, 1000, seed=5), whole[70_001:71_001])
    assert not np.array_equal(white_noise(0, 1000, seed=6), whole[:1000])


def test_fewer_levels_are_a_prefix(tiny: Codec) -> None:
    audio = sound(4000)
    np.testing.assert_array_equal(tiny.encode(audio, levels=2), tiny.encode(audio)[:, :2])


def test_not_a_number_and_infinity_do_not_come_out(tiny: Codec) -> None:
    audio = sound(5000)
    audio[0, 100], audio[0, 200], audio[0, 300] = np.nan, np.inf, 1e30
    decoded = tiny.decode(tiny.encode(audio), 5000)
    assert np.isfinite(decoded).all()


def test_same_seed_same_sound(tiny: Codec) -> None:
    codes = tiny.encode(sound(5000))
    np.testing.assert_array_equal(tiny.decode(codes, seed=1), tiny.decode(codes, seed=1))
    assert not np.array_equal(tiny.decode(codes, seed=1), tiny.decode(codes, seed=2))


@pytest.mark.parametrize("levels", [0, 4, -1])
def test_levels_out_of_range_are_named(tiny: Codec, levels: int) -> None:
    with pytest.raises(GenaudioError, match="1 to 3 levels"):
        tiny.encode(sound(600), levels=levels)


def test_no_samples_and_bad_codes_are_refused(tiny: Codec) -> None:
    with pytest.raises(GenaudioError, match="no audio"):
        tiny.encode(np.zeros((1, 0), np.float32))
    with pytest.raises(GenaudioError, match="0 to 15"):
        tiny.decode(np.full((1, 3, 4), 16, np.int16))
    with pytest.raises(GenaudioError, match="shape"):
        tiny.decode(np.zeros((3, 4), np.int16))


def test_saved_weights_give_the_same_codes(tiny: Codec, tmp_path) -> None:
    path = tmp_path / "codec.safetensors"
    save_weights(path, tiny.model.state_dict(), tiny.model.config.to_json())
    loaded, again = Codec.load(path, "cpu"), Codec.load(path, "cpu")
    assert len(loaded.digest) == 64
    np.testing.assert_array_equal(loaded.encode(sound(3000)), again.encode(sound(3000)))
    assert loaded.levels == 3


def test_a_truncated_or_foreign_file_is_incompatible(tiny: Codec, tmp_path) -> None:
    path = tmp_path / "codec.safetensors"
    save_weights(path, tiny.model.state_dict(), tiny.model.config.to_json())
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(IncompatibleError, match="cannot be read"):
        Codec.load(path, "cpu")
    save_weights(path, {"x": torch.zeros(1)}, {"kind": "melody"})
    with pytest.raises(IncompatibleError, match="melody"):
        Codec.load(path, "cpu")


def test_encodec_interface_gives_the_same_codes(tiny: Codec) -> None:
    view, audio = as_encodec(tiny), sound(10 * HOP)
    frames = view.encode(torch.from_numpy(audio)[None])
    np.testing.assert_array_equal(frames[0][0].numpy(), tiny.encode(audio))
    view.set_target_bandwidth(view.target_bandwidths[1])
    assert view.encode(torch.from_numpy(audio)[None])[0][0].shape[1] == 2
    assert view(torch.from_numpy(audio)[None]).shape == (1, 1, 10 * HOP)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_many_channels_take_shorter_stretches(device: str) -> None:
    alone, two, eight = (codec_module.stretch_for(channels, torch.device(device)) for channels in (1, 2, 8))
    assert alone == two == {"cpu": codec_module.STRETCH, "cuda": codec_module.LONG_STRETCH}[device]
    assert eight * 8 == 2 * two


def test_however_long_a_sound_is_only_stretches_of_it_are_in_memory(
    tiny: Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless:
        channels, samples, longest = 2, 700 * HOP, 0

        def read(self, start: int, samples: int) -> np.ndarray:
            self.longest = max(self.longest, samples)
            return sound(samples, 2, start)

    class Excitation(Endless):
        def read(self, start: int, samples: int) -> np.ndarray:
            return np.stack([super().read(start, samples)] * 2, 1)

    heard, known = Endless(), Excitation()
    monkeypatch.setattr(codec_module, "stretch_for", lambda channels, device: 60)
    codes = tiny.encode(heard, excitation=known)
    most = (60 + 2 * tiny.model.reach) * HOP
    assert 0 < heard.longest <= most
    assert heard.longest == known.longest
    pieces = list(tiny.decode_stretches(codes, heard.samples))
    assert len(pieces) == 12
    assert max(piece.shape[1] for piece in pieces) <= 60 * HOP
    assert sum(piece.shape[1] for piece in pieces) == heard.samples


def test_codes_that_are_made_while_they_are_read(tiny: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = np.random.default_rng(0).integers(0, 16, (1, 3, 500)).astype(np.int16)
    made = []

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, 500, 70):
            made.append(start)
            yield codes[:, :, start : start + 70]

    monkeypatch.setattr(codec_module, "stretch_for", lambda channels, device: 60)
    flow = tiny.decode_stretches(CodeFlow(blocks(), codes.shape), seed=2)
    first = next(flow)
    assert made == [start for start in range(0, 500, 70) if start < 60 + tiny.model.reach]
    np.testing.assert_array_equal(np.concatenate([first, *flow], axis=1), tiny.decode(codes, seed=2))
