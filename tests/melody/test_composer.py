import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from genaudio import compose
from genaudio.assets import asset
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.melody import Composer, Wish
from genaudio.melody.build import load_model, save_model
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.usual import read_config
from genaudio.score import Key, Metre


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer.load(device="cpu")


def test_a_wish_is_kept(composer: Composer) -> None:
    wish = Wish(style="jig", key="E", mode="dorian", metre="6/8", bars=8, tempo=150)
    for melody in composer.compose(wish, seed=3, count=4):
        assert (melody.metre, melody.key, melody.tempo, melody.bars) == (Metre(6, 8), Key(4, "dorian"), 150.0, 8)
        assert melody.notes[-1].offset_ticks == 8 * 1440
        assert melody.title is not None
        assert melody.title.endswith("Jig")


def test_same_seed_same_melodies_whatever_the_count(composer: Composer) -> None:
    wish = Wish(style="reel", bars=4)
    three = composer.compose(wish, seed=1, count=3)
    assert composer.compose(wish, seed=1, count=1) == three[:1]
    assert len({melody.pitches for melody in three}) == 3
    assert composer.compose(wish, seed=2, count=1) != three[:1]


def test_what_is_left_open_is_usual_for_the_style(composer: Composer) -> None:
    settings = [s for s, _ in composer.compose_with_settings(Wish(style="slip jig", bars=1), seed=5, count=8)]
    assert {str(s.metre) for s in settings} == {"9/8"}
    assert all(100 < s.tempo < 220 for s in settings)
    assert len({s.key for s in settings}) > 1


def test_a_metre_that_the_style_never_has_is_allowed(composer: Composer) -> None:
    melody = composer.compose(Wish(style="reel", metre="12/8", bars=2), seed=0)[0]
    assert melody.notes[-1].offset_ticks == 2 * 2880


def test_the_shortest_and_a_long_melody(composer: Composer) -> None:
    assert composer.compose(Wish(bars=1), seed=9)[0].bars == 1
    assert composer.compose(Wish(style="air", metre="3/4", bars=40), seed=9)[0].bars == 40


def test_many_wishes_at_once_give_what_each_gives_alone(composer: Composer) -> None:
    wishes = [Wish(style="reel", key="D", bars=2), Wish(style="jig", key="A", bars=3), Wish(bars=1)]
    together = composer.compose_each(wishes, (5, 6, 7))
    assert together == [composer.compose(wish, seed)[0] for wish, seed in zip(wishes, (5, 6, 7), strict=True)]


@pytest.mark.parametrize(("seed", "count"), [(-1, 1), (0, 0)])
def test_seed_and_count_out_of_range(composer: Composer, seed: int, count: int) -> None:
    with pytest.raises(GenaudioError, match=r"seed|number of melodies"):
        composer.compose(Wish(), seed, count)


def test_one_call_composes() -> None:
    first = compose(style="reel", key="D", bars=2, seed=4, device="cpu")
    assert first == compose(Wish(style="reel", key="D", bars=2), seed=4, device="cpu")
    with pytest.raises(GenaudioError, match="not 0"):
        compose(bars=0)
    with pytest.raises(GenaudioError, match="device"):
        compose(bars=1, device="abacus")


def test_a_model_survives_the_way_to_disk(model: MelodyTransformer, tmp_path: Path) -> None:
    usual = {
        name: {"works": 1, "metres": {"6/8": 1}, "modes": {"major": 1}, "bars": {"2": 1}, "tonics": {"major": {"7": 1}},
               "pickups": {"6/8": {"240": 1}}}
        for name in ("*", *model.vocabulary.styles)
    }  # fmt: skip
    path = tmp_path / "own.safetensors"
    save_model(path, model, usual, {"step": 1})
    own = Composer.load(path, "cpu")
    assert own.model.vocabulary == model.vocabulary
    melody = own.compose(seed=1)[0]
    assert (str(melody.metre), str(melody.key), melody.pickup, melody.bars) == ("6/8", "G major", 0.5, 2)


def damaged(tmp_path: Path, change: str) -> Path:
    """Write the shipped model with one thing wrong in it."""
    model, config = load_model(asset("melody/model.safetensors"))
    path = tmp_path / f"{change}.safetensors"
    state = {name: tensor.half() for name, tensor in model.state_dict().items()}
    if change == "hash":
        config["vocabulary"]["lowest"] += 1
    elif change == "shape":
        config["shape"]["layers"] += 1
    elif change == "kind":
        config["kind"] = "codec"
    elif change == "lacking":
        del config["usual"], config["vocabulary"]
    save_file(state, path, metadata={"config": json.dumps(config)})
    if change == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    return path


@pytest.mark.parametrize("change", ["hash", "shape", "kind", "lacking", "truncated"])
def test_a_damaged_model_is_refused(tmp_path: Path, change: str) -> None:
    with pytest.raises(IncompatibleError) as caught:
        Composer.load(damaged(tmp_path, change), "cpu")
    assert caught.value.exit_code == 3


def test_a_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IncompatibleError, match="cannot be read"):
        Composer.load(tmp_path / "nothing.safetensors")
    text = tmp_path / "text.safetensors"
    text.write_text("not a model at all, but long enough to have a header")
    for reader in (Composer.load, read_config):
        with pytest.raises(IncompatibleError, match="cannot be read"):
            reader(text)


def test_a_wish_for_another_models_style_is_refused(composer: Composer) -> None:
    with pytest.raises(GenaudioError, match="the styles are"):
        composer.compose(Wish(style="techno", known=("techno",)))


def test_tempo_of_an_unknown_style_is_moderate() -> None:
    from genaudio.melody.tempo import usual_tempo

    assert usual_tempo("reel", Metre(2, 2), 0.0) == 200.0  # 100 minims a minute
    assert usual_tempo("jig", Metre(6, 8), 1.0) == 186.0  # 124 dotted crotchets
    assert usual_tempo("waltz", Metre(3, 8), 0.0) == 60.0  # 120 quavers: as many bars a minute as in 3/4
    assert usual_tempo("waltz", Metre(3, 4), 0.0) == 120.0
    assert usual_tempo("techno", Metre(4, 4), 0.5) == 98.0


def test_weights_are_small_and_half_precision() -> None:
    assert asset("melody/model.safetensors").stat().st_size < 8_000_000
    config = read_config(asset("melody/model.safetensors"))
    assert {"reel", "jig"} <= set(config["vocabulary"]["styles"])
    assert {"2/4", "3/4", "4/4", "2/2", "6/8", "9/8", "12/8"} <= set(config["vocabulary"]["metres"])


def test_titles_follow_style_key_and_seed() -> None:
    from genaudio.melody.titles import make_title

    title = make_title("reel", Key(2), 1, 0)
    assert title == make_title("reel", Key(2), 1, 0)
    assert title.startswith("The ")
    assert title.endswith(" Reel")
    assert not make_title(None, Key(2), 1, 0).endswith("None")
    assert len({make_title("reel", Key(2), seed, 0) for seed in range(50)}) > 40


def test_wish_taste_reaches_the_sampler(composer: Composer) -> None:
    wish = Wish(style="reel", key="D", bars=4)
    cold = [composer.compose(replace(wish, temperature=1e-6), seed)[0] for seed in (1, 2)]
    assert cold[0].pitches == cold[1].pitches or cold[0].pickup != cold[1].pickup or cold[0].metre != cold[1].metre
    assert torch.is_inference_mode_enabled() is False
