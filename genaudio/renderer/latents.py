"""Latents of takes that are kept on disk: to code eleven hours takes a core sixteen minutes whenever a training begins.

Shapes: F frames, D latent channels.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genaudio.codec.codec import Codec
from genaudio.codec.players import perform
from genaudio.instruments import Family
from genaudio.renderer.takes import Takes, coded
from genaudio.sounding import Sounding

_BLOCK = 1 << 20
"""Samples that are read at once."""
_HEARD = (Sounding(0.0, 0.1, 48, 90), Sounding(0.05, 0.2, 67, 60))
"""Notes by whose excitation a family is known again."""


@cache
def _excited(family: Family, sample_rate: int) -> bytes:
    """What tells whether a family is excited as it was when latents were kept."""
    return np.round(perform(family, _HEARD, sample_rate // 4, sample_rate).sum(0), 3).tobytes()


class KeptLatents:
    """Latents in a folder, found by what they follow from: sound, notes, players and codec, and not by a take's number.

    Args:
        folder: where they are kept, 20 MB an hour.
        codec: the codec that makes what is not there yet.
    """

    def __init__(self, folder: Path, codec: Codec) -> None:
        self.folder, self.codec = folder, codec

    def __call__(self, takes: Takes, take: int) -> Tensor:
        """Return the latents of a take after the quantizer, coded now or before: float16 [F, D]."""
        file = self.folder / f"{self._name(takes, take)}.npy"
        if file.is_file():
            return torch.from_numpy(np.load(file))
        latents = coded(takes, take, self.codec)
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = file.with_suffix(f".{os.getpid()}")
        with temporary.open("wb") as out:
            np.save(out, latents.numpy())
        os.replace(temporary, file)
        return latents

    def _name(self, takes: Takes, take: int) -> str:
        """A name that no take has whose latents are others."""
        known, samples = hashlib.sha256(self.codec.digest.encode()), takes.samples(take)
        known.update(repr(takes.played(take)).encode())
        known.update(_excited(takes.family(take), self.codec.sample_rate))
        for start in range(0, samples, _BLOCK):
            known.update(takes.stretch(take, start, min(_BLOCK, samples - start)).tobytes())
        return known.hexdigest()[:32]
