"""The excitation of many stretches at once, where the networks run: `excitation.excite` in torch, for batches.

Time is cut into tiles. Every pair of a note and a tile in which it sounds is one row of a matrix, so all notes of all
stretches are computed side by side. Rows of one tile are added one after the other, in the order of the notes, and
running sums are taken by doubling: so the result does not depend on what else is in the batch, nor on the order in
which a GPU happens to add.

Turns are counted in double precision and brought into half a turn either side of a pulse before they are rounded, so
that single precision is enough for the rest: against `excite` the difference is at most `TOLERANCE`.

Shapes: B stretches, T samples, P pairs of a note and a tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genaudio.codec.excitation import ATTACK, BLOW, BLOW_FALL, LOUDNESS, RELEASE, SUSTAINED, Vibrato, heard
from genaudio.codec.overtones import BLOCK, multiples, tuned
from genaudio.instruments import TAILS, Bars, Overtones
from genaudio.sounding import Sounding

TILE = 2048
"""Samples of a tile."""
TOLERANCE = 1e-5
"""Largest difference from `excite`, whose pulses are up to 4 high."""
_ROWS = {"cpu": 64, "cuda": 4096}
"""Rows that are computed at once: what suits a processor's cache, or fits a GPU's memory with ease."""
_STEADY = Vibrato(0.0, 0.0)


@dataclass(frozen=True)
class Stretch:
    """What sounds in a stretch of audio.

    Attributes:
        notes: soundings in seconds; those outside the stretch cost little.
        start: first sample of the stretch.
        bends, vibrato, decay, release, overtones: as in `excite`.
    """

    notes: Sequence[Sounding]
    start: int
    bends: Sequence[tuple[float, float]] = ()
    vibrato: Vibrato | None = None
    decay: float = 0.0
    release: float = RELEASE
    overtones: Overtones = None


class _Notes:
    """Notes of several stretches as columns, and the tiles that each sounds in."""

    def __init__(self, stretches: Sequence[tuple[int, Stretch]], samples: int, rate: int, device: torch.device) -> None:
        self.rate, self.tiles = rate, -(-samples // TILE)
        self.tuned = [np.zeros(0)]  # turns a sample of the partials that are no multiples of the first
        numbers: dict[tuple[int, Overtones], int] = {}
        rows = []
        for place, stretch in stretches:
            vibrato = stretch.vibrato or _STEADY
            sway = (vibrato.rate, vibrato.depth, vibrato.delay, vibrato.rise)
            overtones = heard(stretch.overtones, stretch.bends, stretch.vibrato)
            bars = isinstance(overtones, Bars)
            for note in stretch.notes:
                first, last = round(note.start * rate), round(note.end * rate)
                stop = last + int(TAILS * stretch.release * rate)
                low, high = max(first, stretch.start), min(stop, stretch.start + samples)
                if low < high:
                    tiles = (low - stretch.start) // TILE, (high - 1 - stretch.start) // TILE
                    pitch = 440.0 * 2.0 ** ((note.pitch - 69) / 12)
                    columns = (first - stretch.start, last - first, stop - first, pitch, note.velocity)
                    number, count = 0, multiples(pitch, rate)
                    if overtones is not None:
                        number = numbers.setdefault((note.pitch, overtones), len(self.tuned))
                        if number == len(self.tuned):
                            self.tuned.append(tuned(note.pitch, overtones, pitch, rate) * (pitch / rate))
                        count = count if bars else len(self.tuned[number])
                    own = number, count, bars
                    rows.append((place, *tiles, *columns, stretch.decay, *sway, first, stretch.release, *own))
        self.columns = np.array(rows, np.float64).reshape(len(rows), 18)
        self.values = torch.from_numpy(self.columns).to(device)
        self.device = device

    def pairs(self, all_earlier: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the notes [P] and of their tiles [P], counted from the stretch's start; negative ones before it.

        Args:
            all_earlier: also the tiles from the note's beginning on that lie before the stretch.
        """
        low, high = self.columns[:, 1].astype(np.int64), self.columns[:, 2].astype(np.int64)
        if all_earlier:
            low = np.floor_divide(self.columns[:, 3].astype(np.int64), TILE)
        counts = high - low + 1
        notes = np.repeat(np.arange(len(low)), counts)
        within = np.arange(len(notes)) - np.repeat(np.cumsum(counts) - counts, counts)
        return notes, low[notes] + within

    def since(self, notes: Tensor, tiles: Tensor) -> Tensor:
        """Samples since each note's onset, negative before it: float64 [P, TILE]."""
        begun = tiles.double() * TILE - self.values[notes, 3]
        return begun[:, None] + torch.arange(TILE, device=self.device, dtype=torch.float64)

    def steady_turns(self, notes: Tensor, since: Tensor) -> Tensor:
        """Turns of notes that keep their pitch: float64 [P, TILE]."""
        return since * (self.values[notes, 6] / self.rate)[:, None]

    def stretched(self, notes: np.ndarray, since: Tensor) -> Tensor | None:
        """Partials that are no multiples, as `overtones.partials` has them: float32 [P, TILE], 0 for other notes."""
        numbers = self.columns[notes, 15].astype(np.int64)
        if not numbers.any():
            return None
        out = torch.zeros(since.shape, device=self.device)
        within = torch.arange(BLOCK, dtype=torch.float64, device=self.device)
        for number in np.unique(numbers[numbers > 0]):
            steps = torch.from_numpy(self.tuned[number]).to(self.device)
            rows = torch.from_numpy(np.flatnonzero(numbers == number)).to(self.device)
            begun, inner = (
                2 * torch.pi * torch.remainder(at[:, None] * steps, 1.0)
                for at in (since[rows, ::BLOCK].flatten() - ATTACK * self.rate, within)
            )
            summed = torch.cos(begun) @ torch.cos(inner).T - torch.sin(begun) @ torch.sin(inner).T
            out[rows] = summed.view(len(rows), TILE).float()
        return out

    def waves(self, notes: Tensor, since: Tensor, turns: Tensor, stretched: Tensor | None = None) -> Tensor:
        """Pulses under their envelopes: float32 [P, TILE], 0 where a note does not sound.

        Args:
            notes: their numbers. since: samples since their onsets. turns: that they have made.
            stretched: the waves of those whose partials are no multiples of the first.
        """
        values = self.values[notes].float()
        velocity, decay, release = (values[:, column, None] for column in (7, 8, 14))
        harmonics = values[:, 16, None]
        turns = turns - ATTACK * self.values[notes, 6, None]
        near = turns - torch.round(turns + 1e-4 / (2 * np.pi))  # within half a turn of a pulse's peak
        phase = (2 * np.pi * near + 1e-4).float()
        half = torch.sin(phase / 2)
        flat = half.abs() < 1e-7
        wave = torch.sin((harmonics + 0.5) * phase) / (2 * torch.where(flat, 1.0, half)) - 0.5
        wave = click = torch.where(flat, harmonics, wave)
        if stretched is not None:
            tuned, bars = (self.values[notes, column, None] > 0 for column in (15, 17))
            wave = torch.where(tuned, stretched, wave)
            click = torch.where(bars, click, wave)
        after = (since - self.values[notes, 4, None]).clamp_min(0).float() / (release * self.rate)
        now = since.float()
        envelope = torch.clamp((now + 1) / (ATTACK * self.rate), max=1.0)
        falling = SUSTAINED + (1 - SUSTAINED) * torch.exp(-now / self.rate / decay.clamp_min(1e-9))
        blow = BLOW * torch.exp(-now.clamp_min(0) / (self.rate * BLOW_FALL))
        wave = torch.where(decay > 0, falling * wave + blow * click, wave)
        envelope = envelope * torch.exp(-after) * (2 * (1 - after / TAILS)).clamp(0, 1)
        gain = LOUDNESS * torch.sqrt(2 / harmonics) * (0.3 + 0.7 * velocity / 127)
        return torch.where((since >= 0) & (since < self.values[notes, 5, None]), gain * envelope * wave, 0.0)

    def sway(self, notes: Tensor, since: Tensor, bends: Sequence[tuple[float, float]]) -> Tensor:
        """Turns that each sample adds where pitches sway or are bent: float64 [P, TILE], 0 before the onset."""
        values = self.values[notes]
        seconds = since / self.rate
        rate, depth, delay, rise = (values[:, column, None] for column in (9, 10, 11, 12))
        moving = seconds - delay
        semitones = depth * (moving / rise).clamp(0, 1) * torch.sin(2 * np.pi * rate * moving)
        if bends:
            times = torch.tensor(bends, dtype=torch.float64, device=self.device)
            onsets, amounts = times[:, 0].contiguous(), times[:, 1]
            at = torch.searchsorted(onsets, seconds + values[:, 13, None] / self.rate, right=True) - 1
            semitones = semitones + torch.where(at >= 0, amounts[at.clamp_min(0)], 0.0)
        return torch.where(since >= 0, values[:, 6, None] / self.rate * torch.exp2(semitones / 12), 0.0)


