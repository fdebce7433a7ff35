"""The codec measured on held-out teacher audio: alone and score-informed, at every number of levels, beside Opus.

``python benchmarks/codec.py``: log-mel and multi-resolution STFT distance, SI-SDR, use of the codes, onset F1 of the
round trip by an independent transcriber over that of the original, real-time factors. Opus is also measured at other
low bitrates, and docs/codec-bitrate.png drawn. ``--soundfont`` plays the held-out tunes with another SoundFont, which
the codec never heard; the result file is then ``codec_other_sound``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from buzz import buzz, pink_noise
from codec_plot import PICTURE, plot
from common import save
from transcriber import onset_f1, transcribe

from genaudio.audio import read_audio, resample
from genaudio.codec import Codec
from genaudio.codec.losses import SpectralDistance, si_sdr
from genaudio.codec.sources import excite_as
from genaudio.corpus import load_works
from genaudio.teacher import SAMPLE_RATE, TeacherRecipe, TeacherSet, make_teacher_set

SECONDS = 10.0
OPUS_RATE = 48_000
HISSES = (-20, -40, -60)
"""Levels of noise in dBFS."""
OPUS_BITRATES = (6_000, 12_000, 16_000, 24_000)
"""Bits a second that Opus is asked for beside the codec's own; it takes no fewer than the first."""


@dataclass
class Measures:
    """What is gathered over all clips of one way of coding."""

    log_mel: list[float] = field(default_factory=list)
    stft: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    f1: list[float] = field(default_factory=list)

    def add(self, decoded: np.ndarray, audio: np.ndarray, distance: SpectralDistance) -> None:
        """Measure the spectra of one decoded clip [1, T] against the original's."""
        heard, target = torch.from_numpy(decoded), torch.from_numpy(audio)
        self.log_mel.append(float(distance.log_mel(heard, target)))
        self.stft.append(float(distance.spectral(heard, target)))
        self.ratios.append(float(si_sdr(heard, target)))

    def listen(self, decoded: np.ndarray, notes: tuple) -> None:
        """Transcribe one decoded clip [1, T]."""
        self.f1.append(onset_f1(transcribe(decoded[0], SAMPLE_RATE), notes))

    def spectra(self) -> dict:
        """Means of what `add` measured."""
        return {
            "log_mel": round(float(np.mean(self.log_mel)), 3),
            "stft": round(float(np.mean(self.stft)), 3),
            "si_sdr_db": round(float(np.mean(self.ratios)), 2),
        }

    def summary(self, original: list[float]) -> dict:
        """All means, and the F1 as a share of the original's."""
        f1 = float(np.mean(self.f1))
        return {**self.spectra(), "onset_f1": round(f1, 3), "onset_f1_ratio": round(f1 / float(np.mean(original)), 3)}


def ours(codec: Codec, teacher: TeacherSet, way: str, original: list[float], distance: SpectralDistance) -> dict:
    """Code and decode every clip, with the score's excitation or alone."""
    used = [set() for _ in range(codec.levels)]
    by_level = {levels: Measures() for levels in range(1, codec.levels + 1)}
    spent = np.zeros(2)
    for index, played in enumerate(teacher.performances):
        audio = teacher.clip(index)[None]
        known = None
        if way == "informed":
            known = excite_as(*teacher.played(index), audio.shape[1], SAMPLE_RATE)[None]
        began = time.perf_counter()
        codes = codec.encode(audio, excitation=known)
        coded = time.perf_counter()
        decoded = codec.decode(codes, audio.shape[1], known)
        spent += [coded - began, time.perf_counter() - coded]
        for level, seen in enumerate(used):
            seen.update(np.unique(codes[:, level]).tolist())
        for levels, measures in by_level.items():
            out = decoded if levels == codec.levels else codec.decode(codes[:, :levels], audio.shape[1], known)
            measures.add(out, audio, distance)
        if not teacher.played(index)[0].drums:
            by_level[codec.levels].listen(decoded, played.notes)
    total, spectra = SECONDS * len(teacher), {levels: measures.spectra() for levels, measures in by_level.items()}
    return {
        **by_level[codec.levels].summary(original),
        **{f"{name}_by_levels": {k: found[name] for k, found in spectra.items()} for name in ("log_mel", "stft")},
        "log_mel_by_family": by_family(by_level[codec.levels].log_mel, teacher),
        "codes_used": [len(seen) for seen in used],
        "real_time_factor": {"encode": round(spent[0] / total, 4), "decode": round(spent[1] / total, 4)},
    }


