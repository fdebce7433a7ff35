"""Recipes: every shipped file loads, and every mistake is reported at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from genaudio.errors import GenaudioError
from genaudio.training import load_recipe

CONFIGS = Path(__file__).parents[2] / "configs"


@dataclass(frozen=True)
class Inner:
    width: int = 3


@dataclass(frozen=True)
class Outer:
    name: str
    rate: float = 0.1
    inner: Inner = Inner()
    sizes: tuple[int, ...] = ()
    shares: Mapping[str, float] = field(default_factory=dict)
    more: tuple[Inner, ...] = ()


def test_values_are_converted(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("name: a\nrate: 2\ninner: {width: 5}\nsizes: [1, 2]\nshares: {drums: 2}\nmore: [{width: 4}, {}]\n")
    assert load_recipe(path, Outer) == Outer("a", 2.0, Inner(5), (1, 2), {"drums": 2.0}, (Inner(4), Inner()))


def test_all_mistakes_in_one_message(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("rate: fast\ninner: {widht: 5}\nbogus: 1\nshares: {drums: many}\n")
    with pytest.raises(GenaudioError) as caught:
        load_recipe(path, Outer)
    message = str(caught.value)
    assert all(
        part in message
        for part in ("missing key name", "rate must be float", "inner.widht", "bogus", "shares.drums must be float")
    )
    path.write_text("name: a\nshares: 3\nsizes: 4\nmore: [{width: wide}]\n")
    with pytest.raises(
        GenaudioError, match=r"sizes must be a list.*shares must be a mapping.*more\.0\.width must be int"
    ):
        load_recipe(path, Outer)


@pytest.mark.parametrize("content", ["[1, 2]", "name: [", ""])
def test_what_is_no_recipe_is_said(tmp_path: Path, content: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(content)
    with pytest.raises(GenaudioError, match=r"r\.yaml"):
        load_recipe(path, Outer)
    with pytest.raises(GenaudioError, match="cannot be read"):
        load_recipe(tmp_path / "missing.yaml", Outer)


def test_the_shipped_recipes_of_codec_and_renderer_load() -> None:
    from genaudio.codec.recipe import CodecRecipe
    from genaudio.renderer.train import RendererRecipe

    codec, renderer = (
        load_recipe(CONFIGS / "codec.yaml", CodecRecipe),
        load_recipe(CONFIGS / "renderer.yaml", RendererRecipe),
    )
    assert renderer.held_out == codec.held_out
    assert renderer.teacher.clips > codec.teacher.clips, "the renderer learns a few hours by heart"
    assert renderer.teacher.split == codec.teacher.split == "train"
    assert codec.model.latent == renderer.model.latent
