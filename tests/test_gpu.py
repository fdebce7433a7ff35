"""What a GPU makes is what a processor makes, but for rounding; skipped where there is no GPU."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from genaudio.codec import Codec
from genaudio.codec.crops import CropRecipe
from genaudio.codec.excitation import Stretch, Vibrato, excite
from genaudio.codec.losses import SpectralDistance
from genaudio.codec.model import CodecConfig
from genaudio.codec.pulse_trains import TOLERANCE, excite_many
from genaudio.codec.recipe import CodecRecipe
from genaudio.codec.train import CodecTraining
from genaudio.corpus import load_works
from genaudio.errors import GenaudioError
from genaudio.melody import Composer, MelodyRecipe, Wish, train_melody
from genaudio.melody.sampling import Sampler
from genaudio.melody.train import Progress
from genaudio.melody.transformer import Shape
from genaudio.renderer import Renderer
from genaudio.renderer import train as renderer_train
from genaudio.renderer.chunks import BFLOAT16, FLOAT32, Batching, Piece
from genaudio.renderer.model import ScoreModelConfig
from genaudio.renderer.recipe import RendererRecipe
from genaudio.renderer.train import RendererTraining
from genaudio.score import Note, Score, Track
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE, Performance, TeacherRecipe, TeacherSet

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that torch can use (CUDA)")

GPU = torch.device("cuda")
ONE = TeacherRecipe(1)
NOTES = (Sounding(0.1, 0.9, 60, 100), Sounding(1.0, 1.8, 67, 80))


@pytest.fixture(scope="module")
def codecs() -> tuple[Codec, Codec]:
    """The shipped codec on a processor and on a GPU."""
    return Codec.load(device="cpu"), Codec.load(device="cuda")


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer.load(device="cuda")


@pytest.fixture
def teacher(monkeypatch: pytest.MonkeyPatch) -> TeacherSet:
    """Ten seconds of two notes, played by the excitation itself."""
    audio = 0.2 * excite(Stretch(NOTES), 10 * SAMPLE_RATE, SAMPLE_RATE).sum(0)[None].repeat(4, axis=0)
    made = TeacherSet((audio * 32767).astype(np.int16), (Performance("violin", "melody", NOTES),) * 4)
    monkeypatch.setattr(renderer_train, "teacher_sets", lambda *_: (made, made))
    return made


def pieces() -> list[Piece]:
    """Two pieces that last several chunks: one voice, and strings, which sway, with drums."""
    rng = np.random.default_rng(0)

    def track(program: int) -> Track:
        notes = tuple(Note(i / 2, 0.5, int(rng.integers(60, 80))) for i in range(16))
        return Track(notes, program=program, name=f"Program {program}")

    kit = Track(tuple(Note(i / 2, 0.1, 36 + 2 * (i % 2)) for i in range(16)), drums=True, name="Kit")
    tempi = ((0.0, 120.0),)
    return [Piece(Score((track(0),), tempi=tempi)), Piece(Score((track(48), kit), tempi=tempi), seed=7)]


def test_codes_and_sound_are_those_of_a_processor(codecs: tuple[Codec, Codec]) -> None:
    """But for TF32, in which a GPU convolves by torch's default: some codes lie on a border."""
    exact, fast = codecs
    known = excite(Stretch(NOTES), 2 * SAMPLE_RATE, SAMPLE_RATE)[None]
    sound = known.sum(1)
    for score in (known, None):
        codes = exact.encode(sound, excitation=score)
        assert np.mean(fast.encode(sound, excitation=score)[:, 0] == codes[:, 0]) > 0.9
        ours, theirs = (codec.decode(codes, sound.shape[1], score) for codec in (fast, exact))
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, atol=0.05)
        assert np.sqrt(np.mean((ours - theirs) ** 2)) < 0.03 * np.sqrt(np.mean(theirs**2))


@pytest.mark.parametrize("vibrato", [None, Vibrato(5.0, 0.3)])
@pytest.mark.parametrize("bends", [(), ((0.0, 0.0), (0.5, 1.5))])
def test_the_excitation_is_that_of_a_processor(vibrato: Vibrato | None, bends: tuple[tuple[float, float], ...]) -> None:
    made = excite_many([Stretch(NOTES, 4321, bends, vibrato)] * 3, 50_000, SAMPLE_RATE, GPU).cpu().numpy()
    wanted = excite(Stretch(NOTES, 4321, bends, vibrato), 50_000, SAMPLE_RATE)
    np.testing.assert_allclose(made, np.stack([wanted] * 3), atol=2 * TOLERANCE)


