"""The manner of a collection as a style: known to the alphabet, never drawn by itself, in no title."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from genaudio.corpus import load_works
from genaudio.melody.build import build_vocabulary
from genaudio.melody.dataset import collate, make_example
from genaudio.melody.grammar import Grammar
from genaudio.melody.settings import settle
from genaudio.melody.usual import count_usual, is_collection, styles_of
from genaudio.melody.wish import Wish


@pytest.fixture(scope="module")
def works():
    return [work for work in load_works("validation") if work.source in ("ryan", "aird")]


def test_styles_of_a_work(works):
    assert styles_of(replace(works[0], style="reel", source="ryan")) == {"reel", "ryan"}
    assert styles_of(replace(works[0], style="reel", source="my-tunes/one.abc")) == {"reel"}


def test_a_collection_is_counted_like_a_style(works):
    vocabulary, usual = build_vocabulary(works), count_usual(works)
    assert {"ryan", "aird"} < set(vocabulary.styles)
    assert [is_collection(name, usual) for name in ("ryan", "aird", "reel", "*", "none")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert usual["ryan"]["works"] == sum(work.source == "ryan" for work in works)


def test_no_collection_is_drawn_where_no_style_is_wished(works):
    vocabulary, usual = build_vocabulary(works), count_usual(works)
    wish = Wish(known=vocabulary.styles)
    drawn = {settle(wish, usual, vocabulary, np.random.default_rng(seed)).style for seed in range(100)}
    assert not drawn & {"ryan", "aird"}
    assert settle(replace(wish, style="ryan"), usual, vocabulary, np.random.default_rng(1)).style == "ryan"


def test_training_shows_a_tune_under_its_collection_now_and_then(works):
    vocabulary = build_vocabulary(works)
    work = next(work for work in works if work.source == "ryan")
    example = make_example(work.melody, vocabulary, Grammar(vocabulary), work.style, work.source)
    generator = np.random.default_rng(0)
    shown = Counter(
        vocabulary.styles[int(collate([example], vocabulary, generator=generator).conditions[0, 0])] for _ in range(400)
    )
    assert set(shown) == {work.style, "ryan"}
    assert 0.1 < shown["ryan"] / 400 < 0.2  # 0.15
    assert int(collate([example], vocabulary).conditions[0, 0]) == vocabulary.styles.index(work.style)
