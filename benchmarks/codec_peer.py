"""The official EnCodec 24 kHz architecture, trained as the codec is, on the same sound in the same processor time.

``python benchmarks/codec_ablation.py --rows base && python benchmarks/codec_peer.py [--peers 120@0.001 ...]``

The peer is encodec's own encoder and decoder at the official sizes with nine codebooks (6.75 kbit/s; the codec has
6.89). Loop, quantizer with its repairs, losses and batches are those of the ablation's base row, which it is measured
against. It is trained with the codec's learning rate and with EnCodec's own, and, since its steps cost four times as
much, for three times as long as well. Sound is resampled to its 24 kHz outside the budget. Both are then coded in the
same run: log-mel at the codec's own rate, log-mel of both at 24 kHz and at 44.1 kHz with nothing above 12 kHz, onset
F1, real-time factors.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from codec_ablation import CROPS, RECIPE, changed
from common import save
from encodec.modules import SEANetDecoder, SEANetEncoder
from torch import Tensor, nn
from torchaudio.functional import resample
from transcriber import onset_f1, transcribe

from genaudio.codec import Codec
from genaudio.codec.crops import Batch
from genaudio.codec.losses import SpectralDistance
from genaudio.codec.quantizer import Quantizer
from genaudio.codec.recipe import CodecRecipe
from genaudio.codec.sources import excite_as
from genaudio.codec.train import CodecTraining
from genaudio.teacher import SAMPLE_RATE, TeacherSet, teacher_sets
from genaudio.training import load_recipe
from genaudio.training.checkpoint import load_checkpoint, save_checkpoint

PEER_RATE, LEVELS, HOP = 24_000, 9, 320
PEERS = ("120@0.001", "360@0.001", "120@0.0003")
CLIPS, SECONDS = 19, 6.0
"""Held-out clips, one of each family, and how much of each."""
Coding = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, float, float]]
"""Codes audio [1, T] with its excitation: the decoded audio, seconds of encoding and of decoding."""

log = logging.getLogger(__name__)


class SEANet(nn.Module):
    """encodec's 24 kHz network behind the interface that the training loop knows. Audio is [B, T] at 24 kHz."""

    hearing = None

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.encoder = SEANetEncoder(channels=1, norm="weight_norm", causal=True)
        self.decoder = SEANetDecoder(channels=1, norm="weight_norm", causal=True)
        self.quantizer = Quantizer(self.encoder.dimension, LEVELS, 1024, frames)

    def encode(self, audio: Tensor, excitation: Tensor) -> Tensor:
        """Map audio to latents [B, 128, F]."""
        return self.encoder(audio[:, None])

    def decode(self, latents: Tensor, excitation: Tensor, noise: Tensor) -> Tensor:
        """Map latents to audio of the excitation's length."""
        return self.decoder(latents)[:, 0, : excitation.shape[-1]]


class PeerTraining(CodecTraining):
    """The codec's training loop with another network, at another rate."""

    def __init__(self, recipe: CodecRecipe, material: TeacherSet, held_out: TeacherSet, out: Path) -> None:
        super().__init__(recipe, material, held_out, out, "cpu")
        seconds = recipe.crops.batch * recipe.crops.frames * recipe.model.hop / SAMPLE_RATE
        torch.manual_seed(recipe.seed)
        self.model = SEANet(round(seconds * PEER_RATE / HOP))
        self.distance = SpectralDistance(PEER_RATE)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=recipe.rate, betas=(0.8, 0.99))
        self.idle, self._draw = 0.0, self.crops.batch
        self.crops.batch = self._resampled

    def _resampled(self, rng: np.random.Generator) -> Batch:
        """A batch at the peer's rate; the time that it takes is not the peer's."""
        began = time.process_time()
        batch = self._draw(rng)
        audio = resample(batch.audio, SAMPLE_RATE, PEER_RATE)
        batch = batch._replace(audio=audio, excitation=torch.zeros_like(audio))
        self.idle += time.process_time() - began
        return batch

    def spend(self, budget: float) -> None:
        """Train until so many seconds of processor time are spent on the network."""
        while (fraction := self.spent / budget) < 1:
            began, self.idle = time.process_time(), 0.0
            measures = self.train_step(fraction)
            self.spent += time.process_time() - began - self.idle
            if self.step % 10 == 0:
                log.info("peer %d %.2f %s", self.step, fraction, measures)
        save_checkpoint(
            self.out / "peer.pt", {"model": self.model.state_dict(), "step": self.step, "spent": self.spent}
        )


def peer(model: SEANet) -> Coding:
    """Coding by the peer."""

    @torch.inference_mode()
    def code(audio: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, float, float]:
        low = resample(torch.from_numpy(audio), SAMPLE_RATE, PEER_RATE)
        began = time.perf_counter()
        codes = model.quantizer.vq.encode(model.encode(low, low))
        coded = time.perf_counter()
        decoded = model.decode(model.quantizer.vq.decode(codes), low, low)
        done = time.perf_counter()
        out = resample(decoded, PEER_RATE, SAMPLE_RATE)[:, : audio.shape[1]].numpy()
        return out, coded - began, done - coded

    return code


