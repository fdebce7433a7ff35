"""The melody model: a Transformer that writes tunes event by event under a bar grammar.

`Wish` says what is wanted and `Given` what is kept, and both load nothing heavy; `Composer` and `train_melody` need
torch and load it on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genaudio.melody.given import Given
from genaudio.melody.wish import Wish

if TYPE_CHECKING:
    from genaudio.melody.composer import Composer
    from genaudio.melody.evaluate import evaluate_melodies
    from genaudio.melody.recipe import MelodyRecipe
    from genaudio.melody.train import train_melody
    from genaudio.melody.vocabulary import Vocabulary

__all__ = ["Composer", "Given", "MelodyRecipe", "Vocabulary", "Wish", "evaluate_melodies", "train_melody"]

_PLACES = {
    "Composer": "composer",
    "MelodyRecipe": "recipe",
    "Vocabulary": "vocabulary",
    "evaluate_melodies": "evaluate",
    "train_melody": "train",
}


def __getattr__(name: str) -> Any:
    """Load what needs torch when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
