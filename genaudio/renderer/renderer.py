"""The renderer: any score to stereo sound by the neural path.

score -> soundings of each part -> features -> score model -> codes -> codec decoder (with the excitation) -> mix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from genaudio.assets import asset
from genaudio.codec.codec import Codec, CodeFlow, Excitation, spans, stretch_for
from genaudio.codec.players import perform
from genaudio.devices import choose_device
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.renderer.batching import Batcher
from genaudio.renderer.chunks import Batching, Piece
from genaudio.renderer.features import score_features
from genaudio.renderer.mix import LOUDNESS, blank, check_loudness, place
from genaudio.renderer.model import ScoreModel, ScoreModelConfig
from genaudio.renderer.performing import Part, Playable, playable
from genaudio.renderer.rendering import Rendering, mastered
from genaudio.renderer.stem import Stem
from genaudio.renderer.streaming import Desk, StreamedRendering
from genaudio.score import Score
from genaudio.sounding import Sounding
from genaudio.weights import load_weights

Progress = Callable[[float], None]
"""Is told the share that is done, from 0 to 1."""


class Renderer:
    """A score model and the codec that it was trained for.

    Args:
        model: the score model.
        codec: the codec.
        device: where the score model runs.
    """

    def __init__(self, model: ScoreModel, codec: Codec, device: torch.device) -> None:
        self.model, self.codec, self.device = model.to(device).eval(), codec, device
        self._batchers: dict[Batching, Batcher] = {}

    @classmethod
    def load(cls, path: Path | None = None, device: str = "auto", codec: Codec | None = None) -> Renderer:
        """Load the shipped models, hashes checked, or a score model of one's own.

        Raises:
            IncompatibleError: a file is missing, damaged, of another hash, or made for another codec.
            GenaudioError: this machine lacks the device.
        """
        path = path or asset("renderer/model.safetensors")
        state, stored = load_weights(path, "renderer")
        codec = codec or Codec.load(device=device)
        if stored.get("codec") != codec.digest:
            raise IncompatibleError(
                f"the renderer {path} was trained for another codec; install or train the pair again"
            )
        model = ScoreModel(ScoreModelConfig.from_json(stored))
        try:
            model.load_state_dict(state)
        except RuntimeError as error:
            raise IncompatibleError(f"the renderer {path} does not fit this version of genaudio: {error}") from error
        return cls(model, codec, choose_device(device))

    def _codes(self, stem: Stem) -> Iterator[np.ndarray]:
        """Predict the codes of one part stretch by stretch: int16 [1, K, f] each."""
        rate, device = self.codec.frame_rate, self.device
        family = torch.tensor([stem.number], device=device)
        for span in spans(self.codec.frames_of(stem.samples), self.model.reach, stretch_for(1, device)):
            notes = stem.modelled(span.low / rate, span.high / rate)
            features = score_features(notes, span.low, span.high - span.low, rate, stem.part.family.rings)
            with torch.inference_mode():
                latents = self.model(torch.from_numpy(features)[None].to(device), family)
                latents = latents[:, :, span.first - span.low : span.last - span.low].to(self.codec.device)
                codes = self.codec.model.quantizer.vq.encode(latents).transpose(0, 1)
            yield codes.cpu().numpy().astype(np.int16)

    def stem(self, part: Part, seconds: float, seed: int = 0) -> np.ndarray:
        """Render one part alone: float32 [T], dry, mono."""
        return np.concatenate(list(self._stretches(self._begun(part, seconds, seed))))

    def _begun(self, part: Part, seconds: float, seed: int) -> Stem:
        """Put a part on its way."""
        number = self.model.config.number_of(part.family)
        assert number is not None  # `parts` leaves out what the model does not know
        return Stem(part, seed, round(seconds * self.codec.sample_rate), number)

    def _stretches(self, stem: Stem) -> Iterator[np.ndarray]:
        """Render one part stretch by stretch: float32 [t] each, dry, mono."""
        rate = self.codec.sample_rate

        def excitation(start: int, length: int) -> np.ndarray:
            return self.excitation(stem.part, stem.sounding(start / rate, (start + length) / rate))(start, length)

        codes = CodeFlow(self._codes(stem), (1, self.codec.levels, self.codec.frames_of(stem.samples)))
        first = 0
        for stretch in self.codec.decode_stretches(codes, stem.samples, excitation, stem.seed):
            yield stem.closed(stretch[0], first, rate)
            first += stretch.shape[1]

    def _together(
        self, parts: Sequence[Part], seconds: float, seed: int, on_progress: Progress | None
    ) -> Iterator[tuple[np.ndarray, ...]]:
        """Render parts side by side: for each stretch of time the sound of every part, float32 [t], dry, mono."""
        stems = [self._begun(part, seconds, seed + number) for number, part in enumerate(parts)]
        done = 0
        for stretches in zip(*map(self._stretches, stems), strict=True):
            yield stretches
            done += len(stretches[0])
            if on_progress:
                on_progress(done / stems[0].samples)

    def excitation(self, part: Part, notes: Sequence[Sounding]) -> Excitation:
        """Return what makes the excitation of a part, or of some of its notes."""
        rate = self.codec.sample_rate
        return lambda start, length: perform(part.family, notes, length, rate, start, part.bends)[None]

    def parts(self, score: Score) -> Playable:
        """Return what of a score can be rendered, as `performing.playable` does.

        Raises:
            GenaudioError: there is nothing to play, or the score is longer than `performing.LONGEST`.
        """
        return playable(score, self.model.config.knows)

    def render(
        self,
        score: Score,
        seed: int = 0,
        reverb: float = 0.12,
        stems: bool = False,
        on_progress: Progress | None = None,
        loudness: float = LOUDNESS,
    ) -> Rendering:
        """Render a score; `stream` does so in memory that does not grow with its length.

        Args:
            score: what to play; the result says what is left out.
            seed: of the noise in breath and hammers.
            reverb: gain of the room, 0 for none.
            stems: also keep each part by itself.
            on_progress: called with the share that is rendered, up to 1.
            loudness: of the master in LUFS, as near as the true peak allows.

        Raises:
            GenaudioError: the loudness is out of range, there is nothing to play, or the score is longer than
                `LONGEST`.
        """
        check_loudness(loudness)
        parts, left_out, seconds = self.parts(score)
        samples = round(seconds * self.codec.sample_rate)
        mix, begin = blank(samples, self.codec.sample_rate), 0
        placed = {part.name: np.zeros((2, samples), np.float32) for part in parts if stems}
        for stretches in self._together(parts, seconds, seed, on_progress):
            where = slice(begin, begin + len(stretches[0]))
            for part, mono in zip(parts, stretches, strict=True):
                sound = place(mono, part.pan, part.volume)
                mix[:, where] += sound
                if stems:
                    placed[part.name][:, where] = sound
            begin = where.stop
        return mastered(mix, samples, self.codec.sample_rate, reverb, loudness, placed, left_out)

    @contextmanager
    def stream(
        self,
        score: Score,
        seed: int = 0,
        reverb: float = 0.12,
        stems: bool = False,
        on_progress: Progress | None = None,
        loudness: float = LOUDNESS,
        folder: Path | None = None,
    ) -> Iterator[StreamedRendering]:
        """Render a score of any length; its sound, the same as that of `render`, is on disk until the context ends.

        Args:
            score, seed, reverb, stems, on_progress, loudness: as in `render`.
            folder: on whose disk the sound is, 21 MB a minute and 11 MB more for every stem; the system's folder for
                temporary files unless given.

        Raises:
            GenaudioError: as `render`, or there is no room on disk.
        """
        check_loudness(loudness)
        parts, left_out, seconds = self.parts(score)
        with Desk(parts, self.codec.sample_rate, reverb, stems, folder) as desk:
            for stretches in self._together(parts, seconds, seed, on_progress):
                desk.add(stretches)
            yield desk.mastered(loudness, left_out)

    def render_many(
        self, pieces: Iterable[Piece], batching: Batching | None = None
    ) -> Iterator[Rendering | GenaudioError]:
        """Render pieces together, in batches over the chunks of all their parts; see `batching`.

        The audio differs from that of `render` in its last bits. It is the same for the same piece, batching and
        device, whatever else is rendered with it.

        Args:
            pieces: what to play; they are asked for as they are needed.
            batching: how many chunks at once, and how.

        Yields:
            in the order of the pieces, as soon as each is whole: its rendering or, where `render` would refuse it, why.
        """
        batching = batching or Batching()
        if batching not in self._batchers:
            self._batchers[batching] = Batcher(self.model, self.codec, batching)
        return self._batchers[batching].each(pieces)
