"""The melody model fine-tuned on a fold of the prediction benchmark, and its distributions over the fold's test pieces.

Letters: T events, A pitches of the set's alphabet, K hypotheses of the tonic. The key of a piece is unknown: a test
piece is predicted by a mixture over all twelve tonics, each weighted by how often the training pieces have it and by
how well it foretold the notes so far. Training pieces are taken in the key that their pitch classes suggest.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from melody_ppm import Array
from numpy.typing import NDArray
from torch.nn import functional

from genaudio.melody.dataset import IGNORED, condition_sizes
from genaudio.melody.features import COLUMNS, LEFT_UNKNOWN, PITCH_COLUMNS, PLACE_COLUMNS, History
from genaudio.melody.grammar import Frame
from genaudio.melody.key_finder import find_key
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.vocabulary import NOTE, REST, Vocabulary, reference_pitch
from genaudio.score import Melody, Note

Notes = tuple[tuple[float, float, int], ...]
"""Onset and duration in quarter notes, MIDI pitch."""
TICKS, BEAT, MANY_BARS = 480, 480, 1000
METRES = {"4/4": 4 * TICKS, "3/4": 3 * TICKS}
AVERAGE, CLIP = 0.95, 1.0


@dataclass(frozen=True)
class Tuning:
    """How to fine-tune: passes over the training pieces, events in a batch, highest learning rate, weight decay."""

    epochs: int
    batch: int
    rate: float
    decay: float


@dataclass(frozen=True)
class Piece:
    """One piece as the model sees it, its pitches counted from the reference tonic C.

    Attributes:
        features, arrival: [T, columns], [T, place columns].
        rhythm: [T] rhythm symbols.
        pitch: [T] relative pitch numbers, `IGNORED` at rests.
        target: [T] places in the alphabet, `IGNORED` at rests.
        metre: number of the metre, or of "any".
        tonic: pitch class that its key finder names.
    """

    features: NDArray[np.int64]
    arrival: NDArray[np.int64]
    rhythm: NDArray[np.int64]
    pitch: NDArray[np.int64]
    target: NDArray[np.int64]
    metre: int
    tonic: int


def likelier_metre(notes: Notes) -> str:
    """Return 4/4 or 3/4 as the rhythm suggests, which is known beforehand; onset 0 is a bar line.

    A bar is as long as the first onset or longer, and a tune ends on a bar line, or short of one by its pickup.
    """
    first, end = notes[0][0], notes[-1][0] + notes[-1][1]
    whole = {metre: any((end - start) % int(metre[0]) == 0 for start in (0, first)) for metre in METRES}
    if first >= 3 or whole["4/4"] != whole["3/4"]:
        return "4/4" if first >= 3 or whole["4/4"] else "3/4"

    def strong(beats: int) -> float:  # what of the long notes' time begins on bar lines, against chance
        weights = [(onset % beats == 0, max(0.0, duration - 0.5)) for onset, duration, _ in notes]
        return beats * sum(weight for on_bar, weight in weights if on_bar)

    return "3/4" if strong(3) > strong(4) else "4/4"


@cache
def make_piece(notes: Notes, alphabet: tuple[int, ...], vocabulary: Vocabulary, timed: bool) -> Piece:
    """Turn a piece into what the model sees: pitches alone, or (`timed`) onsets, durations and metre as well."""
    metre = likelier_metre(notes)
    bar = METRES[metre]
    history = History(vocabulary, Frame(bar, BEAT, MANY_BARS, 0, MANY_BARS * bar), 0)
    rows: list[tuple[list[int], list[int], int, int, int]] = []
    history.tick = _ticks(notes[0][0])
    low = reference_pitch(0) + vocabulary.below

    def add(kind: str, start: int, length: int, pitch: int | None) -> None:
        if timed:
            history.tick = start
        rhythm = _rhythm(vocabulary, kind, length if timed else TICKS)
        number = None if pitch is None else pitch - low
        target = IGNORED if pitch is None else alphabet.index(pitch)
        rows.append(
            (history.features(), history.arrival(rhythm), rhythm, IGNORED if number is None else number, target)
        )
        history.push(rhythm, number)
        history.tick = start + length if timed else 0

    if not timed:
        history.tick = 0
    end = _ticks(notes[0][0])
    for onset, duration, pitch in notes:
        start = _ticks(onset)
        if timed and start > end:
            add(REST, end, start - end, None)
        end = start + max(_ticks(duration), 10)
        add(NOTE, start, end - start, pitch)
    features, arrival, rhythm, pitch, target = (np.array(column) for column in zip(*rows, strict=True))
    features[:, COLUMNS.index("left")] = arrival[:, PLACE_COLUMNS.index("left")] = LEFT_UNKNOWN
    number = vocabulary.metres.index(metre) if timed else len(vocabulary.metres)
    tonic = find_key(Melody([Note(float(place), 1.0, p) for place, (_, _, p) in enumerate(notes)])).tonic
    return Piece(features, arrival, rhythm, pitch, target, number, tonic)


def _ticks(quarters: float) -> int:
    """Return quarter notes in ticks of the model's grid."""
    return round(quarters * TICKS / 10) * 10


def _rhythm(vocabulary: Vocabulary, kind: str, length: int) -> int:
    """Return the rhythm symbol of a kind that is nearest to a length in ticks."""
    durations = vocabulary.notes if kind == NOTE else vocabulary.rests
    return vocabulary.rhythm_index[kind, min(durations, key=lambda duration: abs(duration - length))]


