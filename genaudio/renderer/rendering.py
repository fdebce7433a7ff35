"""A rendered score, and how the sum of its stems becomes one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from genaudio.renderer.mix import factor_of, master, reverberate


@dataclass(frozen=True)
class Rendering:
    """A rendered score.

    Attributes:
        audio: the master, float32 [2, T] in -1..1.
        sample_rate: samples a second.
        stems: each part in its place, dry, at the master's gain: name -> float32 [2, T].
        left_out: sentences on what was not rendered.
        gain: what mastering did to the sum of the stems, in dB.
        loudness, true_peak: of the master in LUFS and dBTP; None where they were not measured.
    """

    audio: np.ndarray
    sample_rate: int
    stems: dict[str, np.ndarray] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    gain: float = 0.0
    loudness: float | None = None
    true_peak: float | None = None

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.audio.shape[1] / self.sample_rate


def mastered(
    mix: np.ndarray,
    samples: int,
    sample_rate: int,
    reverb: float,
    loudness: float,
    placed: dict[str, np.ndarray] | None = None,
    left_out: tuple[str, ...] = (),
) -> Rendering:
    """Turn the sum of the stems into a rendering.

    Args:
        mix: float32 [2, T], made by `mix.blank`; it is used up.
        samples: how many of them, from the beginning on, are sound. sample_rate: samples a second.
        reverb: gain of the room, 0 for none.
        loudness: of the master in LUFS, as near as the true peak allows.
        placed: each part in its place, by its name: float32 [2, samples].
        left_out: sentences on what was not rendered.
    """
    if reverb > 0:
        reverberate(mix, samples, sample_rate, reverb)
    done = master(mix, sample_rate, loudness)
    factor = factor_of(done.gain)
    kept = {name: np.clip(sound * factor, -1, 1) for name, sound in (placed or {}).items()}
    return Rendering(done.audio, sample_rate, kept, left_out, done.gain, done.loudness, done.true_peak)
