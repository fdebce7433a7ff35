"""Pitches that the codec hears for itself: from latents to an excitation when no score gives one.

Without a score the latents carry which of the 88 keys sound; a small network reads them back as an activation of each
key in each frame, and a bank of oscillators at the keys' pitches, one band-limited pulse train each, turns them into
the excitation that a score would have given. Phases run on from the first sample of a piece, so they cohere from frame
to frame by construction, which a free phase for each bin does not learn in hours. (An oscillator bank driven by a
network: cf. Engel et al. 2020, "DDSP"; activations of keys as in Hawthorne et al. 2018, "Onsets and Frames".)

Shapes: B items, D latent channels, P keys, F frames, T samples.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from genaudio.codec.blocks import ConvNeXtBlock
from genaudio.codec.excitation import LOUDNESS, RELEASE, falling
from genaudio.instruments import TAILS
from genaudio.sounding import Sounding

LOWEST, KEYS = 21, 88
"""MIDI number of the first key, and how many there are."""
FAINT = 0.03
"""Activations below this are silent, so that only the keys that sound cost anything."""
_LEVEL = 0.8
_BLOCK = 32
_PIECE = 512  # samples in which single precision counts turns well enough


class Hearing(nn.Module):
    """Latents -> how strongly each key sounds.

    Args:
        latent: D, channels of the latents.
        width: channels of the network.
    """

    def __init__(self, latent: int, width: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(latent, width, 7, padding=3)
        self.blocks = nn.Sequential(*[ConvNeXtBlock(width, dilation=dilation) for dilation in (1, 1, 2)])
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, KEYS)
        nn.init.constant_(self.leave.bias, -4.0)

    def forward(self, latents: Tensor) -> Tensor:
        """Map latents [B, D, F] to logits of the activations [B, P, F]."""
        hidden = self.blocks(self.enter(latents)).transpose(1, 2)
        logits: Tensor = self.leave(self.norm(hidden)).transpose(1, 2).float()
        return logits


def sounding_keys(
    notes: Iterable[Sounding],
    start: int,
    frames: int,
    hop: int,
    sample_rate: int,
    decay: float = 0.0,
    release: float = RELEASE,
) -> np.ndarray:
    """What `Hearing` should hear: each key's envelope, as the excitation's.

    Args:
        notes: soundings in seconds.
        start: first sample of the stretch. frames: F, one every `hop` samples.
        decay, release: as in `excite`.

    Returns:
        float32 [P, F] in 0..1.
    """
    keys = np.zeros((KEYS, frames), np.float32)
    times, tail = (start + np.arange(frames) * hop) / sample_rate, TAILS * release
    for note in notes:
        key = note.pitch - LOWEST
        if not 0 <= key < KEYS or note.start > times[-1] or note.end + tail < times[0]:
            continue
        after = np.clip(times - note.end, 0, None)
        level = falling(np.clip(times - note.start, 0, None), decay)
        envelope = np.where((times >= note.start) & (after < tail), level * np.exp(-after / release), 0.0)
        keys[key] = np.maximum(keys[key], envelope)
    return keys


def oscillators(keys: Tensor, start: int, samples: int, sample_rate: int) -> Tensor:
    """Run the oscillators of some keys over a stretch of a piece.

    Args:
        keys: indices of keys, integers [n].
        start: first sample of the stretch, counted from the piece's beginning. samples: T.

    Returns:
        float32 [n, T]: pulse trains of all harmonics below 0.45 of the sample rate (see `excitation.pulses`).
    """
    numbers = keys.to(torch.float64)[:, None]
    frequency = 440.0 * 2.0 ** ((numbers + (LOWEST - 69)) / 12)
    harmonics = (0.45 * sample_rate / frequency).floor().clamp_min(1)
    golden = (numbers + 1) * 0.6180339887498949  # oscillators that start in step would make one great pulse
    step = frequency / sample_rate
    pieces = -(-samples // _PIECE)
    starts = start + _PIECE * torch.arange(pieces, device=keys.device, dtype=torch.float64)
    begun = torch.frac(starts * step + golden).float()[:, :, None]  # exact however late
    within = torch.arange(_PIECE, device=keys.device, dtype=torch.float32) * step.float()[:, :, None]
    turns = torch.frac(begun + within).view(len(keys), -1)[:, :samples]
    phase, count = 2 * torch.pi * turns + 1e-4, harmonics.float()
    half = torch.sin(phase / 2)
    flat = half.abs() < 1e-6
    wave = torch.sin((count + 0.5) * phase) / (2 * torch.where(flat, torch.ones_like(half), half)) - 0.5
    gain = LOUDNESS * _LEVEL * torch.sqrt(2 / count)
    return gain * torch.where(flat, count.expand_as(wave), wave)


def activations(logits: Tensor) -> Tensor:
    """Activations [B, P, F] of logits: 0 where faint, else 0..1."""
    values = torch.sigmoid(logits)
    return values * (values > FAINT)


def sing(values: Tensor, waves: Tensor, hop: int) -> Tensor:
    """Mix oscillators by activations that move linearly from frame to frame.

    Args:
        values: activations [B, P, F].
        waves: oscillators [P, T] from the first frame on, T at most F x hop.

    Returns:
        [B, T].
    """
    keys, samples = waves.shape
    frames = -(-samples // hop)
    segments = torch.nn.functional.pad(waves, (0, frames * hop - samples)).view(keys, frames, hop).transpose(0, 1)
    weights = torch.cat([values, values[:, :, -1:]], 2).permute(2, 0, 1)
    here, there = weights[:frames] @ segments, weights[1 : frames + 1] @ segments
    rise = torch.arange(hop, device=waves.device, dtype=waves.dtype) / hop
    return torch.lerp(here, there, rise).transpose(0, 1).reshape(values.shape[0], -1)[:, :samples]


def sing_long(values: Tensor, start: int, samples: int, hop: int, sample_rate: int) -> Tensor:
    """Sing activations [B, P, F] of any length, computing only the oscillators that sound: [B, T].

    Args:
        start: first sample of the stretch, counted from the piece's beginning. samples: T.
    """
    parts = []
    for first in range(0, -(-samples // hop), _BLOCK):
        length = min(_BLOCK * hop, samples - first * hop)
        block = values[:, :, first : first + _BLOCK + 1]
        keys = torch.nonzero(block.amax((0, 2)) > 0)[:, 0]
        if len(keys) == 0:
            parts.append(values.new_zeros(values.shape[0], length))
            continue
        waves = oscillators(keys, start + first * hop, length, sample_rate)
        parts.append(sing(block[:, keys], waves, hop))
    return torch.cat(parts, 1)
