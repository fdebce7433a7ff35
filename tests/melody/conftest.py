"""A tiny vocabulary, tiny random models, and tunes written by hand."""

from __future__ import annotations

import pytest
import torch

from genaudio.corpus import TrainingWork
from genaudio.melody import Composer
from genaudio.melody.grammar import Grammar
from genaudio.melody.transformer import MelodyTransformer, Shape
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Key, Melody, Metre, Note

TINY = Shape(width=32, layers=2, heads=2, hidden=48, dropout=0.0)


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary(
        styles=("air", "jig", "reel"),
        metres=("2/2", "2/4", "3/4", "4/4", "6/8", "9/8", "12/8"),
        modes=("major", "minor", "dorian", "mixolydian"),
        notes=(80, 120, 160, 240, 360, 480, 720, 960, 1440),
        rests=(120, 240, 480),
        ties=(240, 480),
        lowest=55,
        highest=88,
    )


@pytest.fixture
def grammar(vocabulary: Vocabulary) -> Grammar:
    return Grammar(vocabulary)


@pytest.fixture
def model(vocabulary: Vocabulary) -> MelodyTransformer:
    """A random model whose choices are far from even."""
    torch.manual_seed(5)
    model = MelodyTransformer(vocabulary, TINY)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def tune(pitches: list[int], metre: str = "2/4", key: str = "D", quarters: float = 0.5, pickup: float = 0.0) -> Melody:
    """Return a melody of equal notes."""
    notes = [Note(place * quarters, quarters, pitch) for place, pitch in enumerate(pitches)]
    return Melody(notes, metre=Metre.parse(metre), key=Key.parse(key), pickup=pickup)


@pytest.fixture
def jig() -> Melody:
    """Four bars of 6/8 in G with a quaver's pickup, a dotted crotchet at the end of the short last bar."""
    rhythm = [0.5, *[0.5] * 6, 1.0, 0.5, 1.0, 0.5, *[0.5] * 6, 1.5, 1.0]
    pitches = [74, 79, 78, 79, 74, 71, 67, 72, 69, 74, 71, 67, 71, 74, 79, 74, 71, 69, 67]
    notes, now = [], 0.0
    for duration, pitch in zip(rhythm, pitches, strict=True):
        notes.append(Note(now, duration, pitch))
        now += duration
    return Melody(notes, metre=Metre(6, 8), key=Key.parse("G"), pickup=0.5)


@pytest.fixture
def works() -> list[TrainingWork]:
    """Twelve small tunes on two patterns, ten to learn from and two to validate on."""
    made = []
    for number in range(12):
        pattern = [62, 66, 69, 66] if number % 2 else [74, 73, 71, 69]
        melody = tune([pitch + number % 3 for pitch in pattern * 4], key=("D", "Eb", "E")[number % 3])
        split = "validation" if number >= 10 else "train"
        style = ("reel", "air")[number % 2]
        made.append(
            TrainingWork(f"t-{number}", f"Tune {number}", style, "test", "none", f"t-{number}", split, (), melody)
        )
    return made


@pytest.fixture
def tiny_composer(model: MelodyTransformer) -> Composer:
    """A composer with the random model: quick, and what it writes depends on no shipped weights."""
    usual = {
        name: {"works": 1, "metres": {"2/4": 1}, "modes": {"major": 1}, "bars": {"8": 1}, "tonics": {"major": {"2": 1}},
               "pickups": {"2/4": {"0": 1}}}
        for name in ("*", *model.vocabulary.styles)
    }  # fmt: skip
    return Composer(model, {"usual": usual}, "cpu")
