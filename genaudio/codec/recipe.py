"""What a codec training follows from."""

from __future__ import annotations

from dataclasses import dataclass, field

from genaudio.codec.crops import CropRecipe
from genaudio.codec.model import CodecConfig
from genaudio.teacher import TeacherRecipe


@dataclass(frozen=True)
class CodecRecipe:
    """Everything a codec training follows from.

    Attributes:
        teacher: the training audio. held_out: the audio for the measures, from tunes of another split.
        others: further training audio, of other SoundFonts or programs. Every clip is drawn as often as any other, so
            that the numbers of clips say how much of what is heard.
        model: sizes. crops: what a batch holds.
        minutes: training time (``--time-budget`` overrides it). rate: peak learning rate.
        warmup_steps: rise of the learning rate. quantize_after: share of the budget before the quantizer joins.
        scales: windows of the spectral loss that each step draws.
        fewer_levels: share of the batches that use fewer levels than all, so that every bitrate works.
        code_decay: share of a code's running mean that a step keeps. With .99 a code that nothing chooses is drawn anew
            after 230 steps, with .95 after a fifth of that.
        commitment: weight of the commitment loss relative to the variance of the latents.
        hearing: weight of the cross-entropy of heard keys (nats a frame), where the model hears any.
        settled: encoder and codes stay as they are, and with them what renderers have learnt.
        recurrence: weight of how differently frames repeat those before them (see `SpectralDistance.recurrence`);
            without it noise becomes a buzz at the frame rate.
        attack: weight of the distance while sounds begin (see `SpectralDistance.attack`); 0 for none.
        restrikes: weight of the rises of partials that rise less in the target (see `SpectralDistance.restrikes`); 0
            for none.
        advance: weight of the distance of phase advances (see `SpectralDistance.advance`); 0 for none.
        adversary: weight of what a critic says of the sound (see `adversary`); 0 for no critic.
        adversary_after: share of the budget before the critic joins.
        average: decay a step of the moving average of the weights that is measured and kept; 0 for the weights
            themselves.
        clip: gradient norm.
        evaluate_every, save_every: seconds. seed: everything random follows from it.
    """

    teacher: TeacherRecipe
    held_out: TeacherRecipe
    others: tuple[TeacherRecipe, ...] = ()
    model: CodecConfig = field(default_factory=CodecConfig)
    crops: CropRecipe = field(default_factory=CropRecipe)
    minutes: float = 45.0
    rate: float = 1.0e-3
    warmup_steps: int = 150
    quantize_after: float = 0.4
    scales: int = 2
    fewer_levels: float = 0.25
    code_decay: float = 0.99
    commitment: float = 0.1
    hearing: float = 0.3
    settled: bool = False
    recurrence: float = 1.0
    attack: float = 0.0
    restrikes: float = 0.0
    advance: float = 0.0
    adversary: float = 0.0
    adversary_after: float = 0.67
    average: float = 0.0
    clip: float = 1.0
    evaluate_every: float = 180.0
    save_every: float = 120.0
    seed: int = 0
