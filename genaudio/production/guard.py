"""The copy guard: continuations of long, rare runs of the training works are held back while a melody is written.

A run of m notes is known to the guard if a training work has it, in any key and at any tempo (`checks.runs`). It counts
as copied by as many bits as the screener finds its notes worth (`checks.background`), less those that chance finds
between a tune of `USUAL` notes and N notes of works, log2(USUAL N); so short runs and generic ones such as scales,
which are worth less, are free. It counts less the more families of tunes have it:

    held back = strength * ln 2 * max(0, bits - log2(USUAL N)) * max(0, 1 - log2 families / log2 COMMON)   nats

At a strength of 1 a continuation is thereby made as much less likely as chance makes such a run. Every m of
`LENGTHS` is looked up, and the longest run counts. Penalties are finite, and what the bar grammar and the closing tonic
demand is decided after them, so that there is no dead end.
"""

from __future__ import annotations

from functools import cached_property
from math import log, log2

import numpy as np
from numpy.typing import NDArray

from checks import Catalogue, background, thresholds
from checks.background import Background
from checks.line import Ints, Line
from checks.ngrams import INTERVAL_LIMIT, complete, intervals
from checks.runs import Sums, line_steps, steps, with_last
from genaudio.corpus import work_families
from genaudio.melody.guard import NONE, PITCHES, Nats, Whole
from genaudio.production.catalogue import training_catalogue

LENGTHS = (8, 10, 12, 14, 16)
"""Lengths in notes of the runs that are looked up."""
REACH = max(LENGTHS) - 1
COMMON = 8
"""Families that have a run from which on it belongs to everybody."""
USUAL = 100
"""Notes of a usual tune."""
_STEPS = np.array(LENGTHS) - 2
"""Steps that lead up to the last note of a run (see `checks.runs`)."""


class RunGuard:
    """Holds back what continues runs of some works.

    Args:
        line: the works.
        families: [works] the family of each, by number.
        tables: what notes are worth; None: those that the screener ships with.
    """

    reach = REACH

    def __init__(self, line: Line, families: Ints, tables: Background | None = None) -> None:
        tables = tables or background.shipped()
        owners = np.asarray(families)[line.owners()]
        found, worth = line_steps(line), _worth(line, tables)
        by_family = np.argsort(owners, kind="stable")
        parts = [_continuations(line, notes, found, worth, owners, by_family) for notes in LENGTHS]
        contexts, following, nats = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(contexts, kind="stable")
        contexts = contexts[order]
        firsts = np.flatnonzero(np.append(True, contexts[1:] != contexts[:-1])[: len(contexts)])
        self._contexts, self._begins = contexts[firsts], np.append(firsts, len(contexts))
        self._following, self._nats = following[order], nats[order]

    @classmethod
    def of(cls, catalogue: Catalogue, families: dict[str, str] | None = None) -> RunGuard:
        """Build a guard of a catalogue; a work of which `families` says nothing is a family of its own."""
        names = [(families or {}).get(record.id, f"={record.id}") for record in catalogue.records]
        return cls(catalogue.line, np.unique(names, return_inverse=True)[1])

    def penalties(self, pitches: Whole, onsets: Whole, ticks: Whole) -> Nats:
        """Return what to hold back of each next note, as `genaudio.melody.guard.Guard` says."""
        out = np.zeros((len(pitches), PITCHES))
        if not len(self._contexts) or not len(pitches):
            return out
        sums = Sums(steps(pitches, np.concatenate([onsets, ticks[:, None]], axis=1)))
        keys = sums.hashes(REACH - 1 - _STEPS, _STEPS)
        enough = (pitches != NONE).sum(1)[:, None] > _STEPS
        slots = np.minimum(np.searchsorted(self._contexts, keys), len(self._contexts) - 1)
        rows, columns = np.nonzero(enough & (self._contexts[slots] == keys))
        if not len(rows):  # as a rule
            return out
        slots = slots[rows, columns]
        counts = self._begins[slots + 1] - self._begins[slots]
        rows = np.repeat(rows, counts)
        places = np.repeat(self._begins[slots] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        targets = pitches[rows, -1] + self._following[places]
        reached = (targets >= 0) & (targets < PITCHES)
        np.maximum.at(out, (rows[reached], targets[reached]), self._nats[places[reached]])
        return out


class TrainingGuard:
    """The guard of the training works that ship, built when it is first asked (a second)."""

    reach = REACH

    @cached_property
    def _runs(self) -> RunGuard:
        return RunGuard.of(training_catalogue(), work_families())

    def penalties(self, pitches: Whole, onsets: Whole, ticks: Whole) -> Nats:
        """Return what to hold back of each next note.

        Raises:
            IncompatibleError: the catalogue of training works is missing or damaged.
        """
        return self._runs.penalties(pitches, onsets, ticks)


def _worth(line: Line, tables: Background) -> tuple[Nats, Nats]:
    """Return the sums up to each note of what intervals and rhythm are worth, both [N + 1] bits."""
    notes, weight = tables.notes(line), thresholds.shipped().costs.rhythm_weight
    pitch, rhythm = np.cumsum(notes.pitch_bits), weight * np.cumsum(notes.rhythm_bits)
    return np.append(0.0, pitch), np.append(0.0, rhythm)


def _continuations(
    line: Line, notes: int, found: Ints, worth: tuple[Nats, Nats], owners: Ints, by_family: Ints
) -> tuple[NDArray[np.uint64], NDArray[np.int8], NDArray[np.float32]]:
    """Return what leads up to the last notes of runs, the intervals into those, and what they are held back by.

    Args:
        line: the works.
        notes: length of the runs.
        found: the step at every note.
        worth: as `_worth` returns it.
        owners: the family of every note.
        by_family: all notes in the order of their families.
    """
    begins = np.zeros(len(line), np.bool_)
    begins[complete(line, notes - 1)] = True
    places = by_family[begins[by_family]]
    contexts = Sums(found).hashes(places, notes - 2)
    following = intervals(line)[places + notes - 2]
    whole = with_last(contexts, following + INTERVAL_LIMIT)
    order = np.argsort(whole, kind="stable")
    places, whole = places[order], whole[order]
    fresh = np.append(True, whole[1:] != whole[:-1])[: len(whole)]
    firsts = np.flatnonzero(fresh)
    if not len(firsts):
        return np.zeros(0, np.uint64), np.zeros(0, np.int8), np.zeros(0, np.float32)
    family = owners[places]
    other = fresh | np.append(True, family[1:] != family[:-1])
    rarity = 1 - np.log2(np.add.reduceat(other.astype(np.int64), firsts)) / log2(COMMON)
    pitch, rhythm = worth
    bits = pitch[places + notes] - pitch[places + 1] + rhythm[places + notes] - rhythm[places + 2]
    beyond = np.maximum(np.minimum.reduceat(bits, firsts) - log2(USUAL * len(line)), 0)
    nats = log(2) * beyond * np.maximum(rarity, 0)
    kept = nats > 0
    rows = order[firsts[kept]]
    return contexts[rows], following[rows].astype(np.int8), nats[kept].astype(np.float32)