class Tuned:
    """A model over one set's alphabet, fine-tuned or trained anew.

    Args:
        base: the model to begin from; it is left as it is.
        alphabet: MIDI pitches [A].
        scratch: begin from random weights of the same shape.
        seed: for these, for dropout and for the order of the batches.
    """

    def __init__(self, base: MelodyTransformer, alphabet: Sequence[int], scratch: bool, seed: int) -> None:
        torch.manual_seed(seed)
        self.model = MelodyTransformer(base.vocabulary, base.shape) if scratch else copy.deepcopy(base)
        self.model.to(base.norm.weight.device)
        self.average = copy.deepcopy(self.model)
        self.alphabet, self.rng = np.array(alphabet), np.random.default_rng(seed)
        self.device = base.norm.weight.device
        self.prior = np.full(12, 1 / 12)

    def _scores(self, model: MelodyTransformer, pieces: Sequence[Piece], tonics: Sequence[int]) -> torch.Tensor:
        """Return log-probabilities [B, T, A] of pieces in given keys."""
        vocabulary, longest = model.vocabulary, max(len(piece.rhythm) for piece in pieces)
        none = vocabulary.pitch_count
        sizes = [size - 1 for size in condition_sizes(vocabulary)]
        features = np.zeros((len(pieces), longest, len(COLUMNS)), np.int64)
        arrival = np.zeros((len(pieces), longest, len(PLACE_COLUMNS)), np.int64)
        rhythm = np.zeros((len(pieces), longest), np.int64)
        conditions = np.tile(sizes, (len(pieces), 1))
        numbers = np.zeros((len(pieces), len(self.alphabet)), np.int64)
        for row, (piece, tonic) in enumerate(zip(pieces, tonics, strict=True)):
            t = len(piece.rhythm)
            features[row, :t], arrival[row, :t], rhythm[row, :t] = piece.features, piece.arrival, piece.rhythm
            shift = reference_pitch(0) - reference_pitch(tonic)
            columns = features[row][:, PITCH_COLUMNS]
            features[row][:, PITCH_COLUMNS] = np.where(columns == none, none, np.clip(columns + shift, 0, none - 1))
            conditions[row, 1], conditions[row, 3] = tonic, piece.metre
            numbers[row] = self.alphabet - reference_pitch(tonic) - vocabulary.below
        inputs, places, chosen, prefix, wanted = (
            torch.from_numpy(array).to(self.device) for array in (features, arrival, rhythm, conditions, numbers)
        )
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = model.pitch_logits(model(inputs, prefix), inputs, chosen, places)
        return functional.log_softmax(logits.float().gather(-1, wanted[:, None].expand(-1, longest, -1)), dim=-1)

    def train(self, pieces: Sequence[Piece], tuning: Tuning) -> None:
        """Learn from training pieces; `average` holds the moving average of the weights."""
        counts = np.bincount([piece.tonic for piece in pieces], minlength=12) + 1.0
        self.prior = counts / counts.sum()
        optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=tuning.rate, betas=(0.9, 0.98), weight_decay=tuning.decay
        )
        total = tuning.epochs * len(self._batches(pieces, tuning.batch))
        step = 0
        self.model.train()
        for _ in range(tuning.epochs):
            for batch in self._batches(pieces, tuning.batch):
                warm = min(1.0, (step + 1) / 20)
                fall = 0.5 + 0.5 * math.cos(math.pi * min(1.0, step / total))
                optimiser.param_groups[0]["lr"] = tuning.rate * warm * fall
                log_p = self._scores(self.model, batch, [piece.tonic for piece in batch])
                loss = functional.nll_loss(log_p.flatten(0, 1), self._targets(batch, log_p.shape[1]).flatten())
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
                optimiser.step()
                step += 1
                decay = min(AVERAGE, (1 + step) / (10 + step))
                with torch.no_grad():
                    torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - decay)
        self.average.eval()

    def _batches(self, pieces: Sequence[Piece], events: int) -> list[list[Piece]]:
        """Return pieces of like length together, in random order."""
        order = sorted(pieces, key=lambda piece: (len(piece.rhythm) // 8, self.rng.random()))
        groups: list[list[Piece]] = [[]]
        for piece in order:
            longest = max(len(p.rhythm) for p in (piece, *groups[-1]))
            if groups[-1] and longest * (len(groups[-1]) + 1) > events:
                groups.append([])
            groups[-1].append(piece)
        return [groups[place] for place in self.rng.permutation(len(groups))]

    def _targets(self, pieces: Sequence[Piece], longest: int) -> torch.Tensor:
        """Return the alphabet's places to predict, [B, T]."""
        target = np.full((len(pieces), longest), IGNORED)
        for row, piece in enumerate(pieces):
            target[row, : len(piece.target)] = piece.target
        return torch.from_numpy(target).to(self.device)

    @torch.no_grad()
    def distributions(self, piece: Piece) -> list[Array]:
        """Return the distribution of each note's pitch, given the notes before it, [A] each."""
        log_p = self._scores(self.average, [piece] * 12, range(12)).double().cpu().numpy()  # [K, T, A]
        belief, mixed = np.log(self.prior), []
        for place, target in enumerate(piece.target):
            if target == IGNORED:
                continue
            weights = np.exp(belief - belief.max())
            mixed.append(np.asarray(weights / weights.sum() @ np.exp(log_p[:, place])))
            belief = belief + log_p[:, place, target]
        return mixed
