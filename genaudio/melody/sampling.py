"""Sampling of many melodies side by side, each with its own source of chance.

Every tune draws from its own generator, one number for its rhythm and one for its pitch at every step. Tunes go through
the network in batches in which each comes out as it would by itself (see `genaudio.melody.decoder.Batching`), and what
else is done for several tunes is done row by row: a tune depends on its seed and wish alone, not on what is sampled
beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from genaudio.melody.cpu import CpuDecoder
from genaudio.melody.decoder import Decoder
from genaudio.melody.draft import Draft, Tastes, choose_each
from genaudio.melody.events import Event
from genaudio.melody.grammar import Frames, Grammar
from genaudio.melody.graphs import GraphDecoder
from genaudio.melody.guard import Guard, Steering
from genaudio.melody.histories import Histories
from genaudio.melody.judging import judge, symbols
from genaudio.melody.mixing import is_guided, mixed, prefixes
from genaudio.melody.transformer import MelodyTransformer
from genaudio.melody.vocabulary import NOTE

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]


class Sampler:
    """Writes melodies with a model under the bar grammar.

    Args:
        model: the network, in evaluation mode; later changes of its weights are not seen.
        grammar: of the same vocabulary.
        graphs: record the network's steps as CUDA graphs (see `genaudio.melody.graphs`; not yet run on a GPU).
        guard: knows what not to copy; None for nothing.
    """

    def __init__(
        self, model: MelodyTransformer, grammar: Grammar, graphs: bool = False, guard: Guard | None = None
    ) -> None:
        self.model, self.grammar, self.vocabulary, self.guard = model, grammar, model.vocabulary, guard
        self.decoder = _decoder(model, graphs)

    @torch.inference_mode()
    def write(self, drafts: Sequence[Draft]) -> None:
        """Fill the drafts' events until every last bar is full."""
        alike: dict[tuple[int, bool, int], list[Draft]] = {}
        for draft in drafts:
            if not draft.plan.given:  # what is given was checked where it was laid out
                self.grammar.check(draft.frame)
            kind = (len(draft.parts), is_guided(draft), len(draft.plan.beginning()))
            alike.setdefault(kind, []).append(draft)
        for (styles, guided, _), some in alike.items():
            most = self.decoder.batching.most // (styles + guided)
            some.sort(key=lambda draft: draft.frame.end)  # so that those beside each other are done together
            for start in range(0, len(some), most):
                Page(self, some[start : start + most]).write()
        for draft in drafts:
            if draft.plan.judged_from is not None:
                judge(self.model, draft)


