"""Sampling of many melodies side by side, each with its own source of chance.

Every tune draws from its own generator, one number for its rhythm and one for its pitch at every step, and a batch is
always filled up to `ROWS` rows: a tune depends on its seed and wish alone, not on what is sampled beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from genaudio.melody.dataset import CONDITIONS, condition_sizes
from genaudio.melody.draft import Draft, choose
from genaudio.melody.events import Event
from genaudio.melody.features import History, trace
from genaudio.melody.grammar import Grammar
from genaudio.melody.transformer import Cache, MelodyTransformer

ROWS = 16
"""Tunes that go through the network together; a smaller batch is filled up, a larger one goes in turns."""


def _is_written(draft: Draft, history: History) -> bool:
    """Return whether nothing is left to write of a draft, but what follows may still have to be judged."""
    return history.done or draft.plan.is_judged(history.tick)


class Sampler:
    """Writes melodies with a model under the bar grammar.

    Args:
        model: the network, in evaluation mode.
        grammar: of the same vocabulary.
    """

    def __init__(self, model: MelodyTransformer, grammar: Grammar) -> None:
        self.model, self.grammar = model, grammar
        self.vocabulary = model.vocabulary
        self.device = model.norm.weight.device

    @torch.inference_mode()
    def write(self, drafts: Sequence[Draft]) -> None:
        """Fill the drafts' events until every last bar is full."""
        for draft in drafts:
            if not draft.plan.given:  # what is given was checked where it was laid out
                self.grammar.check(draft.frame)
        for count in sorted({len(draft.parts) for draft in drafts}):
            alike = [draft for draft in drafts if len(draft.parts) == count]
            for start in range(0, len(alike), ROWS):
                self._write_rows(alike[start : start + ROWS])

    def _write_rows(self, drafts: Sequence[Draft]) -> None:
        """Write up to `ROWS` drafts together, all of as many styles."""
        histories = [History(self.vocabulary, draft.frame, draft.tonic) for draft in drafts]
        ranges = [self.grammar.pitches(draft.tonic, draft.plan.lowest, draft.plan.highest) for draft in drafts]
        guided = any(draft.taste.guidance != 1 for draft in drafts)
        conditions = self._conditions(drafts, guided)
        cache = self.model.new_cache(len(conditions))
        self._read_given(drafts, histories, conditions, cache)
        features = [history.features() for history in histories]
        while not all(map(_is_written, drafts, histories)):
            self._step(drafts, histories, ranges, features, conditions, cache)
        if any(draft.plan.judged_from is not None for draft in drafts):
            self._judge(drafts, histories, conditions)

    def _judge(self, drafts: Sequence[Draft], histories: Sequence[History], conditions: torch.Tensor) -> None:
        """Add the given events that follow what was written, and how likely they are, in one pass over all events."""
        for draft, history in zip(drafts, histories, strict=True):
            tick = history.tick
            while tick < draft.frame.end:
                draft.events.append(draft.plan.given[tick])
                tick += draft.events[-1].duration
        symbols = [self._symbols(draft.events, draft.tonic) for draft in drafts]
        longest = max(map(len, symbols))
        traced = [trace(History(self.vocabulary, d.frame, d.tonic), s) for d, s in zip(drafts, symbols, strict=True)]
        padded, ends = ([row + [row[-1]] * (longest - len(row)) for row in rows] for rows in zip(*traced, strict=True))
        chosen = [[rhythm for rhythm, _ in row] + [0] * (longest - len(row)) for row in symbols]
        copies, spare = len(conditions) // ROWS, ROWS - len(drafts)
        inputs = torch.tensor((padded + padded[-1:] * spare) * copies, device=self.device)
        rhythms = torch.tensor((chosen + chosen[-1:] * spare) * copies, device=self.device)
        arrival = torch.tensor((ends + ends[-1:] * spare) * copies, device=self.device)
        hidden = self.model(inputs, conditions)
        rhythm_scores = self._mixed(self.model.rhythm_logits(hidden, inputs), drafts)
        pitch_scores = self._mixed(self.model.pitch_logits(hidden, inputs, rhythms, arrival), drafts)
        for index, (draft, row) in enumerate(zip(drafts, symbols, strict=True)):
            tick = 0
            for step, (rhythm, pitch) in enumerate(row):
                if draft.plan.is_judged(tick):
                    draft.judge(rhythm_scores[index, step], rhythm)
                    if pitch is not None:
                        draft.judge(pitch_scores[index, step], pitch)
                tick += draft.events[step].duration

    def _symbols(self, events: Sequence[Event], tonic: int) -> list[tuple[int, int | None]]:
        """Return events as rhythm symbols and pitch numbers."""
        return [
            (self.vocabulary.rhythm_index[kind, duration],
             None if pitch is None else self.vocabulary.pitch_number(pitch, tonic))
            for kind, duration, pitch in events
        ]  # fmt: skip

    def _read_given(
        self, drafts: Sequence[Draft], histories: Sequence[History], conditions: torch.Tensor, cache: Cache
    ) -> None:
        """Pass the events that all drafts are given at their beginning through the network at once."""
        beginnings = [draft.plan.beginning() for draft in drafts]
        steps = min(map(len, beginnings))
        if steps == 0:
            return
        rows: list[list[list[int]]] = []
        for draft, history, events in zip(drafts, histories, beginnings, strict=True):
            rows.append([])
            for event, symbol in zip(events[:steps], self._symbols(events[:steps], draft.tonic), strict=True):
                rows[-1].append(history.features())
                draft.events.append(event)
                draft.plan.place(history.tick, event)
                history.push(*symbol)
        copies = len(conditions) // ROWS
        blocks = conditions.view(copies, ROWS, -1)
        if all(row == rows[0] for row in rows) and bool((blocks == blocks[:, :1]).all()):  # read once for all of them
            read = self.model.new_cache(copies)
            self.model(torch.tensor(rows[:1] * copies, device=self.device), blocks[:, 0], read)
            cache.store, cache.length = read.store.repeat_interleave(ROWS, dim=2), read.length
            return
        padded = (rows + [rows[-1]] * (ROWS - len(rows))) * copies
        self.model(torch.tensor(padded, device=self.device), conditions, cache)

    def _conditions(self, drafts: Sequence[Draft], guided: bool) -> torch.Tensor:
        """Return the prefixes [rows, C], a block for each style; for guidance one more without style and mode."""
        rows: list[tuple[int, ...]] = []
        for part in range(len(drafts[0].parts)):
            block = [draft.parts[part][0] for draft in drafts]
            rows += block + [block[-1]] * (ROWS - len(block))
        wished = torch.tensor(rows, device=self.device)
        if not guided:
            return wished
        free = wished[:ROWS].clone()
        for name in ("style", "mode"):
            column = CONDITIONS.index(name)
            free[:, column] = condition_sizes(self.vocabulary)[column] - 1
        return torch.cat([wished, free])

    def _step(
        self,
        drafts: Sequence[Draft],
        histories: Sequence[History],
        ranges: Sequence[NDArray[np.bool_]],
        features: list[list[int]],
        conditions: torch.Tensor,
        cache: Cache,
    ) -> None:
        """Write one event of every draft that is not done."""
        copies = len(conditions) // ROWS
        padded = (features + [features[-1]] * (ROWS - len(features))) * copies
        inputs = torch.tensor(padded, device=self.device)[:, None]
        hidden = self.model(inputs, conditions, cache)
        rhythm_scores = self._mixed(self.model.rhythm_logits(hidden, inputs), drafts)[:, 0]
        rhythms = [0] * len(drafts)
        for index, (draft, history) in enumerate(zip(drafts, histories, strict=True)):
            if not _is_written(draft, history):
                rhythms[index] = self._rhythm(draft, history, rhythm_scores[index])
        chosen = torch.tensor((rhythms + [0] * (ROWS - len(rhythms))) * copies, device=self.device)[:, None]
        ends = [history.arrival(rhythm) for history, rhythm in zip(histories, rhythms, strict=True)]
        arrival = torch.tensor((ends + [ends[-1]] * (ROWS - len(ends))) * copies, device=self.device)[:, None]
        pitch_scores = self._mixed(self.model.pitch_logits(hidden, inputs, chosen, arrival), drafts)[:, 0]
        for index, (draft, history) in enumerate(zip(drafts, histories, strict=True)):
            if _is_written(draft, history):
                continue
            kind, duration = self.vocabulary.rhythms[rhythms[index]]
            allowed = self._closing(draft, history.tick + duration, ranges[index])
            number = self._pitch(draft, history.tick, rhythms[index], pitch_scores[index], allowed)
            pitch = None if number is None else self.vocabulary.midi_pitch(number, draft.tonic)
            draft.events.append(Event(kind, duration, pitch))
            draft.plan.place(history.tick, draft.events[-1])
            history.push(rhythms[index], number)
            if not _is_written(draft, history):
                features[index] = history.features()

    def _rhythm(self, draft: Draft, history: History, scores: NDArray[np.float64]) -> int:
        """Return the rhythm symbol of the next event: the settled one, or one of scores [S]."""
        settled = draft.plan.settled(history.tick)
        if settled is None:
            mask = self.grammar.mask(self.grammar.row(draft.frame, history.tick, history.sounding))
            mask = draft.plan.narrow(mask, self.vocabulary, history.tick)
            pull = draft.plan.pull(self.vocabulary)
            scores = scores if pull is None else scores + pull
            return choose(scores, mask, draft.taste, draft.generator.random())
        return self.vocabulary.rhythm_index[settled.kind, settled.duration]

    def _pitch(
        self, draft: Draft, tick: int, rhythm: int, scores: NDArray[np.float64], allowed: NDArray[np.bool_]
    ) -> int | None:
        """Return the number of the pitch of the next event: the settled one, or one of scores [P]; None for no note."""
        settled = draft.plan.settled(tick)
        chance = 0.0 if settled is not None else draft.generator.random()
        if not self.grammar.is_note[rhythm]:
            return None
        pitch = settled.pitch if settled else draft.plan.tied_on(tick, self.vocabulary.rhythms[rhythm][1])
        if pitch is None:
            return choose(scores, allowed, draft.taste, chance)
        number = self.vocabulary.pitch_number(pitch, draft.tonic)
        assert number is not None  # the plan's pitches are in range
        if settled is None:  # free to come here, and bound to: how willingly it does counts
            draft.judge(scores, number)
        return number

    def _closing(self, draft: Draft, end: int, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which of the pitches [P] that are in range may stand in an event with this end."""
        if not draft.closed or end != draft.frame.end:
            return allowed
        numbers = np.arange(len(allowed)) + self.vocabulary.below
        tonics = allowed & (numbers % 12 == 0)
        return tonics if tonics.any() else allowed

    @staticmethod
    def _mixed(scores: torch.Tensor, drafts: Sequence[Draft]) -> NDArray[np.float64]:
        """Return scores [tunes, T, N] from [rows, T, N].

        Blended styles are the weighted mean of their scores (a log-linear mixture); where there is guidance, the last
        block of rows is free of it, and the wished scores are pushed away from the free ones.
        """
        blocks = scores.double().cpu().numpy().reshape(-1, ROWS, *scores.shape[1:])[:, : len(drafts)]
        styles = len(drafts[0].parts)
        wished = blocks[0]
        if styles > 1:
            weights = np.array([[weight for _, weight in draft.parts] for draft in drafts])
            wished = np.einsum("ds,sdtn->dtn", weights, blocks[:styles])
        if len(blocks) == styles:
            return np.asarray(wished)
        guidance = np.array([draft.taste.guidance for draft in drafts])[:, None, None]
        return np.asarray(blocks[-1] + guidance * (wished - blocks[-1]))
