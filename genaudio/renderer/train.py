"""Training the score model on teacher audio: first towards the codec's latents, then also by the decoded sound.

``python -m genaudio.renderer.train --config configs/renderer.yaml --out outputs/training/renderer --time-budget 80m``
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from genaudio.codec.codec import Codec
from genaudio.codec.losses import SpectralDistance, draw_sizes
from genaudio.codec.noise import LEVEL
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.renderer.latents import KeptLatents
from genaudio.renderer.model import ScoreModel
from genaudio.renderer.recipe import RendererRecipe
from genaudio.renderer.rehearsal import Rehearsal
from genaudio.renderer.resident import ResidentSet
from genaudio.renderer.takes import LatentSet, Takes, TeacherTakes, check_lengths, windows
from genaudio.teacher import teacher_sets
from genaudio.training import cosine, distributed, load_checkpoint, load_recipe, save_checkpoint
from genaudio.training.batches import Batches, to_device
from genaudio.training.loop import Progress, arguments, report, run
from genaudio.training.optimisation import descend, half_precision, set_rate
from genaudio.weights import load_weights, save_weights

Learnt = LatentSet | ResidentSet
"""What is learnt from or measured on."""


class RendererTraining:
    """One renderer training: its model, optimiser, random state and time.

    Args:
        recipe: how to train. data: folder of the teacher audio. out: folder of checkpoint and weights.
        codec: the codec whose latents are learnt.
        pairs: takes to learn from and to measure on instead of the teacher's.
    """

    def __init__(
        self,
        recipe: RendererRecipe,
        data: Path,
        out: Path,
        codec: Codec,
        pairs: tuple[Takes, Takes] | None = None,
    ) -> None:
        self.recipe, self.out, self.codec, self.device = recipe, out, codec, codec.device
        self.training_set, self.held_out = self._sets(data, pairs)
        torch.manual_seed(recipe.seed)
        self.rng = distributed.chance(recipe.seed)
        self.generator = torch.Generator(self.device).manual_seed(recipe.seed + distributed.rank())
        self.model = ScoreModel(recipe.model).to(self.device)
        mean, deviation = self.training_set.spread()
        self.model.offset.copy_(mean)
        self.model.scale.fill_(deviation)
        distributed.share(self.model)
        self.rehearsal: Rehearsal | None = None
        self.begun_with: float | None = None
        self.codec.model.requires_grad_(False)
        self.distance = SpectralDistance(codec.sample_rate).to(self.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=recipe.rate, betas=(0.9, 0.98))
        self.step, self.spent = 0, 0.0
        self._batches: Batches[tuple[Tensor, ...]] | None = None
        self._listens = False

    def _sets(self, data: Path, pairs: tuple[Takes, Takes] | None) -> tuple[Learnt, Learnt]:
        """The material to learn from and to measure on, with its latents."""
        if pairs is None:
            if self.recipe.teacher.program_clips:
                raise GenaudioError(
                    "a renderer cannot tell programs apart: leave teacher.program_clips out of its recipe"
                )
            with distributed.first_alone():
                teacher, other = teacher_sets(self.recipe.teacher, self.recipe.held_out, data)
            pairs = TeacherTakes(teacher), TeacherTakes(other)
        learnt, measured = (self._learnt(takes, data / "latents") for takes in pairs)
        check_lengths(learnt.lengths, max(self.recipe.frames, self.recipe.listen_frames))
        return learnt, measured

    def _learnt(self, takes: Takes, kept: Path) -> Learnt:
        """Takes with their latents, which are kept in a folder; or on the codec's device, where the recipe says so."""
        recipe = self.recipe
        if recipe.resident:
            return ResidentSet(takes, self.codec, recipe.model, recipe.loaders, recipe.often)
        return LatentSet(takes, self.codec, recipe.model, recipe.often, KeptLatents(kept, self.codec))

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
        self.close()
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["seconds"]
        self.begun_with = state["begun_with"]
        if state["rehearsal"] is not None:
            self._rehearse(state["rehearsal"])
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
        if self.recipe.rehearsal and stored.get("codec") == self.codec.digest:
            self._rehearse(self.model.state_dict())
        if not distributed.rank():
            self.begun_with = self.evaluate()["log_mel_rendered"]

    def _rehearse(self, state: dict[str, Tensor]) -> None:
        """Keep the families that the material lacks as these weights have them."""
        base = ScoreModel(self.recipe.model)
        base.load_state_dict(state)
        self.rehearsal = Rehearsal(base, self.training_set.families).to(self.device)

    def save(self, seconds: float) -> None:
        """Write the checkpoint and the weights so far."""
        state = {
            "config": self.config(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": seconds,
            "begun_with": self.begun_with,
            "rehearsal": None if self.rehearsal is None else self.rehearsal.base.state_dict(),
        }
        save_checkpoint(self.out / "checkpoint.pt", state)
        save_weights(self.out / "model.safetensors", self.model.state_dict(), self.config())

    def close(self) -> None:
        """End the processes that draw batches."""
        if self._batches is not None:
            self._batches.close()
            self._batches = None

    def _next(self, listens: bool) -> tuple[Tensor, ...]:
        """The next batch: of latents alone in the first phase, in the second also of sound."""
        recipe = self.recipe
        if self._batches is None or listens is not self._listens:
            self.close()
            size = (recipe.listen_batch, recipe.listen_frames) if listens else (recipe.batch, recipe.frames)
            draw = partial(self.training_set.batch, count=size[0], frames=size[1], listens=listens)
            loaders, pinned = 0 if recipe.resident else recipe.loaders, self.device.type == "cuda"
            self._batches, self._listens = Batches(draw, recipe.seed, self.step, loaders, pinned), listens
        return to_device(next(self._batches), self.device)

    def _predict(self, features: Tensor, families: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Predict latents [B, D, F], and their distance from the target [B, F, D]."""
        with half_precision(self.device):
            predicted = self.model(features, families)
        predicted = predicted.float()
        return predicted, functional.l1_loss(predicted.transpose(1, 2), target) / self.model.scale.mean()

    def _listen(self, latents: Tensor, audio: Tensor, excitation: Tensor) -> tuple[Tensor, Tensor]:
        """Decode predicted latents [B, D, F] and compare the sound with the audio [B, T].

        Returns:
            the distance of the sounds, and the squared distance of the latents to their codes in variances.
        """
        with torch.no_grad():
            quantized = self.codec.quantized(latents)
        strayed = functional.mse_loss(latents, quantized) / self.model.scale.mean() ** 2
        latents = latents + (quantized - latents).detach()
        noise = torch.randn(audio.shape, generator=self.generator, device=self.device) * LEVEL
        with half_precision(self.device):
            decoded = self.codec.model.decode(latents, excitation, noise)
        apart = self.distance(decoded.float(), audio, draw_sizes(self.rng, self.recipe.scales))
        if self.recipe.attack:
            apart = apart + self.recipe.attack * self.distance.attack(decoded.float(), audio)
        if self.recipe.restrikes:
            apart = apart + self.recipe.restrikes * self.distance.restrikes(decoded.float(), audio)
        return apart, strayed

    def train_step(self, fraction: float) -> dict[str, float]:
        """Take one optimiser step; returns its losses and learning rate."""
        recipe, listens = self.recipe, fraction >= self.recipe.listen_after
        rate = cosine(fraction, self.step, recipe.rate, recipe.warmup_steps)
        set_rate(self.optimizer, rate)
        features, families, target, *sound = self._next(listens)
        latents, distance = self._predict(features, families, target)
        measures, loss = {"rate": rate, "latent": float(distance.detach())}, distance
        if listens:
            spectral, strayed = self._listen(latents, *sound)
            loss = spectral + recipe.latent_weight * distance + recipe.commitment * strayed
            measures |= {"spectral": float(spectral.detach()), "strayed": float(strayed.detach())}
        if self.rehearsal is not None:
            forgotten = self.rehearsal(self.model, features, self.rng)
            loss = loss + recipe.rehearsal * forgotten
            measures["forgotten"] = float(forgotten.detach())
        descend(loss, self.model, self.optimizer, recipe.clip)
        self.step += 1
        return measures

    @torch.no_grad()
    def evaluate(self, seconds: float = 8.0) -> dict[str, float]:
        """Log-mel distance to held-out sound: rendered from the score, and the codec's own floor."""
        self.model.eval()
        held_out, totals = self.held_out, np.zeros(2)
        places = windows(held_out.lengths, int(seconds * self.codec.frame_rate))
        for number, (take, start, frames) in enumerate(places):
            features = held_out.features(take, start, frames)[None].to(self.device)
            latents = self.model(features, torch.tensor([held_out.families[take]], device=self.device))
            audio, excitation = (part[None].to(self.device) for part in held_out.sound(take, start, frames))
            noise = torch.randn(audio.shape, generator=torch.Generator().manual_seed(number)).to(self.device) * LEVEL
            known = held_out.known(take, start, frames).T[None].to(self.device)
            for index, values in enumerate((self.codec.quantized(latents), known)):
                decoded = self.codec.model.decode(values, excitation, noise)
                totals[index] += float(self.distance.log_mel(decoded, audio))
        self.model.train()
        rendered, floor = totals / len(places)
        before = {} if self.begun_with is None else {"log_mel_begun_with": self.begun_with}
        return {"log_mel_rendered": round(float(rendered), 4), "log_mel_codec": round(float(floor), 4), **before}


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
    """Train a score model for a codec on a teacher's audio and write its weights to `out`/model.safetensors.

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
        return train(training, resume, time_budget, on_progress, begin_with)


def train(
    training: RendererTraining,
    resume: bool,
    time_budget: float | None,
    on_progress: Progress | None,
    begin_with: Path | None = None,
) -> Path:
    """Run a training, from its checkpoint, from trained weights or from nothing; returns the file of weights."""
    if resume:
        training.resume()
    elif begin_with is not None:
        training.begin_with(begin_with)
    training.model.train()
    recipe = training.recipe
    seconds = time_budget or recipe.minutes * 60
    try:
        return run(training, seconds, recipe.evaluate_every, recipe.save_every, on_progress)
    finally:
        training.close()


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
