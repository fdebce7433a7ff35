"""What the benchmarks of rendering share: the renderer, two players of the same notes, and what they play."""

from __future__ import annotations

import time
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pretty_midi
import torch
from rendering_measures import at_level

from genaudio.assets import asset, sha256
from genaudio.codec import Codec
from genaudio.codec.losses import SpectralDistance
from genaudio.codec.sources import excite_as
from genaudio.instruments import FAMILIES, Family
from genaudio.renderer import Renderer
from genaudio.renderer.performing import Part
from genaudio.renderer.stem import Stem
from genaudio.sounding import Sounding
from genaudio.teacher import SAMPLE_RATE
from genaudio.teacher.soundfont import SoundFontPlayer, find_soundfont

LEVEL = 0.05
"""Root mean square of all sounds that are compared."""
SECOND_FONT = Path(pretty_midi.__file__).parent / "TimGM6mb.sf2"
"""Another SoundFont of General MIDI, which comes with pretty_midi: recorded by others, of other instruments."""


class Given(NamedTuple):
    """What a bench is made of.

    Attributes:
        soundfont: the teacher's SoundFont; None for its usual place.
        second: another SoundFont.
        renderer, codec: weights; None for those that are shipped.
    """

    soundfont: str | None
    second: Path
    renderer: Path | None
    codec: Path | None


@dataclass
class Effort:
    """Processor time and length, both in seconds, of all stems so far and of what the decoder alone decoded.

    Unlike the time on the clock it does not tell how busy the machine was, nor gain by a second thread.
    """

    stems: float = 0.0
    rendered: float = 0.0
    decoding: float = 0.0
    decoded: float = 0.0

    def __add__(self, other: Effort) -> Effort:
        return Effort(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def a_second(self) -> dict[str, float]:
        """Processor seconds a second of audio."""
        return {
            "stem": round(self.stems / max(self.rendered, 1e-9), 4),
            "decoder_alone": round(self.decoding / max(self.decoded, 1e-9), 4),
        }


class Bench:
    """The renderer, the teacher, a second teacher, and the distance between sounds; use it in a ``with`` block.

    Args:
        soundfont, second, renderer, codec: see `Given`.

    Attributes:
        given: what it was made of, so that another process can make the same.
        effort: what rendering and decoding took so far.
        families: those that the renderer has learnt.
        weights: what names the renderer's weights.
    """

    def __init__(
        self,
        soundfont: str | None = None,
        second: Path = SECOND_FONT,
        renderer: Path | None = None,
        codec: Path | None = None,
    ) -> None:
        self.given, self.effort = Given(soundfont, second, renderer, codec), Effort()
        self.player = SoundFontPlayer(find_soundfont(soundfont), SAMPLE_RATE)
        self.other = SoundFontPlayer(find_soundfont(str(second)), SAMPLE_RATE)
        self.renderer = Renderer.load(renderer, "cpu", Codec.load(codec, device="cpu"))
        self.weights = sha256(renderer or asset("renderer/model.safetensors"))[:12]
        self.families = tuple(family for family in FAMILIES if family.name in self.renderer.model.config.families)
        self.distance = SpectralDistance(SAMPLE_RATE)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.player.__exit__(None, None, None)
        self.other.__exit__(None, None, None)

    def teacher(self, notes: tuple[Sounding, ...], family: Family, seconds: float) -> np.ndarray:
        """The teacher's sound: [T]."""
        return at_level(self.player.play(notes, family.program, seconds, family.drums), LEVEL)

    def second(self, notes: tuple[Sounding, ...], family: Family, seconds: float) -> np.ndarray:
        """The second teacher's sound: [T]."""
        return at_level(self.other.play(notes, family.program, seconds, family.drums), LEVEL)

    def rendering(self, notes: tuple[Sounding, ...], family: Family, seconds: float) -> np.ndarray:
        """Our sound, as the renderer makes a stem, at its own level: [T]."""
        began = time.process_time()
        ours = self.renderer.stem(Part("solo", family, notes, (), 1.0, 0.0), seconds)
        self.effort += Effort(time.process_time() - began, seconds)
        return ours

    def round_trip(
        self, target: np.ndarray, notes: tuple[Sounding, ...], family: Family, informed: bool = True
    ) -> np.ndarray:
        """The teacher's sound through the codec, with the score's excitation or alone: [T]."""
        codec = self.renderer.codec
        known = excite_as(family, notes, len(target), SAMPLE_RATE)[None] if informed else None
        codes = codec.encode(target[None], excitation=known)
        began = time.process_time()
        sound = codec.decode(codes, len(target), known)[0]
        self.effort += Effort(decoding=time.process_time() - began, decoded=len(target) / SAMPLE_RATE)
        return sound

    def log_mel(self, audio: np.ndarray, target: np.ndarray) -> float:
        """Log-mel distance at equal root mean square: the loudness is not what is compared."""
        gain = np.float32(np.sqrt(np.mean(target**2) / max(float(np.mean(audio**2)), 1e-12)))
        pair = (torch.from_numpy(np.ascontiguousarray(x))[None] for x in (audio * gain, target))
        return float(self.distance.log_mel(*pair))

    def distances(self, ours: np.ndarray, target: np.ndarray, notes: tuple[Sounding, ...], family: Family) -> dict:
        """Log-mel distances to the teacher: of our sound, the codec's round trip, and the second teacher.

        Where nothing sounds all are silent, as our stems are, and the rest after the last note is left out: SoundFonts
        are played with the dither of 16 bits, which is not music.
        """
        second = self.second(notes, family, len(target) / SAMPLE_RATE)
        open_ = Stem(Part("solo", family, notes, (), 1.0, 0.0), 0, len(target), 0).closed(
            np.ones(len(target), np.float32), 0, SAMPLE_RATE
        )
        end = int(np.flatnonzero(open_)[-1]) + 1
        sounds = {"ours": ours, "codec": self.round_trip(target, notes, family), "second": second}
        heard = (target * open_)[:end]
        return {f"log_mel_{name}": self.log_mel((sound * open_)[:end], heard) for name, sound in sounds.items()}


def means(rows: list[dict[str, float]]) -> dict[str, float]:
    """Mean of each measure over rows that have it; ratios of distances follow from the means."""
    out = {name: round(float(np.nanmean([row[name] for row in rows])), 3) for name in rows[0]}
    if "log_mel_ours" in out:
        out["to_codec"] = round(out["log_mel_ours"] / max(out["log_mel_codec"], 1e-9), 3)
        out["to_second"] = round(out["log_mel_ours"] / max(out["log_mel_second"], 1e-9), 3)
    return out
