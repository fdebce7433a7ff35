"""Training the score model on teacher audio: first towards the codec's latents, then also by the decoded sound.

``python -m genaudio.renderer.train --config configs/renderer.yaml --out outputs/training/renderer --time-budget 35m``
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from genaudio.codec.codec import Codec
from genaudio.codec.losses import SpectralDistance, draw_sizes
from genaudio.codec.sources import excite_as
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.renderer.features import score_features
from genaudio.renderer.model import ScoreModel, ScoreModelConfig
from genaudio.teacher import SAMPLE_RATE, TeacherRecipe, TeacherSet, teacher_sets
from genaudio.training import cosine, distributed, load_checkpoint, load_recipe, save_checkpoint
from genaudio.training.loop import Progress, arguments, report, run
from genaudio.training.optimisation import descend, half_precision, set_rate
from genaudio.weights import load_weights, save_weights


@dataclass(frozen=True)
class RendererRecipe:
    """Everything a renderer training follows from.

    Attributes:
        teacher: the training audio. held_out: the audio for the measures, from tunes of another split.
        model: sizes. batch: examples of a step. frames: length of an example in frames.
        minutes: training time (``--time-budget`` overrides it). rate: peak learning rate.
        warmup_steps: rise of the learning rate.
        listen_after: share of the budget after which the decoded sound joins the loss.
        listen_batch, listen_frames: examples and frames of a step that decodes.
        scales: windows of the spectral loss that each step draws.
        latent_weight: weight of the distance of latents beside that of sounds.
        clip: gradient norm. evaluate_every, save_every: seconds. seed: everything random follows from it.
    """

    teacher: TeacherRecipe
    held_out: TeacherRecipe
    model: ScoreModelConfig = field(default_factory=ScoreModelConfig)
    batch: int = 16
    frames: int = 192
    minutes: float = 35.0
    rate: float = 1.5e-3
    warmup_steps: int = 100
    listen_after: float = 0.4
    listen_batch: int = 10
    listen_frames: int = 112
    scales: int = 2
    latent_weight: float = 0.5
    clip: float = 1.0
    evaluate_every: float = 180.0
    save_every: float = 120.0
    seed: int = 0


class LatentSet:
    """Teacher audio with the latents that the codec gives it.

    Args:
        teacher: the audio.
        codec: the codec, score-informed.
        families: names of the families in the order of their numbers.
    """

    def __init__(self, teacher: TeacherSet, codec: Codec, families: tuple[str, ...]) -> None:
        self.teacher, self.frame_rate, self.hop = teacher, codec.frame_rate, codec.model.config.hop
        self.families = [families.index(played.family) for played in teacher.performances]
        self.latents = []
        for index in range(len(teacher)):
            audio = teacher.clip(index)[None]
            known = excite_as(*teacher.played(index), audio.shape[1], SAMPLE_RATE)
            codes = codec.encode(audio, excitation=known[None])
            with torch.inference_mode():
                latents = codec.dequantize(torch.from_numpy(codes.astype(np.int64)).to(codec.device))
            self.latents.append(latents[0].T.half().cpu().clone())

    @property
    def frames(self) -> int:
        """Frames of a clip."""
        return self.latents[0].shape[0]

    def example(self, rng: np.random.Generator, frames: int) -> tuple[Tensor, int, Tensor, int, int]:
        """Draw features [F, 512], family, latents [F, D], and where they are: clip and first frame."""
        clip = int(rng.integers(len(self.latents)))
        start = int(rng.integers(self.frames - frames))
        features = torch.from_numpy(self.features(clip, start, frames))
        return features, self.families[clip], self.latents[clip][start : start + frames].float(), clip, start

    def features(self, clip: int, start: int, frames: int) -> np.ndarray:
        """What the model sees of a stretch of a clip: float32 [frames, 512]."""
        family, notes = self.teacher.played(clip)
        return score_features(notes, start, frames, self.frame_rate, family.rings)

    def sound(self, clip: int, start: int, frames: int) -> tuple[Tensor, Tensor]:
        """Audio and excitation of a stretch of frames, float32 [T] each."""
        first, samples = start * self.hop, frames * self.hop - self.hop // 2
        audio = self.teacher.stretch(clip, first, samples)
        known = excite_as(*self.teacher.played(clip), samples, SAMPLE_RATE, first)
        return torch.from_numpy(audio), torch.from_numpy(known)


class RendererTraining:
    """One renderer training: its model, optimiser, random state and time."""

    def __init__(self, recipe: RendererRecipe, data: Path, out: Path, codec: Codec) -> None:
        self.recipe, self.out, self.codec, self.device = recipe, out, codec, codec.device
        with distributed.first_alone():
            sets = teacher_sets(recipe.teacher, recipe.held_out, data)
        self.training_set, self.held_out = (LatentSet(teacher, codec, recipe.model.families) for teacher in sets)
        torch.manual_seed(recipe.seed)
        self.rng = distributed.chance(recipe.seed)
        self.generator = torch.Generator().manual_seed(recipe.seed + distributed.rank())
        self.model = ScoreModel(recipe.model).to(self.device)
        values = torch.cat(self.training_set.latents).float()
        self.model.offset.copy_(values.mean(0))
        self.model.scale.fill_(float(values.std()))
        distributed.share(self.model)
        self.codec.model.requires_grad_(False)
        self.distance = SpectralDistance(codec.sample_rate).to(self.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=recipe.rate, betas=(0.9, 0.98))
        self.step, self.spent = 0, 0.0

    def config(self) -> dict[str, Any]:
        """What is stored with the weights: sizes, families, and the codec that they belong to."""
        return {**self.recipe.model.to_json(), "codec": self.codec.digest}

    def resume(self) -> None:
        """Go on from the checkpoint in the output folder.

        Raises:
            GenaudioError: there is none, or it belongs to other sizes or another codec.
        """
        state = load_checkpoint(self.out / "checkpoint.pt")
        if state["config"] != self.config():
            raise GenaudioError(
                f"the checkpoint in {self.out} is of other sizes or another codec; choose another folder"
            )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["seconds"]
        self.rng = distributed.chance(self.recipe.seed, self.step)

    def begin_with(self, path: Path) -> None:
        """Begin with the weights of a trained renderer, of whatever codec and families.

        Raises:
            IncompatibleError: the file is missing, damaged or of other sizes.
        """
        state, stored = load_weights(path, "renderer")
        try:
            self.model.begin_with(state, tuple(stored["families"]))
        except RuntimeError as error:
            raise IncompatibleError(f"{path} is of other sizes than the recipe: {error}") from error

    def save(self, seconds: float) -> None:
        """Write the checkpoint and the weights so far."""
        state = {
            "config": self.config(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": seconds,
        }
        save_checkpoint(self.out / "checkpoint.pt", state)
        save_weights(self.out / "model.safetensors", self.model.state_dict(), self.config())

    def _predict(self, count: int, frames: int) -> tuple[Tensor, Tensor, list[tuple[int, int]]]:
        """Draw examples and predict: latents [B, D, F], distance of latents, and where the examples are."""
        examples = [self.training_set.example(self.rng, frames) for _ in range(count)]
        features, families, latents, clips, starts = zip(*examples, strict=True)
        target = torch.stack(latents).to(self.device)
        with half_precision(self.device):
            predicted = self.model(torch.stack(features).to(self.device), torch.tensor(families, device=self.device))
        predicted = predicted.float()
        distance = functional.l1_loss(predicted.transpose(1, 2), target) / self.model.scale.mean()
        return predicted, distance, list(zip(clips, starts, strict=True))

    def _listen(self, latents: Tensor, places: list[tuple[int, int]]) -> Tensor:
        """Decode predicted latents [B, D, F] and compare the sound with the teacher's."""
        sounds = [self.training_set.sound(clip, start, latents.shape[2]) for clip, start in places]
        audio, excitation = (torch.stack(part).to(self.device) for part in zip(*sounds, strict=True))
        with torch.no_grad():
            quantized = self.codec.model.quantizer.vq.decode(self.codec.model.quantizer.vq.encode(latents))
        latents = latents + (quantized - latents).detach()
        noise = torch.randn(audio.shape, generator=self.generator).to(self.device) * 0.1
        with half_precision(self.device):
            decoded = self.codec.model.decode(latents, excitation, noise)
        loss: Tensor = self.distance(decoded.float(), audio, draw_sizes(self.rng, self.recipe.scales))
        return loss

    def train_step(self, fraction: float) -> dict[str, float]:
        """Take one optimiser step; returns its losses and learning rate."""
        recipe = self.recipe
        rate = cosine(fraction, self.step, recipe.rate, recipe.warmup_steps)
        set_rate(self.optimizer, rate)
        measures = {"rate": rate}
        if fraction < recipe.listen_after:
            _, loss, _ = self._predict(recipe.batch, recipe.frames)
            measures["latent"] = float(loss.detach())
        else:
            latents, distance, places = self._predict(recipe.listen_batch, recipe.listen_frames)
            spectral = self._listen(latents, places)
            loss = spectral + recipe.latent_weight * distance
            measures |= {"latent": float(distance.detach()), "spectral": float(spectral.detach())}
        descend(loss, self.model, self.optimizer, recipe.clip)
        self.step += 1
        return measures

    @torch.no_grad()
    def evaluate(self, seconds: float = 8.0) -> dict[str, float]:
        """Log-mel distance to held-out teacher audio: rendered from the score, and the codec's own floor."""
        self.model.eval()
        held_out, totals = self.held_out, np.zeros(2)
        frames = int(seconds * self.codec.frame_rate)
        for clip in range(len(held_out.latents)):
            features = torch.from_numpy(held_out.features(clip, 0, frames))[None].to(self.device)
            latents = self.model(features, torch.tensor([held_out.families[clip]], device=self.device))
            vq = self.codec.model.quantizer.vq
            audio, excitation = (part[None].to(self.device) for part in held_out.sound(clip, 0, frames))
            noise = torch.randn(audio.shape, generator=torch.Generator().manual_seed(clip)).to(self.device) * 0.1
            known = held_out.latents[clip][:frames].float().T[None].to(self.device)
            for index, values in enumerate((vq.decode(vq.encode(latents)), known)):
                decoded = self.codec.model.decode(values, excitation, noise)
                totals[index] += float(self.distance.log_mel(decoded, audio))
        self.model.train()
        rendered, floor = totals / len(held_out.latents)
        return {"log_mel_rendered": round(float(rendered), 4), "log_mel_codec": round(float(floor), 4)}


