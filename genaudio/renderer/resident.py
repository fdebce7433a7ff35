"""Takes that live on the codec's device: sound, what the score model sees, latents; a step waits for no processor.

Shapes: B examples, F frames, D latent channels, T samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor

from genaudio.codec.codec import LONG_STRETCH, Codec
from genaudio.codec.resident import ResidentSound, excitations, runs
from genaudio.renderer.model import ScoreModelConfig
from genaudio.renderer.takes import Streamed, Takes, family_number, seen, shares_of
from genaudio.training.batches import in_order
from genaudio.training.drawing import draw_there


def resident_takes(takes: Takes, sample_rate: int, device: torch.device, loaders: int = 0) -> ResidentSound:
    """Put takes and their excitations on a device."""
    lengths = [takes.samples(take) for take in range(len(takes))]
    played = [takes.played(take) for take in range(len(takes))]
    known = excitations(played, lengths, sample_rate, device, loaders, [True] * len(takes))
    sounds = (takes.stretch(take, 0, length) for take, length in enumerate(lengths))
    return ResidentSound(zip(sounds, known, strict=True), device)


class ResidentSet:
    """What `LatentSet` holds, on the codec's device: 1.9 GB an hour.

    Args:
        takes: the sound and its notes.
        codec: the codec, score-informed.
        config: of the model that learns, whose numbers of families count.
        loaders: processes that prepare what the model sees.
        often: families by name that are drawn so many times as often as others.

    Raises:
        GenaudioError: a take is of a family that the model does not know, or `often` names one that there is not.
    """

    def __init__(
        self,
        takes: Takes,
        codec: Codec,
        config: ScoreModelConfig,
        loaders: int = 0,
        often: Mapping[str, float] | None = None,
    ) -> None:
        self.device, self.hop = codec.device, codec.model.config.hop
        self.families = [family_number(takes.family(take), config) for take in range(len(takes))]
        self.lengths = [codec.frames_of(takes.samples(take)) for take in range(len(takes))]
        self._sound = resident_takes(takes, codec.sample_rate, self.device, loaders)
        self._latents = torch.cat([part for run in runs(self.lengths, 16) for part in self._coded(run, codec)])
        features = in_order(partial(_features, takes, self.lengths, codec.frame_rate), len(takes), loaders)
        self._features = torch.cat([part.to(self.device) for part in features])
        self._numbers = torch.tensor(self.families, device=self.device)
        self._lengths = torch.tensor(self.lengths, device=self.device)
        self._ends = torch.cumsum(self._lengths, 0)
        self._shares = torch.from_numpy(shares_of(takes, self.lengths, often or {})).to(self.device)

    @torch.inference_mode()
    def _coded(self, run: list[int], codec: Codec) -> list[Tensor]:
        """The latents of takes of one length after the quantizer: float16 [F, D] each."""
        samples = int(self._sound.lengths[run[0]])
        clips, starts = torch.tensor(run, device=self.device), torch.zeros(len(run), dtype=torch.int64)
        starts = starts.to(self.device)
        if self.lengths[run[0]] <= LONG_STRETCH:
            sound, known = (cut(clips, starts, samples) for cut in (self._sound.audio, self._sound.excitation))
            latents = codec.quantized(codec.model.encode(sound, known))
            return [part.T.half().clone() for part in latents]
        return [self._streamed(clip, samples, codec) for clip in clips]

    def _streamed(self, clip: Tensor, samples: int, codec: Codec) -> Tensor:
        """The latents of a long take: float16 [F, D]."""

        def read(cut: str, start: int, length: int) -> np.ndarray:
            length = min(length, samples - start)
            found: Tensor = getattr(self._sound, cut)(clip[None], clip.new_tensor([start]), length)
            return found[0].cpu().numpy()

        sound, known = (Streamed(partial(read, cut), samples) for cut in ("audio", "excitation"))
        codes = torch.from_numpy(codec.encode(sound, excitation=known).astype(np.int64)).to(self.device)
        return codec.dequantize(codes)[0].T.half().clone()

    def spread(self) -> tuple[Tensor, float]:
        """Mean of the latents in each channel [D], and their standard deviation."""
        values = self._latents.float()
        return values.mean(0), float(values.std())

    def _place(self, take: int, start: int) -> int:
        return int(self._ends[take]) - self.lengths[take] + start

    def features(self, take: int, start: int, frames: int) -> Tensor:
        """What the score model sees of a stretch of frames: float32 [F, 512]."""
        first = self._place(take, start)
        return self._features[first : first + frames].float()

    def known(self, take: int, start: int, frames: int) -> Tensor:
        """Latents of a stretch of frames: float32 [F, D]."""
        first = self._place(take, start)
        return self._latents[first : first + frames].float()

    def sound(self, take: int, start: int, frames: int) -> tuple[Tensor, Tensor]:
        """Audio and excitation of a stretch of frames, float32 [T] and [2, T]."""
        places = torch.tensor([[take], [start]], device=self.device)
        audio, known = self._sounds(places[0], places[1], frames)
        return audio[0], known[0]

    def _sounds(self, takes: Tensor, starts: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        """Audio and excitations of stretches from frames on: float32 [B, T] and [B, 2, T]."""
        samples = frames * self.hop - self.hop // 2
        audio, known = (cut(takes, starts * self.hop, samples) for cut in (self._sound.audio, self._sound.excitation))
        return audio, known

    def batch(self, rng: np.random.Generator, count: int, frames: int, listens: bool) -> tuple[Tensor, ...]:
        """Draw examples: features [B, F, 512], families [B], latents [B, F, D]; to listen also sound."""
        generator = torch.Generator(self.device).manual_seed(int(rng.integers(2**62)))
        takes = draw_there(self._shares, generator, count)
        drawn = torch.rand(count, generator=generator, device=self.device, dtype=torch.float64)
        starts = (drawn * (self._lengths[takes] - frames)).long()
        where = (self._ends[takes] - self._lengths[takes] + starts)[:, None] + torch.arange(frames, device=self.device)
        batch = (self._features[where].float(), self._numbers[takes], self._latents[where].float())
        return batch + self._sounds(takes, starts, frames) if listens else batch


def _features(takes: Takes, lengths: list[int], frame_rate: float, take: int) -> Tensor:
    """What the score model sees of a take: float16 [F, 512]."""
    return seen(takes, take, 0, lengths[take], frame_rate).half()
