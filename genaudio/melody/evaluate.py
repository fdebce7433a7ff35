"""How well the model predicts melodies that it has not seen: bits per pitch and bits per note.

Bits per pitch is the cost of each pitch given all earlier notes and the rhythm up to this note; bits per note is the
cost of rhythm and pitch jointly, rests included. Where a melody's tonic, metre or pickup is not known, nothing is
guessed from the melody: its probability is the mean over all of them, a proper mixture that the reader pays for.
Definitions after Pearce (2005), *The construction and evaluation of statistical models of melodic structure*.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch

from genaudio.melody.build import pitch_table
from genaudio.melody.dataset import CONDITIONS, IGNORED, Example, collate, condition_sizes, make_example
from genaudio.melody.events import UnsuitableError
from genaudio.melody.grammar import Grammar
from genaudio.melody.guard import Guard, held_back, midi_pitches
from genaudio.melody.loss import likelihood
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import MODES, TICKS_PER_QUARTER, Key, Melody, Metre

EVENTS_AT_ONCE = 8192
OCTAVES = tuple(12 * octaves for octaves in sorted(range(-6, 7), key=lambda octaves: (abs(octaves), -octaves)))
"""By how many semitones a melody may be moved into the model's range, the nearest first."""
METRES = ("2/4", "3/4", "4/4", "6/8")
"""In these a melody without a time signature is read."""
MOST_NOTES = 20_000
"""A longer piece takes more memory than a machine is likely to have."""
BITS = 1 / math.log(2)


@dataclass(frozen=True)
class Prediction:
    """Bits over a set of melodies.

    Attributes:
        bits_per_pitch: mean cost of a pitch, the rhythm known.
        bits_per_rhythm: mean cost of a note's rhythm, rests included.
        bits_per_note: both jointly.
        pieces, notes: used.
        rejected_pieces, rejected_notes: what the model cannot write, left out.
        reasons: number of pieces by reason of rejection.
        moved_pieces: pieces moved by octaves into the model's range.
        standard_error: of bits per note, over pieces.
    """

    bits_per_pitch: float
    bits_per_rhythm: float
    bits_per_note: float
    pieces: int
    notes: int
    rejected_pieces: int
    rejected_notes: int
    moved_pieces: int
    standard_error: float
    reasons: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON can carry them; without any piece the bits are None."""
        return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in asdict(self).items()}


@dataclass(frozen=True)
class _Piece:
    """One melody's hypotheses: examples, and how many hypotheses there were before the impossible ones fell out."""

    examples: list[Example]
    hypotheses: int
    notes: int
    moved: bool


def _pickups(melody: Melody, infer: bool) -> list[float]:
    """Return the pickups that come into question: the melody's own, or every quaver of its bar."""
    if melody.pickup or not infer or melody.metre is None:
        return [melody.pickup]
    step = TICKS_PER_QUARTER // 2
    return [ticks / TICKS_PER_QUARTER for ticks in range(0, melody.metre.bar_ticks, step)]


def _hypotheses(melody: Melody, infer: bool) -> list[tuple[Key, Metre, float]]:
    """Return the keys, metres and pickups in which a melody is read."""
    keys = [melody.key] if melody.key is not None else [Key(tonic, next(iter(MODES))) for tonic in range(12)]
    metres = [Metre.parse(metre) for metre in METRES] if melody.metre is None else [melody.metre]
    return [
        (key, metre, pickup)
        for key in keys
        for metre in metres
        for pickup in _pickups(replace(melody, metre=metre), infer)
    ]


def _piece(
    melody: Melody, style: str | None, model: MelodyTransformer, grammar: Grammar, known: bool, infer: bool
) -> _Piece:
    """Build a melody's examples.

    Raises:
        UnsuitableError: no hypothesis can be written.
    """
    vocabulary = model.vocabulary
    if len(melody) > MOST_NOTES:
        raise UnsuitableError(f"it has more than {MOST_NOTES} notes")
    hypotheses = _hypotheses(melody, infer)
    anything = [size - 1 for size in condition_sizes(vocabulary)]
    reason: UnsuitableError | None = None
    for semitones in OCTAVES:
        if not all(vocabulary.lowest <= pitch + semitones <= vocabulary.highest for pitch in melody.pitches):
            continue
        moved = melody.transposed(semitones) if semitones else melody
        examples = []
        for key, metre, pickup in hypotheses:
            try:
                read = replace(moved, metre=metre, pickup=pickup)
                example = make_example(read, vocabulary, grammar, style, key=key)
            except UnsuitableError as error:
                reason = reason or error
                continue
            conditions = list(example.conditions)
            for name, hidden in (("style", not known), ("mode", not known or melody.key is None), ("bars", not known)):
                if hidden:
                    conditions[CONDITIONS.index(name)] = anything[CONDITIONS.index(name)]
            examples.append(replace(example, conditions=tuple(conditions)))
        if examples:
            return _Piece(examples, len(hypotheses), examples[0].notes, semitones != 0)
    raise reason or UnsuitableError("its range is wider than the model's, or it leaves the model's in every octave")