def by_family(values: list[float], teacher: TeacherSet) -> dict[str, float]:
    """Mean of the clips of each instrument family."""
    found: dict[str, list[float]] = {}
    for value, played in zip(values, teacher.performances, strict=True):
        found.setdefault(played.family, []).append(value)
    return {family: round(float(np.mean(each)), 3) for family, each in found.items()}


def hiss(codec: Codec) -> dict[str, float]:
    """How much pink noise at some levels (dBFS) buzzes when it has been coded."""
    rng, found = np.random.default_rng(4), {}
    for level in HISSES:
        noise = pink_noise(5 * SAMPLE_RATE, 10 ** (level / 20), rng)[None]
        found[str(level)] = round(buzz(codec.decode(codec.encode(noise), noise.shape[1])[0], codec.model.config.hop), 1)
    return found


def opus(teacher: TeacherSet, bitrate: float, distance: SpectralDistance, original: list[float] | None = None) -> dict:
    """The same by Opus (libsndfile's encoder) at the bitrate nearest to ours; the files are weighed.

    Without the onset F1 of the `original` there is none of Opus either.
    """
    import soundfile

    level = 1 - (bitrate - 6000) / 250_000  # libsndfile maps 1..0 onto 6..256 kbit/s a channel
    measures, size = Measures(), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.ogg"
        for index, played in enumerate(teacher.performances):
            audio = teacher.clip(index)[None]
            sound = resample(audio, SAMPLE_RATE, OPUS_RATE)[0]
            with soundfile.SoundFile(path, "w", OPUS_RATE, 1, "OPUS", format="OGG", compression_level=level) as file:
                file.write(sound)
            size += path.stat().st_size
            decoded = resample(read_audio(path)[0], OPUS_RATE, SAMPLE_RATE)[:, : audio.shape[1]]
            decoded = np.pad(decoded, ((0, 0), (0, audio.shape[1] - decoded.shape[1])))
            measures.add(decoded, audio, distance)
            if original is not None and not teacher.played(index)[0].drums:
                measures.listen(decoded, played.notes)
    means = measures.spectra() if original is None else measures.summary(original)
    return {**means, "bitrate": round(size * 8 / (SECONDS * len(teacher)))}


def main() -> None:
    """Measure the codec in both ways, and Opus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=3, help="clips of each family")
    parser.add_argument("--data", type=Path, default=Path("outputs/benchmarks/codec"))
    parser.add_argument("--soundfont", type=Path, default=None, help="another SoundFont than the teacher's")
    parser.add_argument("--weights", type=Path, default=None, help="another codec than the shipped one")
    arguments = parser.parse_args()
    font = arguments.soundfont
    data = arguments.data / font.stem if font else arguments.data
    recipe = TeacherRecipe(arguments.clips, SECONDS, seed=3, split="test", soundfont=str(font or ""))
    teacher = make_teacher_set(recipe, [work.melody for work in load_works("test")], data)
    codec, distance = Codec.load(arguments.weights, device="cpu"), SpectralDistance(SAMPLE_RATE)
    original = [
        onset_f1(transcribe(teacher.clip(index), SAMPLE_RATE), played.notes)
        for index, played in enumerate(teacher.performances)
        if not teacher.played(index)[0].drums
    ]
    result = {
        "soundfont": font.name if font else "the teacher's",
        "clips": len(teacher),
        "seconds": SECONDS * len(teacher),
        "bitrate": round(codec.bitrate()),
        "onset_f1_original": round(float(np.mean(original)), 3),
        "opus": opus(teacher, codec.bitrate(), distance, original),
        "opus_at": [opus(teacher, bitrate, distance) for bitrate in OPUS_BITRATES],
        "buzz_db": hiss(codec),
        **{way: ours(codec, teacher, way, original, distance) for way in ("alone", "informed")},
    }
    save("codec_other_sound" if font else "codec", result)
    if not font:
        plot(result, PICTURE)


if __name__ == "__main__":
    main()