@pytest.mark.parametrize("precision", [FLOAT32, BFLOAT16])
def test_pieces_rendered_together_sound_as_on_a_processor(precision: str) -> None:
    way = Batching(4, 256, precision)
    exact, fast = (Renderer.load(device=device) for device in ("cpu", "cuda"))
    distance = SpectralDistance(SAMPLE_RATE).log_mel
    wanted = list(exact.render_many(pieces(), replace(way, precision=FLOAT32)))
    made = list(fast.render_many(pieces(), way))
    again = list(fast.render_many(pieces()[::-1], way))[::-1]
    for one, other, repeated in zip(made, wanted, again, strict=True):
        assert not isinstance(one, GenaudioError)
        assert not isinstance(other, GenaudioError)
        assert not isinstance(repeated, GenaudioError)
        assert one.audio.shape == other.audio.shape
        assert one.loudness == pytest.approx(other.loudness, abs=0.2)
        assert float(distance(torch.from_numpy(one.audio), torch.from_numpy(other.audio))) < 0.15
        assert one.audio.tobytes() == repeated.audio.tobytes()  # whatever it shared its batches with


def test_a_graph_writes_the_tunes_that_are_written_without(composer: Composer) -> None:
    wish = Wish("reel", "D", "major", "2/2", 8)
    plain = composer.compose(wish, 1, 8)
    assert composer.compose(wish, 1, 8) == plain
    composer.sampler, before = Sampler(composer.model, composer.grammar, graphs=True), composer.sampler
    try:
        recorded = [composer.compose(wish, 1, 8) for _ in range(2)]
    finally:
        composer.sampler = before
    assert recorded[0] == recorded[1]
    # attention over the whole room rounds differently from that over what is written: now and then a tune turns
    assert sum(one == other for one, other in zip(recorded[0], plain, strict=True)) >= 7


@pytest.mark.parametrize("resident", [False, True])
def test_the_codec_learns_on_a_gpu(resident: bool, teacher: TeacherSet, tmp_path: Path) -> None:
    small = CodecConfig(width=24, encoder_blocks=1, decoder_blocks=1, latent=8, levels=2, bins=16, hearing=16)
    crops = CropRecipe(batch=8, frames=32, loaders=1, tones=0.3, resident=resident)
    recipe = CodecRecipe(ONE, ONE, model=small, crops=crops, rate=5e-3, warmup_steps=5, adversary=1.0)
    training = CodecTraining(recipe, teacher, teacher, tmp_path, "cuda")
    try:
        measures = [training.train_step(step / 20) for step in range(20)]
        assert training.quantizing
        assert training.adversary is not None
        assert all(np.isfinite(list(each.values())).all() for each in measures)
        assert np.isfinite(training.evaluate(1, 1.0)["log_mel_alone"])
        training.save(1.0)
        training.resume()
        training.train_step(0.9)
    finally:
        training.close()
    assert Codec.load(tmp_path / "model.safetensors", "cuda").encode(teacher.clip(0)[None]).shape[1] == 2


@pytest.mark.parametrize("resident", [False, True])
def test_the_renderer_learns_on_a_gpu(
    resident: bool, teacher: TeacherSet, tmp_path: Path, codecs: tuple[Codec, Codec]
) -> None:
    recipe = RendererRecipe(
        ONE, ONE, model=ScoreModelConfig(width=24, dilations=(1, 2), kernel=3), batch=4, frames=48, listen_batch=2,
        listen_frames=32, warmup_steps=5, loaders=1, resident=resident,
    )  # fmt: skip
    training = RendererTraining(recipe, tmp_path, tmp_path / "out", codecs[1])
    try:
        for fraction in (0.0, 0.1, 0.9, 1.0):
            assert np.isfinite(list(training.train_step(fraction).values())).all()
        assert np.isfinite(training.evaluate(20.0)["log_mel_rendered"])
        training.save(1.0)
        training.resume()
        training.train_step(0.9)
    finally:
        training.close()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_melody_model_learns_on_a_gpu(precision: str, tmp_path: Path) -> None:
    works = [work for split in ("train", "validation") for work in islice(load_works(split), 12)]
    recipe = MelodyRecipe(
        time_budget="", steps=8, seed=3, batch_tokens=256, length=64, learning_rate=1e-2, warmup=2, weight_decay=0.01,
        label_smoothing=0.1, average=0.8, condition_drop=0.1, transpose=0.5, evaluate_every=4, patience=10,
        precision=precision, shape=Shape(width=32, layers=1, heads=2, hidden=32, dropout=0.1, blindness=0.1),
    )  # fmt: skip
    seen: list[Progress] = []
    train_melody(recipe, tmp_path, device="cuda", on_progress=seen.append, works=works)
    train_melody(replace(recipe, steps=12), tmp_path, resume=True, device="cuda", on_progress=seen.append, works=works)
    assert [progress.step for progress in seen] == [4, 8, 12]
    assert seen[1].bits < seen[0].bits
