"""Rendering measured against the teacher on held-out tunes, family by family.

``python benchmarks/rendering.py --tunes 4``: onset F1 by an independent transcriber of our rendering and of the
teacher's, the ratio of the two, log-mel distance of rendering and of the codec's round trip (the floor) to the
teacher, level after the last note, real-time factor of one stem.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from common import save
from transcriber import SETTINGS, onset_f1, transcribe

from genaudio.codec.losses import SpectralDistance
from genaudio.codec.sources import excite_as
from genaudio.corpus import load_works
from genaudio.instruments import FAMILIES, Family
from genaudio.renderer import Renderer
from genaudio.renderer.performing import Part
from genaudio.score import Melody
from genaudio.sounding import Sounding, without_collisions
from genaudio.teacher import SAMPLE_RATE
from genaudio.teacher.performance import play_chords, play_melody
from genaudio.teacher.soundfont import SoundFontPlayer, find_soundfont

SECONDS = 16.0
RING = 1.5


def level(audio: np.ndarray) -> float:
    """Root mean square in dBFS."""
    return 10 * float(np.log10(np.mean(audio**2) + 1e-12))


class Bench:
    """The renderer, the teacher and the measures."""

    def __init__(self, player: SoundFontPlayer) -> None:
        self.player = player
        self.renderer = Renderer.load(device="cpu")
        self.distance = SpectralDistance(SAMPLE_RATE)
        self.seconds_rendered = self.seconds_spent = 0.0

    def teacher(self, notes: tuple[Sounding, ...], family: Family) -> np.ndarray:
        """The teacher's sound at a root mean square of 0.05."""
        audio = self.player.play(notes, family.program, SECONDS + RING, family.drums)
        return audio * np.float32(0.05 / max(float(np.sqrt(np.mean(audio**2))), 1e-6))

    def log_mel(self, audio: np.ndarray, target: np.ndarray) -> float:
        """Log-mel distance at the gain that suits best: the loudness is not what is compared."""
        gain = np.float32(np.sqrt(np.mean(target**2) / max(float(np.mean(audio**2)), 1e-12)))
        pair = (torch.from_numpy(np.ascontiguousarray(x))[None] for x in (audio * gain, target))
        return float(self.distance.log_mel(*pair))

    def measure(self, notes: tuple[Sounding, ...], family: Family) -> dict[str, float]:
        """Render one performance and compare it with the teacher's."""
        target = self.teacher(notes, family)
        part = Part("solo", family, notes, (), 1.0, 0.0)
        began = time.perf_counter()
        ours = self.renderer.stem(part, SECONDS + RING)
        self.seconds_spent += time.perf_counter() - began
        self.seconds_rendered += SECONDS + RING
        codec, known = self.renderer.codec, excite_as(family, notes, len(target), SAMPLE_RATE)[None]
        floor = codec.decode(codec.encode(target[None], excitation=known), len(target), known)[0]
        quiet = ours[round((max(note.end for note in notes) + 1.3) * SAMPLE_RATE) :]
        return {
            "f1_ours": onset_f1(transcribe(ours, SAMPLE_RATE), notes),
            "f1_teacher": onset_f1(transcribe(target, SAMPLE_RATE), notes),
            "f1_codec": onset_f1(transcribe(floor, SAMPLE_RATE), notes),
            "log_mel_ours": self.log_mel(ours, target),
            "log_mel_codec": self.log_mel(floor, target),
            "level_after_end_db": level(quiet) - level(ours) if len(quiet) else float("nan"),
        }


def performances(melodies: list[Melody], family: Family, count: int, rng: np.random.Generator, chords: bool) -> list:
    """Draw performances of held-out tunes."""
    play = play_chords if chords else play_melody
    chosen = [melodies[int(rng.integers(len(melodies)))] for _ in range(count)]
    return [without_collisions(play(melody, family, SECONDS, rng)) for melody in chosen]


def summary(rows: list[dict[str, float]]) -> dict[str, float]:
    """Means of the measures, and the ratio of the F1s."""
    means = {name: round(float(np.nanmean([row[name] for row in rows])), 3) for name in rows[0]}
    return {**means, "f1_ratio": round(means["f1_ours"] / means["f1_teacher"], 3)}


def main() -> None:
    """Measure every family, alone and, where it plays them, in chords."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tunes", type=int, default=4, help="performances of each family")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--soundfont", default=None)
    arguments = parser.parse_args()
    melodies = [work.melody for work in load_works("test")]
    rng = np.random.default_rng(arguments.seed)
    families, everything = {}, []
    with SoundFontPlayer(find_soundfont(arguments.soundfont), SAMPLE_RATE) as player:
        bench = Bench(player)
        for family in FAMILIES:
            for chords in (False, True) if family.chords else (False,):
                drawn = performances(melodies, family, arguments.tunes, rng, chords)
                rows = [bench.measure(notes, family) for notes in drawn]
                everything += rows
                families[family.name + (" in chords" if chords else "")] = summary(rows)
                print(family.name, chords, families[family.name + (" in chords" if chords else "")], flush=True)
    save(
        "rendering",
        {
            "tunes": arguments.tunes,
            "transcriber": {"name": "basic-pitch 0.4.0", **SETTINGS},
            "families": families,
            "all": summary(everything),
            "real_time_factor": round(bench.seconds_spent / bench.seconds_rendered, 4),
        },
    )


if __name__ == "__main__":
    main()