class Page:
    """Drafts that are written together: all have as many styles and as long a beginning, and all are guided or none.

    Rows R are drafts; each has its copies (see `genaudio.melody.mixing`) on neighbouring lines B of the network. Drafts
    that are done are dropped as soon as that makes fewer lines.
    """

    def __init__(self, sampler: Sampler, drafts: Sequence[Draft]) -> None:
        self.decoder, self.grammar, self.vocabulary = sampler.decoder, sampler.grammar, sampler.vocabulary
        self.drafts = list(drafts)
        self.histories = Histories(self.vocabulary, Frames.of([draft.frame for draft in drafts]))
        self.tastes = Tastes.of([draft.taste for draft in drafts])
        self.closed = np.array([draft.closed for draft in drafts])
        self.stops = np.array([_stop(draft) for draft in drafts])
        self.ranges = np.stack([_range(draft, self.grammar) for draft in drafts])
        conditions = np.concatenate([prefixes(draft, self.vocabulary) for draft in drafts])
        self.copies = len(conditions) // len(drafts)
        lines = self._lines()
        self.memory = self.decoder.start(conditions[lines], len(conditions))
        self._read_given(conditions[lines])
        self.steering = Steering(sampler.guard, self.drafts, self.vocabulary)

    def _lines(self) -> Numbers:
        """Return which line of a draft's copy each line [B] is; those that fill the batch up repeat the last."""
        used = len(self.drafts) * self.copies
        lines = np.minimum(np.arange(self.decoder.batching.lines(used)), used - 1)
        self.rows = lines // self.copies
        return lines

    def _read_given(self, conditions: Numbers) -> None:
        """Pass the events that the drafts are given at their beginning through the network at once."""
        beginnings = [draft.plan.beginning() for draft in self.drafts]
        symbolised = [symbols(self.vocabulary, b, d.tonic) for b, d in zip(beginnings, self.drafts, strict=True)]
        features = []
        for events, numbers in zip(zip(*beginnings, strict=True), zip(*symbolised, strict=True), strict=True):
            features.append(self.histories.features()[self.rows])
            for draft, tick, event in zip(self.drafts, self.histories.tick.tolist(), events, strict=True):
                draft.events.append(event)
                draft.plan.place(tick, event)
            self.histories.arrive(np.array([rhythm for rhythm, _ in numbers]))
            self.histories.push(np.array([pitch or 0 for _, pitch in numbers]))
        if features:
            self.decoder.read(self.memory, np.stack(features, axis=1), conditions)

    def write(self) -> None:
        """Write event after event until nothing is left to write."""
        while self._close_ranks():
            self._step()

    def _close_ranks(self) -> bool:
        """Drop drafts that are done where that makes fewer lines; return whether any is left."""
        live = np.flatnonzero(self.histories.tick < self.stops)
        if self.decoder.batching.lines(len(live) * self.copies) < len(self.rows) and len(live):
            rows = np.arange(len(live))
            gaps = np.setdiff1d(rows, live)
            rows[gaps] = live[live >= len(live)]  # only the last move, into the gaps
            self._keep(rows)
            live = np.arange(len(rows))
        self.live = live
        return len(live) > 0

    def _keep(self, rows: Numbers) -> None:
        """Go on with some of the rows, in this order."""
        self.drafts = [self.drafts[row] for row in rows]
        self.histories.keep(rows)
        self.tastes = self.tastes.of_rows(rows)
        self.steering.keep(rows)
        for name in ("closed", "stops", "ranges"):
            setattr(self, name, getattr(self, name)[rows])
        lines = (rows[:, None] * self.copies + np.arange(self.copies)).ravel()
        self.memory.keep(lines, len(self._lines()))

    def _step(self) -> None:
        """Write one event of every draft that is not done."""
        features = self.histories.features()[self.rows]
        hidden = self.decoder.advance(self.memory, features[:, None])
        ticks = self.histories.tick.tolist()
        settled = {row: self.drafts[row].plan.settled(ticks[row]) for row in self.live.tolist()}
        rhythms = self._rhythms(settled, self._mixed(self.decoder.rhythm_scores(hidden, features)))
        arrival = self.histories.arrive(rhythms)
        on_lines = (rhythms[self.rows], arrival[self.rows])
        scores = self._mixed(self.decoder.pitch_scores(hidden, features, *on_lines))
        numbers = self._pitches(settled, rhythms, scores)  # whatever else speaks for or against pitches joins `scores`
        for row, rhythm, number in zip(settled, rhythms[self.live].tolist(), numbers[self.live].tolist(), strict=True):
            draft, (kind, duration) = self.drafts[row], self.vocabulary.rhythms[rhythm]
            pitch = self.vocabulary.midi_pitch(number, draft.tonic) if kind == NOTE else None
            draft.events.append(Event(kind, duration, pitch))
            draft.plan.place(ticks[row], draft.events[-1])
        self.histories.push(numbers)

    def _mixed(self, scores: torch.Tensor) -> Scores:
        """Return the scores that count, [R, N], from those of all lines [B, N]."""
        own = scores[: len(self.drafts) * self.copies].cpu().double().numpy()
        return mixed(own.reshape(len(self.drafts), self.copies, -1), self.drafts)

    def _rhythms(self, settled: dict[int, Event | None], scores: Scores) -> Numbers:
        """Return the rhythm symbols [R] of the next events: the settled ones, or chosen by scores [R, S]."""
        histories = self.histories
        rhythms, free, chances = np.zeros(len(self.drafts), np.int64), [], []
        ticks = np.where(histories.tick < self.stops, histories.tick, 0)
        masks = self.grammar.rows(histories.frames, ticks, histories.sounding)
        allowed = self.grammar.table[masks]
        for row, event in settled.items():
            if event is not None:
                rhythms[row] = self.vocabulary.rhythm_index[event.kind, event.duration]
                continue
            draft = self.drafts[row]
            allowed[row] = draft.plan.narrow(allowed[row], self.vocabulary, int(ticks[row]))
            pull = draft.plan.pull(self.vocabulary, int(ticks[row]))
            if pull is not None:
                scores[row] += pull
            free.append(row)
            chances.append(draft.generator.random())
        if free:
            rows = np.array(free)
            rhythms[rows] = choose_each(scores[rows], allowed[rows], self.tastes.of_rows(rows), np.array(chances))
        return rhythms

    def _pitches(self, settled: dict[int, Event | None], rhythms: Numbers, scores: Scores) -> Numbers:
        """Return the numbers of the pitches [R] of the next events, settled or chosen by scores [R, P]; 0 for none."""
        numbers, free, chances = np.zeros(len(self.drafts), np.int64), [], []
        notes, ticks = self.grammar.is_note[rhythms].tolist(), self.histories.tick.tolist()
        for row, event in settled.items():
            draft = self.drafts[row]
            chance = 0.0 if event is not None else draft.generator.random()
            if not notes[row]:
                continue
            length = self.vocabulary.rhythms[rhythms[row]][1]
            pitch = event.pitch if event is not None else draft.plan.tied_on(ticks[row], length)
            if pitch is None:
                lean = draft.plan.lean(self.vocabulary, draft.tonic, ticks[row], length)
                if lean is not None:
                    scores[row] += lean
                free.append(row)
                chances.append(chance)
                continue
            number = self.vocabulary.pitch_number(pitch, draft.tonic)
            assert number is not None  # the plan's pitches are in range
            numbers[row] = number
            if event is None:  # free to come here, and bound to: how willingly it does counts
                draft.judge(scores[row], number)
        if free:
            rows = np.array(free)
            allowed = self._closing(rows)
            held_back = self.steering.penalties()
            if held_back is not None:
                scores = scores - held_back
            numbers[rows] = choose_each(scores[rows], allowed, self.tastes.of_rows(rows), np.array(chances))
        return numbers

    def _closing(self, rows: Numbers) -> NDArray[np.bool_]:
        """Return which pitches are allowed in some rows, [rows, P]: those in range, at the very end the tonic alone."""
        allowed = self.ranges[rows]
        last = self.closed[rows] & (self.histories.end[rows] == self.histories.frames.end[rows])
        if not last.any():
            return allowed
        tonics = allowed & ((np.arange(allowed.shape[1]) + self.vocabulary.below) % 12 == 0)
        last &= tonics.any(axis=1)
        return np.where(last[:, None], tonics, allowed)


def _decoder(model: MelodyTransformer, graphs: bool) -> Decoder:
    """Return the decoder that suits the model's device."""
    if graphs:
        return GraphDecoder(model)
    return CpuDecoder(model) if model.norm.weight.device.type == "cpu" else Decoder(model)


def _stop(draft: Draft) -> int:
    """Return the tick from which on nothing is left to write, but what follows may still have to be judged."""
    judged = draft.plan.judged_from
    return draft.frame.end if judged is None else min(judged, draft.frame.end)


def _range(draft: Draft, grammar: Grammar) -> NDArray[np.bool_]:
    """Return which relative pitches [P] a draft may have."""
    return grammar.pitches(draft.tonic, draft.plan.lowest, draft.plan.highest)
