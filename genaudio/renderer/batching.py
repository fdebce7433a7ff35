"""Rendering of many stems at once: chunks of any parts of any scores, stacked into batches of one shape.

score features -> score model -> quantizer -> decoder (with the excitation) -> the wanted part of each chunk -> mixes.

Every batch has the same shape, so kernels and compiled code see one shape only, and what comes out for a chunk does not
depend on what it shares its batch with. While a GPU computes a batch the next one is prepared. **It has not been run
on a GPU yet**; on processors it is tested, but rendering stems one after the other is what is done there.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from genaudio.codec.codec import Codec
from genaudio.codec.excitation import Stretch
from genaudio.codec.noise import white_noise
from genaudio.codec.players import perform, perform_many, stretches_of
from genaudio.errors import GenaudioError
from genaudio.renderer.chunks import BFLOAT16, Batching, Chunk, Piece, Shape
from genaudio.renderer.features import WIDTH, score_features
from genaudio.renderer.finishing import Leaving, Mastery, Playing, threads_beside
from genaudio.renderer.mix import blank, check_loudness
from genaudio.renderer.model import ScoreModel
from genaudio.renderer.performing import playable
from genaudio.renderer.rendering import Rendering
from genaudio.renderer.stem import Stem


class Cut(NamedTuple):
    """A chunk of a stem, and the piece that it belongs to."""

    stem: Stem
    chunk: Chunk
    piece: Playing


class Batcher:
    """Renders pieces together.

    Args:
        model: the score model.
        codec: the codec that it was trained for.
        batching: how many chunks at once, and how.
    """

    def __init__(self, model: ScoreModel, codec: Codec, batching: Batching) -> None:
        self.model, self.codec, self.batching, self.device = model, codec, batching, codec.device
        decoder, reach = codec.model.decoder, codec.model.decoding_reach
        self.hop = codec.model.config.hop
        self.shape = Shape.around(batching.frames, reach, model.reach)
        self.samples = (self.shape.decoded - 1) * self.hop + self.hop // 2
        self.half = batching.precision == BFLOAT16
        self._model_blocks = self._made_ready(model.blocks, model.config.width, self.shape.seen)
        self._decoder_blocks = self._made_ready(decoder.blocks, codec.model.config.width, self.shape.decoded)

    def each(self, pieces: Iterable[Piece]) -> Iterator[Rendering | GenaudioError]:
        """Render pieces, each as soon as all its chunks are there; only a few are on their way at once.

        Yields:
            in the order of the pieces, the rendering or why there is none.
        """
        waiting: deque[Playing | GenaudioError] = deque()
        cuts = self.cuts(pieces, waiting)
        before: tuple[list[Cut], Leaving] | None = None
        with Mastery(self.codec.sample_rate, threads_beside(self.device)) as mastery:
            while batch := list(islice(cuts, self.batching.chunks)):
                launched = batch, Leaving(self.decode(batch))
                if before is not None:
                    self.collect(before[0], before[1].arrived())
                before = launched
                yield from mastery.done(waiting)
            if before is not None:
                self.collect(before[0], before[1].arrived())
            yield from mastery.done(waiting, all_of_them=True)

    def cuts(self, pieces: Iterable[Piece], waiting: deque[Playing | GenaudioError]) -> Iterator[Cut]:
        """Open one piece after the other and cut its stems."""
        for piece in pieces:
            try:
                check_loudness(piece.loudness)
                parts, left_out, seconds = playable(piece.score, self.model.config.knows)
            except GenaudioError as error:
                waiting.append(error)
                continue
            samples = round(seconds * self.codec.sample_rate)
            chunks = list(self.shape.chunks(self.codec.frames_of(samples)))
            mix = blank(samples, self.codec.sample_rate)
            playing = Playing(piece, mix, samples, left_out, len(parts) * len(chunks))
            waiting.append(playing)
            for number, part in enumerate(parts):
                family = self.model.config.number_of(part.family)
                assert family is not None  # `playable` leaves out what the model does not know
                stem = Stem(part, piece.seed + number, samples, family)
                yield from (Cut(stem, chunk, playing) for chunk in chunks)

    def collect(self, batch: Sequence[Cut], decoded: Tensor) -> None:
        """Put the wanted part of each chunk into its piece."""
        sounds = np.clip(np.nan_to_num(decoded.cpu().numpy()), -1, 1)
        for (stem, chunk, playing), sound in zip(batch, sounds, strict=False):
            begin = chunk.decoded * self.hop
            last = stem.samples if chunk.last == self.codec.frames_of(stem.samples) else chunk.last * self.hop
            first = chunk.first * self.hop
            wanted = sound[first - begin : min(last, stem.samples) - begin]
            playing.add(stem.part, first, stem.closed(wanted, first, self.codec.sample_rate))

    @torch.inference_mode()
    def decode(self, batch: Sequence[Cut]) -> Tensor:
        """Bring chunks, at most as many as a batch has, through the networks: float32 [B, T] on the device."""
        latents = self.latents(self.features(batch), batch)
        return self.sound(self.quantized(latents), self.excitation(batch), self.noise(batch))

    def features(self, batch: Sequence[Cut]) -> Tensor:
        """What the score model sees: [B, F, 512] on the device."""
        rate, seen = self.codec.frame_rate, self.shape.seen
        out = np.zeros((self.batching.chunks, seen, WIDTH), np.float32)
        for row, (stem, chunk, _) in zip(out, batch, strict=False):
            notes = stem.modelled(chunk.seen / rate, (chunk.seen + seen) / rate)
            row[:] = score_features(notes, chunk.seen, seen, rate, stem.part.family.rings)
        return torch.from_numpy(out).to(self.device)

    def latents(self, features: Tensor, batch: Sequence[Cut]) -> Tensor:
        """Predict latents for the decoder's windows: [B, D, F]."""
        families = [stem.number for stem, _, _ in batch]
        offsets = [chunk.decoded - chunk.seen for _, chunk, _ in batch]
        family, offset = (self._filled(values) for values in (families, offsets))
        latents = self.model.finish(self._model_blocks(self.model.begin(features, family)))
        where = offset[:, None] + torch.arange(self.shape.decoded, device=self.device)
        return latents.gather(2, where[:, None].expand(-1, latents.shape[1], -1))

    def quantized(self, latents: Tensor) -> Tensor:
        """Bring latents [B, D, F] to what the nearest codes say."""
        return self.codec.quantized(latents)

    def excitation(self, batch: Sequence[Cut]) -> Tensor:
        """What the score knows of the sound: [B, 2, T] on the device."""
        rate = self.codec.sample_rate
        rows: list[list[tuple[float, Stretch]]] = [[] for _ in range(self.batching.chunks)]
        struck = {}
        for row, (stem, chunk, _) in enumerate(batch):
            start, part, family = chunk.decoded * self.hop, stem.part, stem.part.family
            notes = stem.sounding(start / rate, (start + self.samples) / rate)
            if family.drums or self.device.type == "mps":  # which knows no double precision
                struck[row] = perform(family, notes, self.samples, rate, start, part.bends)
            else:
                rows[row] = stretches_of(family, notes, start, part.bends)
        out = perform_many(rows, self.samples, rate, self.device)
        for row, made in struck.items():
            out[row] = torch.from_numpy(made).to(self.device)
        return out

    def noise(self, batch: Sequence[Cut]) -> Tensor:
        """The stems' white noise: [B, T] on the device."""
        out = np.zeros((self.batching.chunks, self.samples), np.float32)
        for row, (stem, chunk, _) in zip(out, batch, strict=False):
            row[:] = white_noise(chunk.decoded * self.hop, self.samples, stem.seed)
        return torch.from_numpy(out).to(self.device)

    def sound(self, latents: Tensor, excitation: Tensor, noise: Tensor) -> Tensor:
        """Decode latents [B, D, F] with excitation [B, 2, T] and noise [B, T]: [B, T]."""
        transform, decoder = self.codec.model.transform, self.codec.model.decoder
        spectra, side = self.codec.model.excited(excitation)
        hidden = self._decoder_blocks(decoder.begin(latents, side))
        return transform.inverse(decoder.finish(hidden, spectra, transform(noise)), self.samples)

    def _filled(self, values: Sequence[int]) -> Tensor:
        """Numbers of the chunks, and zeros for the places of a batch that are empty: [B]."""
        return torch.tensor([*values, *[0] * (self.batching.chunks - len(values))], device=self.device)

    def _made_ready(self, blocks: nn.Module, width: int, frames: int) -> Callable[[Tensor], Tensor]:
        """Return what runs some blocks on [B, width, F]: in the precision that was asked for, compiled where it was."""
        run: Callable[[Tensor], Tensor] = blocks

        def precisely(hidden: Tensor) -> Tensor:
            with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.half):
                return run(hidden).float()

        if self.batching.compiled:
            try:
                made = torch.compile(blocks, dynamic=False)
                run = lambda hidden: made(hidden.contiguous())  # noqa: E731 (another layout would be compiled anew)
                with torch.inference_mode():
                    precisely(torch.zeros(self.batching.chunks, width, frames, device=self.device))
            except Exception as error:
                run = blocks
                reason = " ".join(str(error).split())[:200] or type(error).__name__
                warnings.warn(f"torch cannot compile the renderer here, so it runs uncompiled: {reason}", stacklevel=2)
        return precisely
