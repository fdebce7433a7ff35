import subprocess
import sys

import pytest

from genaudio.errors import GenaudioError
from genaudio.melody import Wish


def test_an_empty_wish_is_fine() -> None:
    wish = Wish()
    assert wish.tonic is None
    assert wish.wished_mode is None


@pytest.mark.parametrize(
    ("key", "mode", "tonic", "expected"),
    [("D", None, 2, None), ("Bb", "minor", 10, "minor"), ("F# dorian", None, 6, "dorian"), ("Am", None, 9, "minor"),
     ("A", "Mix", 9, "mixolydian"), ("E minor", "minor", 4, "minor"), ("B flat", None, 10, None),
     ("b", None, 11, None), ("bb", "dorian", 10, "dorian"), ("e-flat minor", None, 3, "minor")],
)  # fmt: skip
def test_key_and_mode(key: str, mode: str | None, tonic: int, expected: str | None) -> None:
    wish = Wish(key=key, mode=mode)
    assert (wish.tonic, wish.wished_mode) == (tonic, expected)


def test_styles_may_be_spelt_with_hyphens() -> None:
    assert Wish(style="Slip-Jig").style == Wish(style="slip_jig").style == "slip jig"


@pytest.mark.parametrize(
    ("text", "style"),
    [("reels", "reel"), ("SlipJigs", "slip jig"), ("Waltzes", "waltz"), ("country-dances", "country dance"),
     ("reels:3,Airs:1", "reel:0.75,air:0.25")],
)  # fmt: skip
def test_plurals_and_words_run_together_are_understood(text: str, style: str) -> None:
    assert Wish(style=text).style == style


@pytest.mark.parametrize(
    ("text", "hint"),
    [("real", "did you mean reel?"), ("stratspey", "did you mean strathspey?"), ("slide", "is a jig in 12/8"),
     ("polkas", "the nearest to a polka is a country dance or quickstep in 2/4"), ("techno", "strathspey, waltz$"),
     ("reel,reels", "names a style twice")],
)  # fmt: skip
def test_what_may_be_meant_is_said(text: str, hint: str) -> None:
    with pytest.raises(GenaudioError, match=hint.replace("?", r"\?")):
        Wish(style=text)


def test_unknown_style_lists_the_known_ones() -> None:
    with pytest.raises(GenaudioError, match=r"unknown style 'techno'.*jig.*reel") as caught:
        Wish(style="techno")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"metre": "17/16"}, "17/16"),
        ({"metre": "four"}, "metre"),
        ({"bars": 0}, "from 1 to 128, not 0"),
        ({"bars": 129}, "128"),
        ({"bars": 2.5}, "whole number"),
        ({"key": "H"}, "'H'"),
        ({"mode": "blue"}, "'blue'"),
        ({"key": "D minor", "mode": "major"}, "leave one"),
        ({"tempo": 5}, "tempo must be from 20 to 400, not 5"),
        ({"temperature": 0}, "more than 0"),
        ({"top_p": 1.5}, "top_p"),
        ({"min_p": 1.0}, "less than 1"),
        ({"guidance": float("nan")}, "guidance"),
        ({"guard": -0.5}, "guard must be from 0 to 10, not -0.5"),
    ],
)
def test_impossible_wishes(wish: dict[str, object], words: str) -> None:
    with pytest.raises(GenaudioError, match=words):
        Wish(**wish)  # type: ignore[arg-type]


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(GenaudioError) as caught:
        Wish(style="techno", key="H", mode="blue", metre="17/16", bars=0, tempo=1000, temperature=-1)
    for part in ("techno", "'H'", "blue", "17/16", "not 0", "1000", "-1"):
        assert part in str(caught.value)


def test_a_model_of_ones_own_has_its_own_styles() -> None:
    assert Wish(style="techno", known=("techno",)).style == "techno"


def test_a_wish_loads_no_torch() -> None:
    code = "import sys; from genaudio.melody import Wish; Wish(style='reel'); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
