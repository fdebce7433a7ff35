"""Tunes by an interpolated n-gram: the baseline of the benchmark of musical quality. No torch.

For each metre an n-gram of events (rhythm and pitch above the tonic together) is counted in the training works and
mixed over all orders by escape C (`melody_ppm.py`). It writes under the same bar grammar as the melody model, so that
its bars sum and its last note is the tonic, and with the same pickups and lengths.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from melody_ppm import Ppm

from genaudio.corpus import TrainingWork
from genaudio.melody.events import Event, UnsuitableError, decode, encode, make_frame
from genaudio.melody.grammar import Grammar
from genaudio.melody.vocabulary import Vocabulary
from genaudio.score import Melody, to_ticks

ORDER = 4
Symbol = tuple[int, int | None]
"""A rhythm symbol, and the number of the relative pitch of a note."""


class NgramComposer:
    """The n-grams of all metres.

    Args:
        works: to count.
        vocabulary: of the melody model.
        order: events in the longest context.
    """

    def __init__(self, works: Sequence[TrainingWork], vocabulary: Vocabulary, order: int = ORDER) -> None:
        self.vocabulary, self.grammar = vocabulary, Grammar(vocabulary)
        rows: dict[str, list[list[Symbol]]] = {}
        for work in works:
            try:
                rows.setdefault(str(work.melody.metre), []).append(self._symbols(work.melody))
            except UnsuitableError:
                continue
        self.symbols = {metre: sorted({s for row in some for s in row}, key=str) for metre, some in rows.items()}
        self.ngrams = {metre: Ppm(len(symbols), order) for metre, symbols in self.symbols.items()}
        for metre, some in rows.items():
            numbers = {symbol: number for number, symbol in enumerate(self.symbols[metre])}
            for row in some:
                self.ngrams[metre].learn_all([numbers[symbol] for symbol in row])

    def _symbols(self, melody: Melody) -> list[Symbol]:
        """Return a melody's events; pitches beyond the vocabulary are left out of the count with their tune."""
        assert melody.key is not None
        found: list[Symbol] = []
        for kind, duration, pitch in encode(melody, self.vocabulary).events:
            number = None if pitch is None else self.vocabulary.pitch_number(pitch, melody.key.tonic)
            if pitch is not None and number is None:
                raise UnsuitableError(f"pitch {pitch} is out of the vocabulary's range")
            found.append((self.vocabulary.rhythm_index[kind, duration], number))
        return found

    def mate(self, melody: Melody, generator: np.random.Generator) -> Melody:
        """Write a tune with key, metre, pickup and length of another."""
        assert melody.metre is not None
        assert melody.key is not None
        metre, tonic = str(melody.metre), melody.key.tonic
        frame = make_frame(melody.metre, melody.bars, to_ticks(melody.pickup))
        symbols, ngram = self.symbols[metre], self.ngrams[metre]
        rhythms = np.array([rhythm for rhythm, _ in symbols])
        steps = np.array([-1 if number is None else (number + self.vocabulary.below) % 12 for _, number in symbols])
        reached = self.grammar.pitches(tonic)
        in_range = np.array([number is None or bool(reached[number]) for _, number in symbols])
        lengths = np.array([duration for _, duration in self.vocabulary.rhythms])
        events: list[Event] = []
        history: list[int] = []
        tick, sounding = 0, False
        while tick < frame.end:
            allowed = self.grammar.mask(self.grammar.row(frame, tick, sounding))[rhythms] & in_range
            last = tick + lengths[rhythms] == frame.end
            closed = allowed & (~last | (steps == 0))
            shares = np.where(closed if closed.any() else allowed, ngram.predict(history[-ngram.order :]), 0.0)
            chosen = int(generator.choice(len(symbols), p=shares / shares.sum()))
            kind, duration = self.vocabulary.rhythms[symbols[chosen][0]]
            number = symbols[chosen][1]
            events.append(Event(kind, duration, None if number is None else self.vocabulary.midi_pitch(number, tonic)))
            history.append(chosen)
            tick, sounding = tick + duration, kind != "rest"
        return Melody(decode(events), melody.metre, melody.key, pickup=melody.pickup)
