"""Drafts that are written together, event by event.

What is done for each event is done for all drafts at once, as arrays; only plans that settle something are asked one by
one (see `Plan.binds`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import numpy as np
import torch
from numpy.typing import NDArray

from genaudio.melody.chances import Chances
from genaudio.melody.colour import Colours
from genaudio.melody.decoder import Decoder
from genaudio.melody.draft import Draft, Tastes, choose_each
from genaudio.melody.events import Event
from genaudio.melody.grammar import Frames, Grammar
from genaudio.melody.guard import Guard, Steering
from genaudio.melody.histories import Histories
from genaudio.melody.judging import symbols
from genaudio.melody.mixing import mixed, prefixes
from genaudio.melody.pace import Paces
from genaudio.melody.vocabulary import NOTE

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]
Settled = dict[int, Event]
"""The events that must stand next in some rows."""


class Page:
    """Drafts that are written together: all have as many styles and as long a beginning, and all are guided or none.

    Rows R are drafts; each has its copies (see `genaudio.melody.mixing`) on neighbouring lines B of the network. Drafts
    that are done are dropped as soon as that makes fewer lines.

    Args:
        decoder: the network.
        grammar: says what may come next.
        drafts: to be filled.
        guard: knows what not to copy; None for nothing.
    """

    def __init__(self, decoder: Decoder, grammar: Grammar, drafts: Sequence[Draft], guard: Guard | None) -> None:
        self.decoder, self.grammar, self.vocabulary = decoder, grammar, grammar.vocabulary
        self.all_drafts, self.drafts, self.places = drafts, list(drafts), np.arange(len(drafts))
        self.written: list[Numbers] = []
        self.histories = Histories(self.vocabulary, Frames.of([draft.frame for draft in drafts]))
        self.tastes = Tastes.of([draft.taste for draft in drafts])
        self.chances = Chances([draft.generator for draft in drafts])
        self.colours = Colours([draft.plan.colour for draft in drafts], self.vocabulary)
        self.paces = Paces([draft.plan.spacing for draft in drafts], self.vocabulary)
        self.steering = Steering(guard, drafts, self.vocabulary)
        self.closed = np.array([draft.closed for draft in drafts])
        self.binds = np.array([draft.plan.binds for draft in drafts])
        self.stops = np.array([_stop(draft) for draft in drafts])
        self.ranges = np.stack([_range(draft, self.grammar) for draft in drafts])
        conditions = np.concatenate([prefixes(draft, self.vocabulary) for draft in drafts])
        self.copies = len(conditions) // len(drafts)
        lines = self._lines()
        self.memory = self.decoder.start(conditions[lines], len(conditions))
        self._read_given(conditions[lines])

    def _lines(self) -> Numbers:
        """Return which line of a draft's copy each line [B] is; those that fill the batch up repeat the last."""
        used = len(self.drafts) * self.copies
        lines = np.minimum(np.arange(self.decoder.batching.lines(used)), used - 1)
        self.rows = lines // self.copies
        return lines

    def _read_given(self, conditions: Numbers) -> None:
        """Pass the events that the drafts are given at their beginning through the network at once."""
        beginnings = [symbols(self.vocabulary, draft.plan.beginning(), draft.tonic) for draft in self.drafts]
        features, self.live = [], np.arange(len(self.drafts))
        for numbers in zip(*beginnings, strict=True):
            features.append(self.histories.features()[self.rows])
            rhythms = np.array([rhythm for rhythm, _ in numbers])
            self.histories.arrive(rhythms)
            self._place(rhythms, np.array([pitch or 0 for _, pitch in numbers]))
        if features:
            self.decoder.read(self.memory, np.stack(features, axis=1), conditions)

    def write(self) -> None:
        """Write event after event until nothing is left to write."""
        while self._close_ranks():
            self._step()
        self._fill_in()

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
        self.tastes = self.tastes.of_rows(rows)
        for followed in (self.histories, self.chances, self.colours, self.paces, self.steering):
            followed.keep(rows)
        for name in ("places", "closed", "binds", "stops", "ranges"):
            setattr(self, name, getattr(self, name)[rows])
        lines = (rows[:, None] * self.copies + np.arange(self.copies)).ravel()
        self.memory.keep(lines, len(self._lines()))

    def _step(self) -> None:
        """Write one event of every draft that is not done."""
        features = self.histories.features()[self.rows]
        hidden = self.decoder.advance(self.memory, features[:, None])
        settled, hearings = self._settled(), self._hearings()
        free = self.live if not settled else np.setdiff1d(self.live, list(settled))
        rhythms = self._rhythms(settled, free, hearings, self._mixed(self.decoder.rhythm_scores(hidden, features)))
        arrival = self.histories.arrive(rhythms)
        on_lines = (rhythms[self.rows], arrival[self.rows])
        scores = self._mixed(self.decoder.pitch_scores(hidden, features, *on_lines))
        numbers = self._pitches(settled, free, rhythms, scores)  # whatever else speaks of pitches joins `scores`
        self._follow(free, rhythms, numbers, hearings)
        self._place(rhythms, numbers)

    def _bound(self, rows: Numbers) -> list[int]:
        """Return those of some rows whose plans have to be asked."""
        return rows[self.binds[rows]].tolist()

    def _hearings(self) -> Numbers:
        """Return how many times the next events are heard, [R]."""
        hearings = np.ones(len(self.drafts), np.int64)
        for row in self._bound(self.live) if self.paces.any else ():
            hearings[row] = self.drafts[row].plan.hearings(int(self.histories.tick[row]))
        return hearings

    def _settled(self) -> Settled:
        """Return the events that must stand next."""
        found = {row: self.drafts[row].plan.settled(int(self.histories.tick[row])) for row in self._bound(self.live)}
        return {row: event for row, event in found.items() if event is not None}

    def _mixed(self, scores: torch.Tensor) -> Scores:
        """Return the scores that count, [R, N], from those of all lines [B, N]."""
        own = scores[: len(self.drafts) * self.copies].cpu().double().numpy()
        return mixed(own.reshape(len(self.drafts), self.copies, -1), self.drafts)

    def _rhythms(self, settled: Settled, free: Numbers, hearings: Numbers, scores: Scores) -> Numbers:
        """Return the rhythm symbols [R] of the next events: the settled ones, or chosen by scores [R, S].

        Args:
            settled: what must stand. free: the other rows that are not done. scores: [R, S].
            hearings: [R] how many times the events are heard.
        """
        rhythms, histories = np.zeros(len(self.drafts), np.int64), self.histories
        for row, event in settled.items():
            rhythms[row] = self.vocabulary.rhythm_index[event.kind, event.duration]
        if not len(free):
            return rhythms
        ticks = np.where(histories.tick < self.stops, histories.tick, 0)
        allowed = self.grammar.rows(histories.frames, ticks, histories.sounding)
        masks = self.grammar.table[allowed]
        for row in self._bound(free):
            masks[row] = self.drafts[row].plan.narrow(masks[row], self.vocabulary, int(ticks[row]))
        for pull in (self.paces.pull(hearings), self.colours.slow(ticks)):
            if pull is not None:
                scores = scores + pull
        rhythms[free] = self._chosen(free, scores, masks[free], self.chances.draw(free))
        return rhythms

    def _pitches(self, settled: Settled, free: Numbers, rhythms: Numbers, scores: Scores) -> Numbers:
        """Return the numbers of the pitches [R] of the next events, settled or chosen by scores [R, P]; 0 for none."""
        numbers, chances = np.zeros(len(self.drafts), np.int64), np.zeros(len(self.drafts))
        chances[free] = self.chances.draw(free)
        for row, event in settled.items():
            if event.pitch is not None:
                numbers[row] = self._number(row, event.pitch)
        rows = self._tied_on(self._notes(free, rhythms), scores, numbers)
        if not len(rows):
            return numbers
        scores = scores + self.colours.lean(self.histories.tick, self.histories.end)
        self._shun(rows, scores)
        held_back = self.steering.penalties(self.histories.tick)
        if held_back is not None:
            scores -= held_back
        numbers[rows] = self._chosen(rows, scores, self._closing(rows), chances[rows])
        return numbers

    def _chosen(self, rows: Numbers, scores: Scores, allowed: NDArray[np.bool_], chances: Scores) -> Numbers:
        """Return the symbols of some rows by scores [R, N], what is allowed [rows, N] and chances [rows]."""
        tastes = self.tastes if len(rows) == len(self.drafts) else self.tastes.of_rows(rows)
        return choose_each(scores[rows], allowed, tastes, chances)

    def _notes(self, rows: Numbers, rhythms: Numbers) -> Numbers:
        """Return those of some rows whose next events are notes by their rhythm symbols [R]."""
        return rows[self.grammar.is_note[rhythms[rows]]]

    def _number(self, row: int, pitch: int) -> int:
        """Return the number of a MIDI pitch that a plan asks for."""
        number = self.vocabulary.pitch_number(pitch, self.drafts[row].tonic)
        assert number is not None  # the plan's pitches are in range
        return number

    def _tied_on(self, rows: Numbers, scores: Scores, numbers: Numbers) -> Numbers:
        """Give notes of some rows the pitch of what is tied to them; return the rows whose notes are free."""
        tied = []
        for row in self._bound(rows):
            draft, tick = self.drafts[row], int(self.histories.tick[row])
            pitch = draft.plan.tied_on(tick, int(self.histories.end[row]) - tick)
            if pitch is not None:  # free to come here, and bound to: how willingly it does counts
                numbers[row] = self._number(row, pitch)
                draft.judge(scores[row], numbers[row])
                tied.append(row)
        return np.setdiff1d(rows, tied) if tied else rows

    def _shun(self, rows: Numbers, scores: Scores) -> None:
        """Take from the scores [R, P] of some rows what their plans are averse to."""
        for row in self._bound(rows):
            draft = self.drafts[row]
            for pitch, aversion in draft.plan.shunned(int(self.histories.tick[row])).items():
                number = self.vocabulary.pitch_number(pitch, draft.tonic)
                if number is not None:
                    scores[row, number] -= aversion

    def _closing(self, rows: Numbers) -> NDArray[np.bool_]:
        """Return which pitches are allowed in some rows, [rows, P]: those in range, at the very end the tonic alone."""
        allowed = self.ranges[rows]
        last = self.closed[rows] & (self.histories.end[rows] == self.histories.frames.end[rows])
        if not last.any():
            return allowed
        tonics = allowed & ((np.arange(allowed.shape[1]) + self.vocabulary.below) % 12 == 0)
        last &= tonics.any(axis=1)
        return np.where(last[:, None], tonics, allowed)

    def _follow(self, free: Numbers, rhythms: Numbers, numbers: Numbers, hearings: Numbers) -> None:
        """Tell what leans towards density and key what the free rows have written."""
        notes = self._notes(free, rhythms)
        self.paces.place(free, rhythms[free], hearings[free])
        self.colours.place(notes, numbers[notes])

    def _place(self, rhythms: Numbers, numbers: Numbers) -> None:
        """Add the next events [R] to all rows that are not done."""
        live, ticks = self.live, self.histories.tick
        notes = self._notes(live, rhythms)
        self.written.append(np.stack([self.places[live], rhythms[live], numbers[live]]))
        self.steering.hear(notes, numbers[notes], ticks[notes])
        for row in self._bound(live):
            draft = self.drafts[row]
            draft.plan.place(int(ticks[row]), self._event(draft, int(rhythms[row]), int(numbers[row])))
        self.histories.push(numbers)

    def _event(self, draft: Draft, rhythm: int, number: int) -> Event:
        """Return an event by its symbols."""
        kind, duration = self.vocabulary.rhythms[rhythm]
        return Event(kind, duration, self.vocabulary.midi_pitch(number, draft.tonic) if kind == NOTE else None)

    def _fill_in(self) -> None:
        """Put the events into the drafts."""
        places, rhythms, numbers = np.concatenate([np.zeros((3, 0), np.int64), *self.written], axis=1)
        order = np.argsort(places, kind="stable")
        ends = np.cumsum(np.bincount(places, minlength=len(self.all_drafts)))
        for draft, own in zip(self.all_drafts, np.split(order, ends[:-1]), strict=True):
            draft.events += map(self._event, repeat(draft), rhythms[own].tolist(), numbers[own].tolist())


def _stop(draft: Draft) -> int:
    """Return the tick from which on nothing is left to write, but what follows may still have to be judged."""
    judged = draft.plan.judged_from
    return draft.frame.end if judged is None else min(judged, draft.frame.end)


def _range(draft: Draft, grammar: Grammar) -> NDArray[np.bool_]:
    """Return which relative pitches [P] a draft may have."""
    return grammar.pitches(draft.tonic, draft.plan.lowest, draft.plan.highest)