@torch.inference_mode()
def _nats(
    examples: Sequence[Example], model: MelodyTransformer, grammar: Grammar, guard: Guard | None, strength: float
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the rhythm and pitch costs of each example in nats."""
    device = model.norm.weight.device
    table, pitches = torch.from_numpy(grammar.table).to(device), pitch_table(grammar).to(device)
    order = sorted(range(len(examples)), key=lambda index: len(examples[index]))
    rhythm, pitch = np.zeros(len(examples)), np.zeros(len(examples))
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop + 1 - start) * len(examples[order[stop]]) <= EVENTS_AT_ONCE:
            stop += 1
        group = order[start:stop]
        batch = collate([examples[index] for index in group], model.vocabulary).to(device)
        penalties = None
        if guard is not None:
            penalties = strength * _penalties([examples[index] for index in group], model.vocabulary, guard).to(device)
        losses = likelihood(model, batch, table, pitches, held_back=penalties)
        rhythm[group] = losses.rhythm.double().sum(1).cpu().numpy()
        pitch[group] = losses.pitch.double().sum(1).cpu().numpy()
        start = stop
    return rhythm, pitch


def _penalties(examples: Sequence[Example], vocabulary: Vocabulary, guard: Guard) -> torch.Tensor:
    """Return what a guard of strength 1 holds back at each step, [B, T, P] nats."""
    out = torch.zeros(len(examples), max(map(len, examples)), vocabulary.pitch_count)
    for row, example in enumerate(examples):
        columns = midi_pitches(vocabulary, example.conditions[CONDITIONS.index("tonic")])
        ends = np.cumsum([vocabulary.rhythms[rhythm][1] for rhythm in example.rhythm])
        onsets = np.append(0, ends[:-1])
        notes = np.flatnonzero(example.pitch != IGNORED)
        found = held_back(guard, columns[example.pitch[notes]], onsets[notes])
        out[row, notes] = torch.from_numpy(found[:, columns]).float()
    return out


def _mixture(nats: np.ndarray[Any, Any], hypotheses: int) -> float:
    """Return the cost of a uniform mixture of hypotheses, those that are missing being impossible."""
    least = nats.min()
    return float(least - np.log(np.exp(least - nats).sum() / hypotheses))


def evaluate_melodies(
    model: MelodyTransformer,
    melodies: Iterable[Melody],
    styles: Iterable[str | None] | None = None,
    known: bool = False,
    infer_pickup: bool = False,
    grammar: Grammar | None = None,
    guard: Guard | None = None,
    strength: float = 1.0,
) -> Prediction:
    """Measure how well a model predicts melodies.

    Args:
        model: in evaluation mode.
        melodies: one with a key is taken in this key, one without in all twelve (a mixture); one without a metre in
            the commonest four.
        styles: tune type of each melody, used where `known` is set.
        known: tell the model style, mode and number of bars; else it has metre, pickup and, where given, the tonic.
        infer_pickup: treat a pickup of 0 as unknown (for files that cannot say it).
        grammar: of the model's vocabulary, to reuse its masks.
        guard: holds pitches back, as in composing; None for the model alone.
        strength: of the guard.
    """
    grammar = grammar or Grammar(model.vocabulary)
    listed = list(melodies)
    names: list[str | None] = [None] * len(listed) if styles is None else list(styles)
    pieces: list[_Piece] = []
    reasons, rejected_notes = Counter[str](), 0
    for melody, style in zip(listed, names, strict=True):
        try:
            pieces.append(_piece(melody, style, model, grammar, known, infer_pickup))
        except UnsuitableError as error:
            reasons[str(error)] += 1
            rejected_notes += len(melody)
    rhythm, pitch = _nats([example for piece in pieces for example in piece.examples], model, grammar, guard, strength)
    costs, start = [], 0
    for piece in pieces:
        part = slice(start, start := start + len(piece.examples))
        joint = _mixture(rhythm[part] + pitch[part], piece.hypotheses)
        costs.append((joint * BITS, _mixture(pitch[part], piece.hypotheses) * BITS, piece.notes))
    return _summary(costs, pieces, reasons, rejected_notes)


def _summary(
    costs: list[tuple[float, float, int]], pieces: list[_Piece], reasons: Counter[str], rejected_notes: int
) -> Prediction:
    """Add up pieces into means per note, with the standard error of the ratio over pieces."""
    joint, pitch, notes = (np.array(column, dtype=np.float64) for column in zip(*costs, strict=True)) if costs else (
        np.zeros(0) for _ in range(3)
    )  # fmt: skip
    total = notes.sum() or math.nan
    per_note = joint.sum() / total
    spread = float(np.sqrt(((joint - per_note * notes) ** 2).sum()) / total)
    return Prediction(
        bits_per_pitch=float(pitch.sum() / total),
        bits_per_rhythm=float(per_note - pitch.sum() / total),
        bits_per_note=float(per_note),
        pieces=len(pieces),
        notes=int(notes.sum()),
        rejected_pieces=sum(reasons.values()),
        rejected_notes=rejected_notes,
        moved_pieces=sum(piece.moved for piece in pieces),
        standard_error=spread,
        reasons=dict(reasons.most_common()),
    )
