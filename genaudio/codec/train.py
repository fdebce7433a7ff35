"""Training the codec: spectral losses on short stretches, the quantizer joining after a warm-up.

``python -m genaudio.codec.train --config configs/codec.yaml --out outputs/training/codec --time-budget 40m``
"""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from genaudio.codec.adversary import Adversary
from genaudio.codec.average import Average
from genaudio.codec.crops import Batch, whole_clips
from genaudio.codec.hearing import KEYS, activations, oscillators, sing
from genaudio.codec.losses import SpectralDistance, draw_sizes
from genaudio.codec.material import Joined, Material
from genaudio.codec.measures import measure
from genaudio.codec.model import CodecConfig, CodecModel, with_beginnings
from genaudio.codec.noise import LEVEL
from genaudio.codec.quantizer import STATISTICS
from genaudio.codec.recipe import CodecRecipe
from genaudio.codec.recordings import gather_recordings
from genaudio.codec.resident import ResidentBatches, make_crops
from genaudio.devices import choose_device
from genaudio.errors import GenaudioError, IncompatibleError
from genaudio.teacher import teacher_set, teacher_sets
from genaudio.training import cosine, distributed, load_checkpoint, load_recipe, save_checkpoint
from genaudio.training.batches import Batches
from genaudio.training.loop import Progress, arguments, report, run
from genaudio.training.optimisation import descend, half_precision, set_rate
from genaudio.weights import load_weights, save_weights


