"""The renderer with a small random codec and score model: shapes, joins, refusals."""

import dataclasses

import numpy as np
import pytest
import torch

from genaudio.codec import codec as codec_module
from genaudio.codec.codec import Codec
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.instruments import family_named
from genaudio.renderer import renderer as renderer_module
from genaudio.renderer.model import ScoreModel
from genaudio.renderer.performing import RING, parts_of
from genaudio.renderer.renderer import Renderer
from genaudio.score import Melody, Note, Score, Track
from genaudio.weights import save_weights
from tests.renderer.conftest import SMALL


def score(seconds: float = 3.0, tracks: int = 1) -> Score:
    notes = tuple(Note(i * 0.5, 0.5, 60 + i % 12) for i in range(int(seconds * 2)))
    return Score(tuple(Track(notes, program=40, name=f"V{i}") for i in range(tracks)), tempi=((0.0, 60.0),))


def test_a_rendering_is_stereo_finite_and_as_long_as_the_score_and_its_ring(renderer: Renderer) -> None:
    rendering = renderer.render(score())
    assert rendering.audio.shape[0] == 2
    assert rendering.seconds == pytest.approx(3.0 + RING + 1.1, abs=0.05)  # 1.1 s of room
    assert np.isfinite(rendering.audio).all()
    assert np.abs(rendering.audio).max() < 1


def test_same_seed_same_bytes(renderer: Renderer) -> None:
    assert renderer.render(score(), seed=4).audio.tobytes() == renderer.render(score(), seed=4).audio.tobytes()


def test_stems_add_up_to_the_dry_mix(renderer: Renderer) -> None:
    rendering = renderer.render(score(tracks=3), reverb=0.0, stems=True)
    assert list(rendering.stems) == ["V0", "V1", "V2"]
    total = sum(rendering.stems.values())
    np.testing.assert_allclose(total, rendering.audio[:, : total.shape[1]], atol=1e-5)


def test_stretches_join_without_a_click(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    part = parts_of(score(8.0))[0][0]
    whole = renderer.stem(part, 9.0)
    for module in (codec_module, renderer_module):
        monkeypatch.setattr(module, "stretch_for", lambda channels, device: 150)
    np.testing.assert_allclose(renderer.stem(part, 9.0), whole, atol=2e-4)


def test_nothing_to_play_is_said(renderer: Renderer) -> None:
    with pytest.raises(GenaudioError, match="no notes"):
        renderer.render(Score(()))
    with pytest.raises(GenaudioError, match="gives no drum"):
        renderer.render(Score((Track((Note(0, 1, 3),), drums=True),)))


def test_a_score_of_many_hours_is_refused(renderer: Renderer) -> None:
    melody = Melody([Note(0, 1, 60), Note(40_000, 1, 60)], tempo=60)
    with pytest.raises(GenaudioError, match=r"11\.1 h"):
        renderer.render(Score.from_melody(melody))


def test_weights_name_their_codec_and_families(renderer: Renderer, tmp_path) -> None:
    path = tmp_path / "renderer.safetensors"
    stored = {**SMALL.to_json(), "codec": renderer.codec.digest}
    save_weights(path, renderer.model.state_dict(), stored)
    loaded = Renderer.load(path, "cpu", renderer.codec)
    assert loaded.model.config == SMALL
    other = Codec(renderer.codec.model, renderer.codec.device, digest="d" * 64)
    with pytest.raises(IncompatibleError, match="another codec"):
        Renderer.load(path, "cpu", other)
    save_weights(path, renderer.model.state_dict(), {**stored, **dataclasses.asdict(SMALL), "width": 32})
    with pytest.raises(IncompatibleError, match="does not fit"):
        Renderer.load(path, "cpu", renderer.codec)


def test_a_family_that_the_model_lacks_is_played_by_what_it_is_like_or_left_out(renderer: Renderer) -> None:
    config = dataclasses.replace(SMALL, families=("piano", "guitar"))
    few = Renderer(ScoreModel(config), renderer.codec, renderer.device)
    steel, kit = Track((Note(0, 1, 60),), program=25), Track((Note(0, 1, 36),), drums=True, name="Kit")
    assert config.number_of(family_named("steel-guitar")) == 1
    assert few.render(Score((steel, kit))).left_out == ("Kit: this renderer has not learnt the drums",)
    with pytest.raises(GenaudioError, match="has not learnt"):
        few.render(Score((kit,)))


def test_a_model_begins_with_one_of_fewer_families() -> None:
    old = ScoreModel(dataclasses.replace(SMALL, families=("guitar", "piano")))
    new = ScoreModel(SMALL)
    new.begin_with(old.state_dict(), old.config.families)
    guitar, steel, kit = (new.family.weight[SMALL.families.index(name)] for name in ("guitar", "steel-guitar", "drums"))
    torch.testing.assert_close(guitar, old.family.weight[0])
    torch.testing.assert_close(steel, guitar)
    torch.testing.assert_close(kit, old.family.weight.mean(0))
    torch.testing.assert_close(new.enter.weight, old.enter.weight)
