"""Who plays a part: one player, or a section slightly out of tune and of step; and the excitation of them all.

The codec is given the excitation of the notes as they are written (`sources`), the renderer that of their players.

Shapes: B stretches, T samples; what begins and what lasts are two waves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genaudio.codec.excitation import Stretch, Vibrato, excite
from genaudio.codec.pulse_trains import excite_many
from genaudio.codec.sources import played_by
from genaudio.codec.striking import strike
from genaudio.instruments import Family
from genaudio.sounding import Sounding

Bends = Sequence[tuple[float, float]]
"""Pitch bend as (seconds, semitones), each valid until the next."""


class Player(NamedTuple):
    """One who plays a part, alone or in a section.

    Attributes:
        cents: how far out of tune, in hundredths of a semitone.
        vibrato: None for steady pitches.
        level: of the excitation; squares add up to 1 over a section.
    """

    cents: float
    vibrato: Vibrato | None
    level: float


def players_of(family: Family) -> tuple[Player, ...]:
    """Return each who plays a family's parts: a section's players are out of tune, and sway at rates of their own."""
    section = family.section or ((0.0, 1.0),)
    whole = sum(level**2 for _, level in section) ** 0.5
    out = []
    for number, (cents, level) in enumerate(section):
        sways = family.vibrato
        sway = Vibrato(sways[0] * (1 + 0.06 * number), sways[1], 0.15 + 0.05 * number) if sways else None
        out.append(Player(cents, sway, level / whole))
    return tuple(out)


def perform(
    family: Family, notes: Iterable[Sounding], samples: int, sample_rate: int, start: int = 0, bends: Bends = ()
) -> np.ndarray:
    """Sum the excitations of all who play a family's part.

    Args:
        family: who plays. notes, samples, sample_rate, start, bends: as in `excite_as`.

    Returns:
        float32 [2, T].
    """
    if family.drums:
        return strike(notes, samples, sample_rate, start)
    summed = np.zeros((2, samples), np.float32)
    for level, stretch in stretches_of(family, notes, start, bends):
        summed += np.float32(level) * excite(stretch, samples, sample_rate)
    return summed


def stretches_of(
    family: Family, notes: Iterable[Sounding], start: int = 0, bends: Bends = ()
) -> list[tuple[float, Stretch]]:
    """Return the levels of all who play a family's part, and what they play from a sample on."""
    played = tuple(notes)
    return [
        (player.level, played_by(family, played, start, bends, player.vibrato, player.cents))
        for player in players_of(family)
    ]


def perform_many(
    rows: Sequence[Sequence[tuple[float, Stretch]]], samples: int, sample_rate: int, device: torch.device
) -> Tensor:
    """Sum the excitations of the players of several stretches of one length.

    Args:
        rows: for each stretch the players' levels and what they play (`stretches_of`); none for silence.
        samples: T. sample_rate: samples a second.
        device: where they are made; it must know double precision.

    Returns:
        float32 [B, 2, T], on the device; a row does not depend on the others.
    """
    out = torch.zeros(len(rows), 2, samples, device=device)
    for number in range(max(map(len, rows), default=0)):  # one player of each row at a time: sums have one order
        having = [row for row, players in enumerate(rows) if number < len(players)]
        levels, stretches = zip(*(rows[row][number] for row in having), strict=True)
        where, share = torch.tensor(having, device=device), torch.tensor(levels, device=device)
        out[where] += share[:, None, None].float() * excite_many(stretches, samples, sample_rate, device)
    return out