def ours(codec: Codec, informed: bool) -> Coding:
    """Coding by the codec."""

    def code(audio: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, float, float]:
        score = known if informed else None
        began = time.perf_counter()
        codes = codec.encode(audio, excitation=score)
        coded = time.perf_counter()
        out = codec.decode(codes, audio.shape[1], score)
        return out, coded - began, time.perf_counter() - coded

    return code


class Judge:
    """Measures coded sound on the held-out clips."""

    def __init__(self, teacher: TeacherSet) -> None:
        self.teacher, self.samples = teacher, round(SECONDS * SAMPLE_RATE)
        self.full, self.half = SpectralDistance(SAMPLE_RATE), SpectralDistance(PEER_RATE)
        self.original = self.heard(lambda index: self.teacher.stretch(index, 0, self.samples))

    def heard(self, sound: Callable[[int], np.ndarray]) -> float:
        """Mean onset F1 over the clips that have pitches."""
        found = []
        for index in range(CLIPS):
            family, notes = self.teacher.played(index)
            if not family.drums:
                inside = tuple(note for note in notes if note.start < SECONDS - 0.1)
                found.append(onset_f1(transcribe(sound(index), SAMPLE_RATE), inside))
        return float(np.mean(found))

    def measure(self, code: Coding, rate: int) -> dict[str, Any]:
        """Code all clips; `rate` is the codec's own."""
        own, half, band, spent, decoded = [], [], [], np.zeros(2), []
        for index in range(CLIPS):
            audio = self.teacher.stretch(index, 0, self.samples)[None]
            known = excite_as(*self.teacher.played(index), self.samples, SAMPLE_RATE)[None]
            out, *seconds = code(audio, known)
            spent += seconds
            decoded.append(out[0])
            a, b = torch.from_numpy(out), torch.from_numpy(audio)
            low_a, low_b = (resample(sound, SAMPLE_RATE, PEER_RATE) for sound in (a, b))
            half.append(float(self.half.log_mel(low_a, low_b)))
            own.append(half[-1] if rate == PEER_RATE else float(self.full.log_mel(a, b)))
            band.append(float(self.full.log_mel(*(resample(low, PEER_RATE, SAMPLE_RATE) for low in (low_a, low_b)))))
        f1 = self.heard(lambda index: decoded[index])
        total = CLIPS * SECONDS
        return {
            "log_mel_own_rate": round(float(np.mean(own)), 3),
            "log_mel_at_24_khz": round(float(np.mean(half)), 3),
            "log_mel_below_12_khz": round(float(np.mean(band)), 3),
            "onset_f1": round(f1, 3),
            "onset_f1_ratio": round(f1 / self.original, 3),
            "real_time_factor": {"encode": round(spent[0] / total, 4), "decode": round(spent[1] / total, 4)},
        }


def trained(recipe: CodecRecipe, sets: tuple[TeacherSet, TeacherSet], out: Path, budget: float) -> PeerTraining:
    """Train a peer from nothing with a budget of processor time, or take the one that was trained before."""
    training, path = PeerTraining(recipe, *sets, out), out / "peer.pt"
    if path.is_file():
        state = load_checkpoint(path)
        training.model.load_state_dict(state["model"])
        training.step, training.spent = state["step"], state["spent"]
    training.spend(budget)
    training.model.eval()
    return training


def main() -> None:
    """Train the peer unless that is done, and measure both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), help="seconds of processor time @ learning rate")
    parser.add_argument("--data", type=Path, default=Path("outputs/training/data"), help="teacher audio")
    parser.add_argument("--out", type=Path, default=Path("outputs/benchmarks/codec_peer"))
    parser.add_argument("--base", type=Path, default=Path("outputs/benchmarks/codec_ablation/base"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = load_recipe(RECIPE, CodecRecipe)
    recipe = changed(recipe, {"model": {"levels": LEVELS, "hearing": 0}, "crops": {"alone": 1.0}})
    sets = teacher_sets(recipe.teacher, recipe.held_out, options.data)
    peers = []
    for name in options.peers:
        budget, rate = map(float, name.split("@"))
        peers.append(trained(replace(recipe, rate=rate), sets, options.out / name, budget))
    codec, base = Codec.load(options.base / "model.safetensors", "cpu"), load_checkpoint(options.base / "checkpoint.pt")
    judge, rows = Judge(sets[1]), {}
    for training in peers:
        facts = {
            "rate": training.recipe.rate,
            "bitrate": LEVELS * 10 * PEER_RATE // HOP,
            **account(training.model, training.step, training.spent),
        }
        rows[f"encodec_{training.out.name}"] = {**facts, **judge.measure(peer(training.model), PEER_RATE)}
    facts = {
        "rate": recipe.rate,
        "bitrate": round(codec.bitrate()),
        **account(codec.model, base["step"], base["seconds"]),
    }
    for way in ("alone", "informed"):
        rows[way] = {**facts, **judge.measure(ours(codec, way == "informed"), SAMPLE_RATE)}
    held_out = {"held_out": [CLIPS, SECONDS], "onset_f1_original": round(judge.original, 3)}
    save("codec_peer", {"crops": CROPS, **held_out, "rows": rows})


def account(model: nn.Module, steps: int, spent: float) -> dict[str, Any]:
    """What a training was, and how many parameters it had."""
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return {"cpu_seconds": round(spent, 1), "steps": steps, "parameters": parameters}


if __name__ == "__main__":
    main()