def train_renderer(
    recipe: RendererRecipe,
    out: Path,
    resume: bool = False,
    time_budget: float | None = None,
    device: str = "auto",
    on_progress: Progress | None = None,
    data: Path | None = None,
    codec: Path | None = None,
    begin_with: Path | None = None,
) -> Path:
    """Train a score model for a codec and write its weights to `out`/model.safetensors.

    Args:
        recipe: what to train.
        out: folder of checkpoint and weights.
        resume: go on from the checkpoint there.
        time_budget: seconds of training, instead of the recipe's.
        device: where to train.
        on_progress: called with measures now and then.
        data: folder of the teacher audio, `out`/../data unless given.
        codec: weights of the codec, the shipped ones unless given.
        begin_with: weights of a renderer to begin with, of the recipe's sizes.
    """
    with distributed.joined(device) as chosen:
        training = RendererTraining(recipe, data or out.parent / "data", out, Codec.load(codec, str(chosen)))
        if resume:
            training.resume()
        elif begin_with is not None:
            training.begin_with(begin_with)
        training.model.train()
        seconds = time_budget or recipe.minutes * 60
        return run(training, seconds, recipe.evaluate_every, recipe.save_every, on_progress)


def main() -> None:
    """Train from the command line, with a line of measures now and then on stderr."""
    files = {"codec": "weights of the codec; the shipped ones by default", "begin_with": "weights to begin with"}
    given = arguments("renderer", **files)
    train_renderer(
        load_recipe(given.config, RendererRecipe),
        given.out,
        given.resume,
        given.time_budget,
        given.device,
        report,
        codec=given.codec,
        begin_with=given.begin_with,
    )


if __name__ == "__main__":
    main()
