"""The one place that turns training works into a vocabulary, and weights files into models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.melody.events import melody_frame
from genaudio.melody.grammar import Grammar
from genaudio.melody.transformer import MelodyTransformer, Shape
from genaudio.melody.usual import Usual, styles_of
from genaudio.melody.vocabulary import GRID_TICKS, NOTE, REST, TIE, Vocabulary
from genaudio.score import Metre
from genaudio.weights import load_weights, save_weights

if TYPE_CHECKING:
    from genaudio.corpus import TrainingWork

REQUIRED_METRES = ("2/4", "3/4", "4/4", "2/2", "3/2", "3/8", "6/8", "9/8", "12/8")
REQUIRED_MODES = ("major", "minor", "dorian", "mixolydian")
STANDARD = {
    NOTE: (60, 80, 120, 160, 180, 240, 320, 360, 420, 480, 600, 720, 840, 960, 1200, 1440, 1920),
    REST: (60, 120, 180, 240, 360, 480, 720, 960, 1440, 1920),
    TIE: (60, 120, 180, 240, 360, 480, 720, 960, 1440, 1920),
}
"""Durations that a vocabulary always has, in ticks: what other people's tunes and other metres need."""
LEAST_TUNES = 3
"""A duration, metre or mode must stand in so many training tunes to enter the vocabulary."""


def build_vocabulary(works: Iterable[TrainingWork], least: int = LEAST_TUNES) -> Vocabulary:
    """Collect what occurs in the training works.

    Args:
        works: what is to be written.
        least: in so many of them a duration, metre, mode or outermost pitch must stand.

    Raises:
        GenaudioError: there are no usable works.
    """
    durations: dict[str, Counter[int]] = {kind: Counter() for kind in (NOTE, REST, TIE)}
    styles, metres, modes, pitches = Counter[str](), Counter[str](), Counter[str](), Counter[int]()
    for work in works:
        try:
            frame, silence = melody_frame(work.melody)
        except GenaudioError:
            continue
        styles.update(styles_of(work))
        metres[str(work.melody.metre)] += 1
        if work.melody.key is not None:
            modes[work.melody.key.mode] += 1
        pitches.update(set(work.melody.pitches))
        found: set[tuple[str, int]] = set()
        now = 0
        for note in work.melody.notes:
            onset, offset = note.onset_ticks - silence, note.offset_ticks - silence
            for kind, start, end in ((REST, now, onset), (NOTE, onset, offset)):
                while start < end:
                    step = min(end - start, frame.locate(start)[2])
                    found.add((kind, step))
                    start, kind = start + step, TIE if kind == NOTE else kind
            now = offset
        for kind, duration in found:
            durations[kind][duration] += duration % GRID_TICKS == 0
    if not pitches:
        raise GenaudioError("there are no works to learn from: none has notes, a metre and a pickup shorter than a bar")
    kept = {
        kind: tuple(sorted({*STANDARD[kind], *(d for d, n in counts.items() if n >= least)}))
        for kind, counts in durations.items()
    }
    common = [pitch for pitch, count in pitches.items() if count >= least] or list(pitches)
    seen = {name for name, count in metres.items() if count >= least} | set(REQUIRED_METRES)
    return Vocabulary(
        styles=tuple(sorted(styles)),
        metres=tuple(sorted(seen, key=lambda text: (Metre.parse(text).denominator, Metre.parse(text).numerator))),
        modes=(*REQUIRED_MODES, *(m for m, n in sorted(modes.items()) if n >= least and m not in REQUIRED_MODES)),
        notes=kept[NOTE],
        rests=kept[REST],
        ties=kept[TIE],
        lowest=min(common),
        highest=max(common),
    )


def pitch_table(grammar: Grammar) -> torch.Tensor:
    """Return which relative pitches are in range for each tonic, [13, P], the last row for an unknown tonic."""
    rows = [torch.from_numpy(grammar.pitches(tonic)) for tonic in range(12)]
    return torch.stack([*rows, torch.ones_like(rows[0])])


def save_model(path: Path, model: MelodyTransformer, usual: Usual, training: dict[str, Any]) -> None:
    """Write a model with its vocabulary, shape, what is usual, and an account of its training."""
    config = {
        "kind": "melody",
        "shape": asdict(model.shape),
        "vocabulary": model.vocabulary.config,
        "vocabulary_sha256": model.vocabulary.digest,
        "usual": usual,
        "training": training,
    }
    save_weights(path, model.state_dict(), config)


def load_model(path: Path) -> tuple[MelodyTransformer, dict[str, Any]]:
    """Read a model, ready for use on the CPU, and its configuration.

    Raises:
        IncompatibleError: the file cannot be read, is another kind of model, or does not fit its vocabulary.
    """
    state, config = load_weights(path, "melody")
    try:
        vocabulary = Vocabulary.from_config(config["vocabulary"], config["vocabulary_sha256"])
        model = MelodyTransformer(vocabulary, Shape(**config["shape"]))
        model.load_state_dict(state)
    except (KeyError, TypeError, RuntimeError) as error:
        raise IncompatibleError(f"the model file {path} does not fit this version: {error}") from error
    return model.eval(), config
