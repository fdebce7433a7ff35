"""The bundled codec for users: audio of any length to codes and back, with or without a score.

Long audio goes through in stretches with margins wider than the networks look, so where a stretch ends cannot be heard.

Shapes: C channels, T samples, K levels, F frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genaudio.assets import asset, sha256
from genaudio.codec.model import CodecConfig, CodecModel
from genaudio.codec.noise import white_noise
from genaudio.codec.quantizer import STATISTICS
from genaudio.devices import choose_device
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.streams import Clip, Sound
from genaudio.weights import load_weights

STRETCH = 1024
"""Frames that go through the networks at once on a processor (12 s at 44.1 kHz).

The decoder takes 35 MB for every hundred of them, and longer stretches are no faster.
"""
LONG_STRETCH = 4096
"""The same on a GPU, which wants more work at once."""
Excitation = Callable[[int, int], np.ndarray]
"""Makes what the score knows of a stretch of (first sample, samples): float32 [C, 2, t]."""


@dataclass(frozen=True)
class Span:
    """A stretch of frames with its margins: frames first..last are wanted, low..high are computed."""

    first: int
    last: int
    low: int
    high: int


class CodeFlow:
    """Codes that are made while they are read, from the beginning to the end.

    Args:
        blocks: makes them, integers [C, K, f] one after the other.
        shape: of all together, (C, K, F).
    """

    def __init__(self, blocks: Iterator[np.ndarray], shape: tuple[int, int, int]) -> None:
        self.shape, self._blocks = shape, blocks
        self._kept, self._begin = np.zeros((*shape[:2], 0), np.int16), 0

    def read(self, first: int, last: int) -> np.ndarray:
        """Return the codes of frames first..last, [C, K, f]; frames before `first` cannot be read any more."""
        self._kept, self._begin = self._kept[:, :, first - self._begin :], first
        while self._kept.shape[2] < last - first:
            self._kept = np.concatenate([self._kept, next(self._blocks)], axis=2)
        return self._kept[:, :, : last - first]


def spans(frames: int, margin: int, stretch: int = STRETCH) -> Iterator[Span]:
    """Cut a number of frames into stretches with margins on both sides."""
    for first in range(0, frames, stretch):
        last = min(first + stretch, frames)
        yield Span(first, last, max(0, first - margin), min(frames, last + margin))


def stretch_for(channels: int, device: torch.device) -> int:
    """Frames that go through at once with so many channels: fewer from three on, so that memory does not grow."""
    stretch = STRETCH if device.type == "cpu" else LONG_STRETCH
    return max(stretch * 2 // max(2, channels), 128)


class Codec:
    """A codec ready to use.

    Args:
        model: the network, in evaluation mode.
        device: where it runs.
        digest: SHA-256 of the weights, which code files carry.
    """

    def __init__(self, model: CodecModel, device: torch.device, digest: str = "") -> None:
        self.model, self.device, self.digest = model.to(device).eval(), device, digest

    @classmethod
    def load(cls, path: Path | None = None, device: str = "auto") -> Codec:
        """Load weights: the shipped ones, whose hash is checked, or those of a file.

        Raises:
            IncompatibleError: the file is missing, damaged, of another hash, or no codec.
            GenaudioError: this machine lacks the device.
        """
        path = path or asset("codec/model.safetensors")
        state, stored = load_weights(path, "codec")
        try:
            model = CodecModel(CodecConfig.from_json(stored))
            missing, unexpected = model.load_state_dict(state, strict=False)
        except (TypeError, RuntimeError) as error:
            raise IncompatibleError(f"the codec {path} does not fit this version of genaudio: {error}") from error
        if unexpected or any(not name.endswith(STATISTICS) for name in missing):
            raise IncompatibleError(f"the codec {path} lacks tensors that this version of genaudio needs")
        model.quantizer.wake()
        return cls(model, choose_device(device), sha256(path))

    @property
    def sample_rate(self) -> int:
        """Samples a second."""
        return self.model.config.sample_rate

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.model.config.sample_rate / self.model.config.hop

    @property
    def levels(self) -> int:
        """Codebooks, K."""
        return self.model.config.levels

    def bitrate(self, levels: int | None = None) -> float:
        """Bits a second of one channel with so many levels."""
        return self.frame_rate * (levels or self.levels) * float(np.log2(self.model.config.bins))

    def frames_of(self, samples: int) -> int:
        """Frames that so many samples take."""
        return samples // self.model.config.hop + 1

    def _check_levels(self, levels: int | None) -> int:
        if levels is None:
            return self.levels
        if not 1 <= levels <= self.levels:
            raise GenaudioError(f"this codec has 1 to {self.levels} levels, not {levels}")
        return levels

    def _length(self, span: Span) -> int:
        """Samples that the networks see of a span."""
        return (span.high - span.low - 1) * self.model.config.hop + self.model.config.hop // 2

    def _stretch(self, sound: Sound, span: Span) -> Tensor:
        """The samples of a span, finite: [C, t]."""
        read = sound.read(span.low * self.model.config.hop, self._length(span))
        return torch.from_numpy(np.nan_to_num(read)).to(self.device)

    @torch.inference_mode()
    def encode(
        self, audio: np.ndarray | Sound, levels: int | None = None, excitation: np.ndarray | Sound | None = None
    ) -> np.ndarray:
        """Turn audio into codes.

        Args:
            audio: float32 [C, T] at the codec's sample rate, in -1..1, or a sound that is read in stretches; every
                channel is coded by itself.
            levels: codebooks to use, all unless given.
            excitation: what the score knows, float32 [C, 2, T] (see `excitation.excite`) or [C, T], all of which lasts,
                or what is read in stretches like a sound; None for audio without a score.

        Returns:
            int16 [C, K, F].

        Raises:
            GenaudioError: there are no samples, or the levels are out of range.
        """
        levels = self._check_levels(levels)
        sound: Sound = Clip(audio) if isinstance(audio, np.ndarray) else audio
        if sound.samples == 0 or sound.channels == 0:
            raise GenaudioError("there is no audio to encode")
        score = Clip(_waves(excitation)) if isinstance(excitation, np.ndarray) else excitation
        parts = []
        for span in spans(self.frames_of(sound.samples), self.model.reach, stretch_for(sound.channels, self.device)):
            heard = self._stretch(sound, span).clamp(-1, 1)
            known = None if score is None else self._stretch(score, span)
            latents = self.model.encode(heard, known)[:, :, span.first - span.low : span.last - span.low]
            parts.append(self.model.quantizer.vq.encode(latents, levels).transpose(0, 1).cpu().numpy().astype(np.int16))
        return np.concatenate(parts, axis=2)

    def dequantize(self, codes: Tensor) -> Tensor:
        """Sum the codebook entries of codes [B, K, F]: latents [B, D, F]."""
        latents: Tensor = self.model.quantizer.vq.decode(codes.transpose(0, 1))
        return latents

    def quantized(self, latents: Tensor) -> Tensor:
        """Bring latents [B, D, F] to what the nearest codes say."""
        return self.dequantize(self.model.quantizer.vq.encode(latents).transpose(0, 1))

    def decode(
        self,
        codes: np.ndarray,
        samples: int | None = None,
        excitation: np.ndarray | Excitation | None = None,
        seed: int = 0,
    ) -> np.ndarray:
        """Turn codes into audio.

        Args:
            codes: integers [C, K, F].
            samples: length of the audio, (F - 1) x hop unless given.
            excitation: what the score knows: float32 [C, 2, T] or [C, T], as in `encode`, or a function of (first
                sample, samples) that makes a stretch of it [C, 2, t]; None without a score: then the codes say which
                keys sound.
            seed: of the noise that breath and hammers are shaped from.

        Returns:
            float32 [C, T], limited to -1..1.

        Raises:
            GenaudioError: the codes have another shape or are out of range.
        """
        return np.concatenate(list(self.decode_stretches(codes, samples, excitation, seed)), axis=1)

    def decode_stretches(
        self,
        codes: np.ndarray | CodeFlow,
        samples: int | None = None,
        excitation: np.ndarray | Excitation | None = None,
        seed: int = 0,
    ) -> Iterator[np.ndarray]:
        """As `decode`, stretch by stretch, so that memory does not grow with the length: float32 [C, t] each."""
        if isinstance(codes, np.ndarray):
            self._check_codes(codes)
        hop, (channels, _, frames) = self.model.config.hop, codes.shape
        samples = (frames - 1) * hop if samples is None else samples
        known = Clip(_waves(excitation)).read if isinstance(excitation, np.ndarray) else excitation
        for span in spans(frames, self.model.reach, stretch_for(channels, self.device)):
            start, stop = span.first * hop, samples if span.last == frames else min(samples, span.last * hop)
            some = (
                codes[:, :, span.low : span.high] if isinstance(codes, np.ndarray) else codes.read(span.low, span.high)
            )
            sound = self._decode_span(some, span, known, seed)[:, start - span.low * hop : stop - span.low * hop]
            out = np.zeros((channels, max(0, stop - start)), np.float32)
            out[:, : sound.shape[1]] = np.clip(np.nan_to_num(sound), -1, 1)
            del sound  # with its margins, which would wait with this generator for the next stretch
            yield out

    @torch.inference_mode()
    def _decode_span(self, codes: np.ndarray, span: Span, known: Excitation | None, seed: int) -> np.ndarray:
        """Decode the codes of one stretch with its margins: float32 [C, t]."""
        start, length = span.low * self.model.config.hop, self._length(span)
        noise = torch.from_numpy(white_noise(start, length, seed)).to(self.device).expand(len(codes), -1)
        part = torch.from_numpy(codes.astype(np.int64)).to(self.device)
        latents = self.dequantize(part)
        if known is None:
            excitation = self.model.hear(latents, start, length)
        else:
            excitation = torch.from_numpy(known(start, length)).to(self.device)
        decoded: np.ndarray = self.model.decode(latents, excitation, noise).cpu().numpy()
        return decoded

    def _check_codes(self, codes: np.ndarray) -> None:
        if codes.ndim != 3 or codes.shape[2] == 0:
            raise GenaudioError(f"codes must be [channels, levels, frames], not of shape {codes.shape}")
        self._check_levels(codes.shape[1])
        if codes.min() < 0 or codes.max() >= self.model.config.bins:
            raise GenaudioError(
                f"codes must be from 0 to {self.model.config.bins - 1}, not from {codes.min()} to {codes.max()}"
            )


def _waves(excitation: np.ndarray) -> np.ndarray:
    """An excitation [C, T] or [C, 2, T] as what begins and what lasts: [C, 2, T]."""
    return np.stack([np.zeros_like(excitation), excitation], 1) if excitation.ndim == 2 else excitation