def excite_many(stretches: Sequence[Stretch], samples: int, sample_rate: int, device: torch.device) -> Tensor:
    """Turn notes into the excitation of several stretches of one length.

    Args:
        stretches: what sounds in each.
        samples: their length, T.
        sample_rate: samples a second.
        device: where it is made; it must know double precision.

    Returns:
        float32 [B, T], on the device.
    """
    tiles = -(-samples // TILE)
    out = torch.zeros(len(stretches) * tiles, TILE, device=device)
    places = list(enumerate(stretches))
    steady = [(place, one) for place, one in places if not one.bends and one.vibrato is None]
    swaying = [(place, one) for place, one in places if not one.bends and one.vibrato is not None]
    for group in (steady, swaying, *([pair] for pair in places if pair[1].bends)):
        notes = _Notes(group, samples, sample_rate, device)
        if len(notes.columns):
            _add(out, notes, group[0][1].bends if group is not steady else None)
    return out.view(len(stretches), tiles * TILE)[:, :samples]


def _add(out: Tensor, notes: _Notes, bends: Sequence[tuple[float, float]] | None) -> None:
    """Add notes to the tiles [B x tiles, TILE] that they sound in; `bends` is None where all keep their pitch."""
    device = notes.device
    note, tile = notes.pairs()
    begun = None if bends is None else _begun(notes, bends)
    key = notes.columns[note, 0].astype(np.int64) * notes.tiles + tile
    for rows in _layers(key):
        for first in range(0, len(rows), _ROWS.get(device.type, 1024)):
            some = rows[first : first + _ROWS.get(device.type, 1024)]
            which, where, at = (torch.from_numpy(part[some]).to(device) for part in (note, tile, key))
            since = notes.since(which, where)
            if begun is None or bends is None:
                turns, stretched = notes.steady_turns(which, since), notes.stretched(note[some], since)
            else:
                turns = begun[torch.from_numpy(some).to(device), None] + _running(notes.sway(which, since, bends))
                stretched = None
            out[at] += notes.waves(which, since, turns, stretched)


def _layers(key: np.ndarray) -> list[np.ndarray]:
    """Split rows so that no tile comes twice in a layer; layer after layer is in the order of the notes."""
    order = np.argsort(key, kind="stable")
    fresh = np.r_[True, key[order][1:] != key[order][:-1]]
    starts = np.maximum.accumulate(np.where(fresh, np.arange(len(key)), 0))
    rank = np.arange(len(key)) - starts
    by_rank = np.argsort(rank, kind="stable")
    return np.split(order[by_rank], np.cumsum(np.bincount(rank))[:-1])


def _begun(notes: _Notes, bends: Sequence[tuple[float, float]]) -> Tensor:
    """Turns that swaying notes have made before each of their tiles within the stretches: float64 [P]."""
    device = notes.device
    note, tile = notes.pairs(all_earlier=True)
    sums = []
    for first in range(0, len(note), _ROWS.get(device.type, 1024)):
        some = slice(first, first + _ROWS.get(device.type, 1024))
        which, where = (torch.from_numpy(part[some]).to(device) for part in (note, tile))
        sums.append(_running(notes.sway(which, notes.since(which, where), bends))[:, -1])
    begin = np.r_[True, note[1:] != note[:-1]]
    number = np.arange(len(note)) - np.maximum.accumulate(np.where(begin, np.arange(len(note)), 0))
    own = torch.cat(sums)
    before = _running(own[None], torch.from_numpy(number).to(device)[None], int(number.max()))[0] - own
    inside = tile >= notes.columns[note, 1]
    return before[torch.from_numpy(inside).to(device)]


def _running(values: Tensor, number: Tensor | None = None, highest: int = TILE) -> Tensor:
    """Sum up along each row [n, m], by doubling; with `number` [n, m], up to `highest`, anew wherever it is 0."""
    step = 1
    while step < values.shape[1] and step <= highest:
        earlier = values[:, :-step]
        if number is not None:
            earlier = torch.where(number[:, step:] >= step, earlier, 0.0)
        values = torch.cat([values[:, :step], values[:, step:] + earlier], 1)
        step *= 2
    return values
