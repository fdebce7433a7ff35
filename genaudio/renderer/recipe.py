"""What a training of the score model follows from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from genaudio.renderer.model import ScoreModelConfig
from genaudio.teacher import TeacherRecipe


@dataclass(frozen=True)
class RendererRecipe:
    """Everything a renderer training follows from.

    Attributes:
        teacher: the training audio. held_out: the audio for the measures, from tunes of another split.
        model: sizes. batch: examples of a step. frames: length of an example in frames.
        often: families by name that are drawn so many times as often as others.
        minutes: training time (``--time-budget`` overrides it). rate: peak learning rate.
        warmup_steps: rise of the learning rate.
        listen_after: share of the budget after which the decoded sound joins the loss.
        listen_batch, listen_frames: examples and frames of a step that decodes.
        scales: windows of the spectral loss that each step draws.
        attack: weight of the distance of sounds while they begin (see `SpectralDistance.attack`); 0 for none.
        restrikes: weight of the rises of partials that do not rise in the teacher's sound (see
            `SpectralDistance.restrikes`); 0 for none.
        latent_weight: weight of the distance of latents beside that of sounds.
        commitment: weight of the squared distance of latents to the codes that stand for them, relative to the latents'
            variance. Without it nothing holds latents that have left what codes can say: a training of 5,900 steps ran
            away with them, and sounded like its codes only in training.
        rehearsal: weight of the distance to the weights begun with, for families that the material lacks.
        loaders: processes that draw batches ahead; 0 for none.
        resident: all sound lives on the device, and batches are cut there (see `resident.ResidentSet`).
        clip: gradient norm. evaluate_every, save_every: seconds. seed: everything random follows from it.
    """

    teacher: TeacherRecipe = field(default_factory=lambda: TeacherRecipe(44))
    held_out: TeacherRecipe = field(default_factory=lambda: TeacherRecipe(2, seed=2, split="validation"))
    model: ScoreModelConfig = field(default_factory=ScoreModelConfig)
    batch: int = 16
    frames: int = 192
    often: Mapping[str, float] = field(default_factory=dict)
    minutes: float = 35.0
    rate: float = 1.5e-3
    warmup_steps: int = 100
    listen_after: float = 0.4
    listen_batch: int = 10
    listen_frames: int = 112
    scales: int = 2
    attack: float = 0.0
    restrikes: float = 0.0
    latent_weight: float = 0.5
    commitment: float = 1.0
    rehearsal: float = 0.0
    loaders: int = 0
    resident: bool = False
    clip: float = 1.0
    evaluate_every: float = 180.0
    save_every: float = 120.0
    seed: int = 0
