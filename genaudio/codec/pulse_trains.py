"""The excitation of many stretches at once, where the networks run: `excitation.excite` in torch, for batches.

Time is cut into tiles. Every pair of a voice and a tile in which it sounds is one row of a matrix, so all voices of all
stretches are computed side by side. Rows of one tile are added one after the other, in the order of the voices: so the
result does not depend on what else is in the batch, nor on the order in which a GPU happens to add.

Against `excite` the difference is at most `TOLERANCE`.

Shapes: B stretches, T samples, N voices, P pairs of a voice and a tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import pi

import numpy as np
import torch
from torch import Tensor

from genaudio.codec.excitation import (
    ATTACK,
    BEGUN,
    BLOW,
    BLOW_FALL,
    LASTING,
    LOUDNESS,
    SUSTAINED,
    Stretch,
    Vibrato,
    Voice,
    voices,
)
from genaudio.codec.overtones import BLOCK, tuned
from genaudio.instruments import TAILS, Bars, Overtones

TILE = 2048
"""Samples of a tile."""
TOLERANCE = 1e-5
"""Largest difference from `excite`, whose pulses are up to 4 high."""
_ROWS = {"cpu": 64, "cuda": 4096}
"""Rows that are computed at once: what suits a processor's cache, or fits a GPU's memory with ease."""
_STEADY = Vibrato(1.0, 0.0)
_OWN = ("place", "tuning", "count", *Voice._fields)
"""What there is to know of a voice: the numbers of its stretch and of its tuning (0 for multiples), and by how many
partials it is brought to its loudness."""
_PLAYED = ("decay", "release", "bars", "rate", "swing", "delay", "rise")
"""And of how it is played."""


def excite_many(stretches: Sequence[Stretch], samples: int, sample_rate: int, device: torch.device) -> Tensor:
    """Turn notes into the excitation of several stretches of one length.

    Args:
        stretches: what sounds in each.
        samples: their length, T.
        sample_rate: samples a second.
        device: where it is made; it must know double precision.

    Returns:
        float32 [B, 2, T], on the device.
    """
    tiles = -(-samples // TILE)
    out = torch.zeros(len(stretches) * tiles, 2, TILE, device=device)
    found = _Voices(stretches, samples, sample_rate, device)
    if len(found.values):
        voice, tile = found.pairs()
        key = found.columns["place"][voice].astype(np.int64) * tiles + tile
        most = _ROWS.get(device.type, 1024)
        for layer in _layers(key):
            for some in np.split(layer, range(most, len(layer), most)):
                out[torch.from_numpy(key[some]).to(device)] += found.waves(voice[some], tile[some])
    out = out.view(len(stretches), tiles, 2, TILE).transpose(1, 2)
    return out.reshape(len(stretches), 2, tiles * TILE)[:, :, :samples]


def _layers(key: np.ndarray) -> list[np.ndarray]:
    """Split rows so that no tile comes twice in a layer; layer after layer is in the order of the voices."""
    order = np.argsort(key, kind="stable")
    fresh = np.r_[True, key[order][1:] != key[order][:-1]]
    starts = np.maximum.accumulate(np.where(fresh, np.arange(len(key)), 0))
    rank = np.arange(len(key)) - starts
    by_rank = np.argsort(rank, kind="stable")
    return np.split(order[by_rank], np.cumsum(np.bincount(rank))[:-1])


def _played(stretch: Stretch) -> tuple[float, ...]:
    """How the notes of a stretch are played, as `_PLAYED` names it."""
    sway = stretch.vibrato or _STEADY
    bars = isinstance(stretch.heard_overtones, Bars)
    return stretch.decay, stretch.release, bars, sway.rate, sway.swing, sway.delay, sway.rise


class _Voices:
    """Voices of several stretches (see `Voice`).

    Attributes:
        columns: by name, what there is to know of each: float64 [N].
    """

    def __init__(self, stretches: Sequence[Stretch], samples: int, rate: int, device: torch.device) -> None:
        self.rate, self.device = rate, device
        self.steps = [np.zeros(0)]  # turns a sample of the partials that are no multiples of the first
        self._numbers: dict[tuple[float, Overtones], int] = {}
        rows = [row for place, stretch in enumerate(stretches) for row in self._rows(place, stretch, samples)]
        table = np.array(rows, np.float64).reshape(len(rows), len(_OWN))
        played = np.array([_played(stretch) for stretch in stretches], np.float64).reshape(-1, len(_PLAYED))
        played = played[table[:, 0].astype(np.int64)]
        self.columns = dict(zip((*_OWN, *_PLAYED), (*table.T, *played.T), strict=True))
        self.values = torch.from_numpy(np.concatenate([table, played], 1)).to(device)

    def _rows(self, place: int, stretch: Stretch, samples: int) -> Iterator[tuple[float, ...]]:
        """What there is to know of the voices of one stretch, as `_OWN` names it."""
        overtones = stretch.heard_overtones
        for voice in voices(stretch, samples, self.rate):
            number = self._tuning(voice.pitch, voice.hertz, overtones)
            multiples = not number or isinstance(overtones, Bars)
            yield place, number, voice.harmonics if multiples else len(self.steps[number]), *voice

    def _tuning(self, pitch: int, hertz: float, overtones: Overtones) -> int:
        """Number of the partials of a voice among all that are no multiples; 0 where they are."""
        if (hertz, overtones) not in self._numbers:
            ratios = tuned(pitch, overtones, hertz, self.rate)
            self._numbers[hertz, overtones] = 0 if ratios is None else len(self.steps)
            if ratios is not None:
                self.steps.append(ratios * (hertz / self.rate))
        return self._numbers[hertz, overtones]

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the voices [P] and of the tiles [P] that they sound in, counted from the stretch's start."""
        onset, begin, end = (self.columns[name].astype(np.int64) for name in ("onset", "begin", "end"))
        first = (onset + begin) // TILE
        counts = (onset + end - 1) // TILE - first + 1
        voice = np.repeat(np.arange(len(first)), counts)
        within = np.arange(len(voice)) - np.repeat(np.cumsum(counts) - counts, counts)
        return voice, first[voice] + within

    def waves(self, voice: np.ndarray, tile: np.ndarray) -> Tensor:
        """Voices in tiles, by their numbers: float32 [P, 2, TILE], 0 where a voice does not sound."""
        which = torch.from_numpy(voice).to(self.device)
        of = dict(zip(self.columns, self.values[which, :, None].unbind(1), strict=True))
        tiles = torch.from_numpy(tile).to(self.device)[:, None]
        since = tiles * TILE - of["onset"] + torch.arange(TILE, device=self.device)
        seconds = since / self.rate
        swayed = _swayed(seconds, of) if self.columns["swing"][voice].any() else seconds
        wave = click = _pulses(of["turns"] + of["hertz"] * swayed, of["harmonics"].float())
        if self.columns["tuning"][voice].any():
            wave = torch.where(of["tuning"] > 0, self._tuned(voice, since), wave)
            click = torch.where(of["bars"] > 0, click, wave)
        brief, decay = seconds.float(), of["decay"].float()
        level = self._level(since, of) * ((brief + 1 / self.rate) / ATTACK).clamp(max=1.0)
        falling = SUSTAINED + (1 - SUSTAINED) * torch.exp(-brief / decay.clamp_min(1e-9))
        blow = BLOW * torch.exp(-brief.clamp_min(0) / BLOW_FALL)
        wave = torch.where(decay > 0, falling * wave + blow * click, wave)
        wave = torch.where((since >= of["begin"]) & (since < of["end"]), level * wave, 0.0)
        begins = ((LASTING - brief) / (LASTING - BEGUN)).clamp(0, 1) * wave
        return torch.stack([begins, wave - begins], 1)

    def _level(self, since: Tensor, of: dict[str, Tensor]) -> Tensor:
        """How loud voices are, and their release: float32 [P, TILE]."""
        after = ((since - of["held"]) / (of["release"] * self.rate)).clamp_min(0).float()
        gain = (LOUDNESS * torch.sqrt(2 / of["count"]) * (0.3 + 0.7 * of["velocity"] / 127)).float()
        return gain * torch.exp(-after) * (2 * (1 - after / TAILS)).clamp(0, 1)

    def _tuned(self, voice: np.ndarray, since: Tensor) -> Tensor:
        """Partials that are no multiples, as `overtones.partials` has them: float32 [P, TILE], 0 for other voices."""
        numbers = self.columns["tuning"][voice].astype(np.int64)
        out = torch.zeros(since.shape, device=self.device)
        within = torch.arange(BLOCK, dtype=torch.float64, device=self.device)
        for number in np.unique(numbers[numbers > 0]):
            steps = torch.from_numpy(self.steps[number]).to(self.device)
            rows = torch.from_numpy(np.flatnonzero(numbers == number)).to(self.device)
            begun, inner = (
                2 * torch.pi * torch.remainder(at[:, None] * steps, 1.0)
                for at in (since[rows, ::BLOCK].flatten() - ATTACK * self.rate, within)
            )
            summed = torch.cos(begun) @ torch.cos(inner).T - torch.sin(begun) @ torch.sin(inner).T
            out[rows] = summed.view(len(rows), TILE).float()
        return out


def _swayed(since: Tensor, of: dict[str, Tensor]) -> Tensor:
    """`Vibrato.swayed` at seconds since the onsets of voices that sway in ways of their own: float64 [P, TILE]."""
    moving, turning = since - of["delay"], 2 * pi * of["rate"]
    risen = moving.clamp_min(0).minimum(of["rise"])
    gained = torch.sin(turning * risen) / turning - risen * torch.cos(turning * moving)
    return since + of["swing"] / (turning * of["rise"]) * gained


def _pulses(turns: Tensor, harmonics: Tensor) -> Tensor:
    """`excitation.pulses` of voices that have numbers of harmonics [P, 1] of their own: float32 [P, TILE]."""
    phase = (2 * pi * (turns - torch.round(turns)).abs().clamp_min(1e-9)).float()
    return torch.sin((harmonics + 0.5) * phase) / (2 * torch.sin(phase / 2)) - 0.5