class CodecTraining:
    """One codec training: its model, optimiser, random state and time."""

    def __init__(
        self, recipe: CodecRecipe, material: Material, held_out: Material, out: Path, device: str = "auto"
    ) -> None:
        self.recipe, self.out, self.device = recipe, out, choose_device(device)
        self.crops, self.held_out = make_crops(material, recipe.crops, recipe.model.hop, self.device), held_out
        torch.manual_seed(recipe.seed)
        self.rng = distributed.chance(recipe.seed)
        self.generator = torch.Generator(self.device).manual_seed(recipe.seed + distributed.rank())
        self.model = CodecModel(recipe.model, recipe.crops.batch * recipe.crops.frames).to(self.device)
        self.model.quantizer.keep(recipe.code_decay)
        distributed.share(self.model)
        self.distance = SpectralDistance(recipe.model.sample_rate).to(self.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=recipe.rate, betas=(0.8, 0.99))
        self._average_from_here()
        self.adversary: Adversary | None = None
        self.step, self.spent, self.quantizing = 0, 0.0, False
        self.batches: Batches[Batch] | ResidentBatches | None = None

    def resume(self) -> None:
        """Go on from the checkpoint in the output folder.

        Raises:
            GenaudioError: there is none, or it belongs to another recipe.
        """
        state = load_checkpoint(self.out / "checkpoint.pt")
        if CodecConfig.from_json(state["config"]) != self.recipe.model:
            raise GenaudioError(f"the checkpoint in {self.out} is of another size of codec; choose another folder")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._average_from_here(state.get("average"))
        if state.get("adversary"):
            self.adversary = Adversary(self.device)
            self.adversary.load_state_dict(state["adversary"])
        self.step, self.spent, self.quantizing = state["step"], state["seconds"], state["quantizing"]
        self.close()
        self.rng = distributed.chance(self.recipe.seed, self.step)

    def begin_with(self, path: Path) -> None:
        """Begin with the weights of a trained codec, its quantizer already at work.

        Weights without gains for what begins are given them where the recipe has them.

        Raises:
            IncompatibleError: the file is missing, damaged or of another size.
        """
        state, stored = load_weights(path, "codec")
        sizes = CodecConfig.from_json(stored)
        if self.recipe.model.beginnings and not sizes.beginnings:
            state, sizes = with_beginnings(state, sizes), replace(sizes, beginnings=True)
        if sizes != self.recipe.model:
            raise IncompatibleError(f"{path} is of another size than the recipe; take its sizes or begin from nothing")
        self.model.load_state_dict(state, strict=False)
        self.model.quantizer.wake()
        self._average_from_here()
        self.quantizing = True

    def _average_from_here(self, state: dict[str, Any] | None = None) -> None:
        """Go on with a stored average, or begin one with the weights as they are."""
        self.average = Average(self.model, self.recipe.average) if self.recipe.average else None
        if self.average is not None and state is not None:
            self.average.load_state_dict(state)

    @property
    def best(self) -> CodecModel:
        """The model that is measured and kept: the averaged one, where there is an average."""
        return self.average.follow(self.model) if self.average else self.model

    def save(self, seconds: float) -> None:
        """Write the checkpoint and the weights so far."""
        state = {
            "config": self.recipe.model.to_json(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": seconds,
            "quantizing": self.quantizing,
            "average": self.average and self.average.state_dict(),
            "adversary": self.adversary and self.adversary.state_dict(),
        }
        save_checkpoint(self.out / "checkpoint.pt", state)
        save_weights(self.out / "model.safetensors", shipped_state(self.best), self.recipe.model.to_json())

    def _noise(self, like: Tensor) -> Tensor:
        """White noise of the shape of an audio batch."""
        return torch.randn(like.shape, generator=self.generator, device=self.device) * LEVEL

    def to_training(self) -> None:
        """Bring the model into training mode, but for what is settled."""
        self.model.train()
        if self.recipe.settled:
            for part in (self.model.encoder, self.model.quantizer):
                part.eval().requires_grad_(False)

    def _next(self) -> Batch:
        """The next batch, on the device; how many processes draw ahead makes no difference to it."""
        if self.batches is None:
            self.batches = self.crops.batches(self.recipe.seed, self.step, self.device.type == "cuda")
        return next(self.batches).to(self.device)

    def close(self) -> None:
        """End the processes that draw batches."""
        if self.batches is not None:
            self.batches.close()
            self.batches = None

    def _start_quantizer(self) -> None:
        """Place the codes by k-means over the latents of several batches."""
        self.model.train()
        with torch.no_grad():
            latents = []
            for _ in range(3):
                batch = self._next()
                with half_precision(self.device):
                    latents.append(self.model.encode(batch.audio, batch.excitation).float())
            self.model.quantizer.vq(torch.cat(latents))
        self.quantizing = True

    def _listen(self, latents: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Sing what the latents of the examples without a score say.

        Returns:
            the excitation of every example [B, 2, T], and the cross-entropy of the heard keys, in nats a frame.
        """
        hearing, alone = self.model.hearing, batch.alone
        if hearing is None or not alone.any():
            return batch.excitation, latents.new_zeros(())
        with half_precision(self.device):
            logits = hearing(latents[alone])
        keys = batch.keys[alone]
        missed = functional.binary_cross_entropy_with_logits(logits, keys.clamp_min(0), reduction="none") * (keys >= 0)
        start = int(self.rng.integers(self._waves.shape[1] - batch.audio.shape[1]))
        waves = self._waves[:, start : start + batch.audio.shape[1]]
        excitation = batch.excitation.clone()
        excitation[alone, 1] = sing(activations(logits), waves, self.crops.hop)
        return excitation, missed.sum(1).mean()

    @cached_property
    def _waves(self) -> Tensor:
        """Oscillators of all keys over a little more than a batch, from which each batch takes a stretch: [P, T]."""
        rate = self.recipe.model.sample_rate
        return oscillators(torch.arange(KEYS, device=self.device), 0, self.crops.samples + 2 * rate, rate)

    def train_step(self, fraction: float) -> dict[str, float]:
        """Take one optimiser step; returns its losses and learning rate."""
        recipe, model = self.recipe, self.model
        rate = cosine(fraction, self.step, recipe.rate, recipe.warmup_steps)
        set_rate(self.optimizer, rate)
        if not self.quantizing and fraction >= recipe.quantize_after:
            self._start_quantizer()
        batch = self._next()
        with half_precision(self.device):
            latents = model.encode(batch.audio, batch.excitation).float()
        penalty = latents.new_zeros(())
        if self.quantizing:
            distributed.share(model.quantizer)  # the codes follow the first process's latents
            fewer = self.rng.random() < recipe.fewer_levels
            levels = int(self.rng.integers(1, recipe.model.levels + 1)) if fewer else recipe.model.levels
            spread = latents.detach().var().clamp_min(1e-6)
            latents, _, losses = model.quantizer.vq(latents, levels)
            penalty = losses.mean() / spread
        excitation, misheard = self._listen(latents, batch)
        with half_precision(self.device):
            decoded = model.decode(latents, excitation, self._noise(batch.audio))
        sizes = draw_sizes(self.rng, recipe.scales)
        spectral = self.distance(decoded.float(), batch.audio, sizes)
        loss = spectral + recipe.commitment * penalty + recipe.hearing * misheard
        repeated = begun = latents.new_zeros(())
        if recipe.recurrence:
            repeated = self.distance.recurrence(decoded.float(), batch.audio)
            loss = loss + recipe.recurrence * repeated
        if recipe.attack:
            begun = self.distance.attack(decoded.float(), batch.audio)
            loss = loss + recipe.attack * begun
        if recipe.restrikes:
            loss = loss + recipe.restrikes * self.distance.restrikes(decoded.float(), batch.audio)
        if recipe.advance:
            loss = loss + recipe.advance * self.distance.advance(decoded.float(), batch.audio, sizes[:1])
        if recipe.adversary and fraction >= recipe.adversary_after:
            self.adversary = self.adversary or Adversary(self.device)
            loss = loss + recipe.adversary * self.adversary.criticise(decoded.float(), batch.audio, self.rng)
        norm = descend(loss, model, self.optimizer, recipe.clip)
        if self.average:
            self.average.update(model)
        self.step += 1
        return {
            "loss": float(spectral.detach()),
            "misheard": float(misheard.detach()),
            "repeated": float(repeated.detach()),
            "begun": float(begun.detach()),
            "commitment": float(penalty.detach()),
            "rate": rate,
            "norm": norm,
        }

    @torch.no_grad()
    def evaluate(self, clips: int = 20, seconds: float = 4.0) -> dict[str, Any]:
        """Measure on held-out clips: log-mel distances with the score (where it is known) and without, use of codes."""
        batch = whole_clips(self.held_out, clips, seconds, self.crops.hop).to(self.device)
        measures = measure(self.best.eval(), batch, self.distance, self._noise, self.quantizing)
        self.to_training()
        return measures


def shipped_state(model: CodecModel) -> dict[str, Tensor]:
    """The tensors that decoding and encoding need: all but the running statistics of the codebooks."""
    return {name: tensor for name, tensor in model.state_dict().items() if not name.endswith(STATISTICS)}


def train_codec(
    recipe: CodecRecipe,
    out: Path,
    resume: bool = False,
    time_budget: float | None = None,
    device: str = "auto",
    on_progress: Progress | None = None,
    data: Path | None = None,
    audio: Path | None = None,
    begin_with: Path | None = None,
) -> Path:
    """Train a codec and write its weights to `out`/model.safetensors.

    Args:
        recipe: what to train.
        out: folder of checkpoint and weights.
        resume: go on from the checkpoint there.
        time_budget: seconds of training, instead of the recipe's.
        device: where to train.
        on_progress: called with measures now and then.
        data: folder of the teacher audio, `out`/../data unless given.
        audio: a folder of recordings to learn from instead of the teacher; without notes, so that the codec learns
            to code alone, and a renderer has to be trained for it anew.
        begin_with: weights of a codec to begin with, of the recipe's sizes.

    Raises:
        GenaudioError: there is nothing to learn from, or nothing to resume.
        IncompatibleError: the weights to begin with do not fit.
    """
    data = data or out.parent / "data"
    material: Material
    held_out: Material
    with distributed.joined(device) as chosen:
        with distributed.first_alone() as first:
            if audio is not None:
                material, held_out, account = gather_recordings(audio, data / "recordings", recipe.model.sample_rate)
                if on_progress and first:
                    on_progress({"step": 0, **asdict(account)})
            else:
                learnt, held_out = teacher_sets(recipe.teacher, recipe.held_out, data)
                material = Joined([learnt, *(teacher_set(other, data) for other in recipe.others)])
        training = CodecTraining(recipe, material, held_out, out, str(chosen))
        if resume:
            training.resume()
        elif begin_with is not None:
            training.begin_with(begin_with)
        training.to_training()
        seconds = time_budget or recipe.minutes * 60
        try:
            return run(training, seconds, recipe.evaluate_every, recipe.save_every, on_progress)
        finally:
            training.close()


def main() -> None:
    """Train from the command line, with a line of measures now and then on stderr."""
    given = arguments("codec", audio="folder of recordings instead of the teacher", begin_with="weights to begin with")
    train_codec(
        load_recipe(given.config, CodecRecipe),
        given.out,
        given.resume,
        given.time_budget,
        given.device,
        report,
        audio=given.audio,
        begin_with=given.begin_with,
    )


if __name__ == "__main__":
    main()
