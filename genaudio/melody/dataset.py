"""Training works as tensors: features, targets and conditions of every tune, cut and padded into batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from genaudio.melody.events import UnsuitableError, encode
from genaudio.melody.features import (
    COLUMNS,
    LEFT_COLUMN,
    LEFT_UNKNOWN,
    PITCH_COLUMNS,
    PLACE_COLUMNS,
    History,
    trace,
)
from genaudio.melody.grammar import Grammar
from genaudio.melody.vocabulary import NOTE, Vocabulary
from genaudio.score import Key, Melody

if TYPE_CHECKING:
    from genaudio.corpus import TrainingWork

CONDITIONS = ("style", "tonic", "mode", "metre", "bars")
"""The columns of the prefix; in each the highest number means "anything"."""
MOST_BARS = 64
"""Melodies of more bars share one number."""
COLLECTION_SHARE = 0.15
"""How often a tune is shown in training under the name of its collection instead of its type."""
IGNORED = -100
"""Target of a step that has none (padding; the pitch of a rest)."""


@dataclass(frozen=True)
class Example:
    """One tune as arrays.

    Attributes:
        features: [T, columns] int16.
        arrival: [T, place columns] int16, where each event ends.
        rhythm: [T] rhythm symbols.
        pitch: [T] relative pitch numbers, `IGNORED` where the event is no note.
        row: [T] numbers of grammar masks.
        conditions: style, tonic, mode, metre and bars as numbers.
        octaves: for each of twelve upward transpositions of the tonic, by how many octaves the relative pitches move,
            or None where the tune leaves the range.
        source: the collection that it comes from.
        collection: the collection's number among the styles, or the style's own where the model knows no such style.
    """

    features: NDArray[np.int16]
    arrival: NDArray[np.int16]
    rhythm: NDArray[np.int64]
    pitch: NDArray[np.int64]
    row: NDArray[np.int64]
    conditions: tuple[int, ...]
    octaves: tuple[int | None, ...]
    source: str = ""
    collection: int = 0

    def __len__(self) -> int:
        return len(self.rhythm)

    @property
    def notes(self) -> int:
        """Number of notes."""
        return int((self.pitch != IGNORED).sum())


@dataclass(frozen=True)
class Batch:
    """Examples side by side.

    Attributes:
        features: [B, T, columns].
        arrival: [B, T, place columns], where each event ends.
        rhythm, pitch: [B, T] targets, `IGNORED` in the padding.
        row: [B, T] grammar mask numbers.
        conditions: [B, conditions].
    """

    features: torch.Tensor
    arrival: torch.Tensor
    rhythm: torch.Tensor
    pitch: torch.Tensor
    row: torch.Tensor
    conditions: torch.Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


def condition_numbers(
    vocabulary: Vocabulary, style: str | None, key: Key | None, metre: str, bars: int | None
) -> tuple[int, ...]:
    """Return a prefix as numbers; what is None or unknown becomes "anything"."""

    def place(values: Sequence[str], value: str | None) -> int:
        return values.index(value) if value in values else len(values)

    return (
        place(vocabulary.styles, style),
        12 if key is None else key.tonic,
        place(vocabulary.modes, key.mode if key else None),
        place(vocabulary.metres, metre),
        MOST_BARS if bars is None else min(bars, MOST_BARS) - 1,
    )  # fmt: skip


def condition_sizes(vocabulary: Vocabulary) -> tuple[int, ...]:
    """Return how many numbers each condition has, "anything" included."""
    return (len(vocabulary.styles) + 1, 13, len(vocabulary.modes) + 1, len(vocabulary.metres) + 1, MOST_BARS + 1)


def make_example(
    melody: Melody,
    vocabulary: Vocabulary,
    grammar: Grammar,
    style: str | None,
    source: str = "",
    key: Key | None = None,
) -> Example:
    """Turn a melody into arrays; `key` overrides its own.

    Raises:
        UnsuitableError: the model's alphabet or grammar cannot write the melody, or it has no key.
    """
    key = key or melody.key
    if key is None:
        raise UnsuitableError("the melody has no key")
    rows = encode(melody, vocabulary)
    numbers: list[tuple[int, int | None]] = []
    masks = []
    tick, sounding = 0, False
    for kind, duration, pitch in rows.events:
        number = vocabulary.pitch_number(pitch, key.tonic) if pitch is not None else None
        if kind == NOTE and number is None:
            raise UnsuitableError(f"pitch {pitch} is out of the model's range in {key}")
        rhythm = vocabulary.rhythm_index[kind, duration]
        masks.append(grammar.row(rows.frame, tick, sounding))
        if not grammar.mask(masks[-1])[rhythm]:
            raise UnsuitableError(f"a {kind} of {duration} ticks stands where the bar grammar allows none")
        numbers.append((rhythm, number))
        tick, sounding = tick + duration, kind != "rest"
    assert melody.metre is not None  # encode refuses a melody without
    features, arrivals = trace(History(vocabulary, rows.frame, key.tonic), numbers)
    conditions = condition_numbers(vocabulary, style, key, str(melody.metre), rows.frame.bars)
    return Example(
        np.array(features, dtype=np.int16),
        np.array(arrivals, dtype=np.int16),
        np.array([rhythm for rhythm, _ in numbers]),
        np.array([IGNORED if number is None else number for _, number in numbers]),
        np.array(masks),
        conditions,
        _octaves(vocabulary, melody.pitches, key.tonic),
        source,
        vocabulary.styles.index(source) if source in vocabulary.styles else conditions[0],
    )


def _octaves(vocabulary: Vocabulary, pitches: tuple[int, ...], tonic: int) -> tuple[int | None, ...]:
    """Return, for each new tonic ``tonic + 0..11``, the octave shift of relative pitches when moved the nearest way."""
    shifts: list[int | None] = []
    for up in range(12):
        semitones = up if up <= 6 else up - 12
        new = (tonic + semitones) % 12
        moved = [vocabulary.pitch_number(pitch + semitones, new) for pitch in (min(pitches), max(pitches))]
        home = vocabulary.pitch_number(min(pitches), tonic)
        shifts.append(None if None in moved or home is None else (moved[0] - home) // 12)  # type: ignore[operator]
    return tuple(shifts)


def make_examples(
    works: Iterable[TrainingWork], vocabulary: Vocabulary, grammar: Grammar
) -> tuple[list[Example], Counter[str]]:
    """Turn works into examples; returns also how many were rejected for which reason."""
    examples, rejects = [], Counter[str]()
    for work in works:
        try:
            examples.append(make_example(work.melody, vocabulary, grammar, work.style, work.source))
        except UnsuitableError as error:
            rejects[str(error)] += 1
    return examples, rejects


@dataclass(frozen=True)
class Changes:
    """What chance does to the examples of a batch.

    Attributes:
        size: T, the length of the longest row.
        starts: [B] the first event of each, 0 where a tune is not cut.
        semitones: [B] whole octaves by which the relative pitches move where a tune moves to another key.
        conditions: [B, conditions] after moving, naming by the collection, and hiding.
    """

    size: int
    starts: NDArray[np.int64]
    semitones: NDArray[np.int64]
    conditions: NDArray[np.int64]


def draw_changes(
    examples: Sequence[Example],
    vocabulary: Vocabulary,
    length: int | None = None,
    generator: np.random.Generator | None = None,
    drop: float = 0.0,
    transpose: float = 0.0,
) -> Changes:
    """Draw what changes in a batch; without a generator nothing does. The arguments are those of `collate`."""
    longest = max(map(len, examples))
    size = longest if length is None else min(length, longest)
    starts, semitones = np.zeros(len(examples), np.int64), np.zeros(len(examples), np.int64)
    conditions = np.array([example.conditions for example in examples])
    if generator is None:
        return Changes(size, starts, semitones, conditions)
    anything = np.array(condition_sizes(vocabulary)) - 1
    for index, example in enumerate(examples):
        if len(example) > size:
            starts[index] = generator.integers(len(example) - size + 1)
        if generator.random() < transpose:
            up = int(generator.integers(12))
            octaves = example.octaves[up]
            if octaves is not None:
                conditions[index, 1] = (conditions[index, 1] + up) % 12
                semitones[index] = 12 * octaves
        if generator.random() < COLLECTION_SHARE:
            conditions[index, 0] = example.collection
        dropped = generator.random(len(anything)) < drop
        conditions[index] = np.where(dropped, anything, conditions[index])
    return Changes(size, starts, semitones, conditions)


def collate(
    examples: Sequence[Example],
    vocabulary: Vocabulary,
    length: int | None = None,
    generator: np.random.Generator | None = None,
    drop: float = 0.0,
    transpose: float = 0.0,
) -> Batch:
    """Pad examples into a batch.

    Args:
        examples: the tunes.
        vocabulary: names the columns' "none" values.
        length: longest row; a longer tune is cut at a random place (its features still tell where it is).
        generator: source of chance, needed for `drop` and `transpose` and cuts.
        drop: probability with which each condition becomes "anything".
        transpose: probability with which a tune moves to a random key.
    """
    changes = draw_changes(examples, vocabulary, length, generator, drop, transpose)
    shape, conditions = (len(examples), changes.size), changes.conditions
    features = np.zeros((*shape, len(COLUMNS)), np.int64)
    arrival = np.zeros((*shape, len(PLACE_COLUMNS)), np.int64)
    rhythm, pitch = np.full(shape, IGNORED), np.full(shape, IGNORED)
    row = np.zeros(shape, np.int64)
    for index, example in enumerate(examples):
        part = slice(changes.starts[index], changes.starts[index] + changes.size)
        count = len(example.rhythm[part])
        features[index, :count], arrival[index, :count] = example.features[part], example.arrival[part]
        rhythm[index, :count], pitch[index, :count] = example.rhythm[part], example.pitch[part]
        row[index, :count] = example.row[part]
        _shift(features[index], pitch[index], int(changes.semitones[index]), vocabulary.pitch_count)
        if conditions[index, -1] == condition_sizes(vocabulary)[-1] - 1:
            features[index, :, LEFT_COLUMN] = arrival[index, :, PLACE_COLUMNS.index("left")] = LEFT_UNKNOWN
    return Batch(*map(torch.from_numpy, (features, arrival, rhythm, pitch, row, conditions)))


def _shift(features: NDArray[np.int64], pitch: NDArray[np.int64], semitones: int, none: int) -> None:
    """Move every relative pitch of one row in place, "none" and ignored ones left alone."""
    if semitones:
        columns = features[:, PITCH_COLUMNS]
        features[:, PITCH_COLUMNS] = np.where(columns == none, none, np.clip(columns + semitones, 0, none - 1))
        pitch[pitch != IGNORED] += semitones


def batches(
    examples: Sequence[Example], tokens: int, length: int, generator: np.random.Generator
) -> Iterator[list[int]]:
    """Yield one epoch of batches of about `tokens` steps, each as the numbers of its examples.

    Tunes of like length stand together, and the batches in random order.
    """
    order = sorted(range(len(examples)), key=lambda i: (min(len(examples[i]), length) // 16, generator.random()))
    groups: list[list[int]] = [[]]
    for index in order:
        longest = min(length, max(len(examples[index]), *(len(examples[i]) for i in groups[-1]), 1))
        if groups[-1] and longest * (len(groups[-1]) + 1) > tokens:
            groups.append([])
        groups[-1].append(index)
    for group in generator.permutation(len(groups)):
        yield groups[group]
