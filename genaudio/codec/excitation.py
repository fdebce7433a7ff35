"""The excitation: what the score knows of the sound, as a waveform for the decoder to shape.

Each note is a train of band-limited pulses at its pitch, all harmonics equally strong, in the closed form of the
Dirichlet kernel: sum over k = 1..K of cos(kx) = sin((K + 1/2) x) / (2 sin(x/2)) - 1/2. The decoder multiplies its
spectrum with gains, so pitch and onset are right by construction (a source-filter model; cf. Wang, Takaki and
Yamagishi 2019, "Neural source-filter waveform models").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from genaudio.instruments import TAILS
from genaudio.sounding import Sounding

ATTACK = 0.002
"""Linear rise of a note in seconds."""
RELEASE = 0.08
"""Usual time constant of the decay after a note's end in seconds."""
SUSTAINED = 0.2
"""Share of its first level to which a struck note's excitation falls while it is held."""
BLOW, BLOW_FALL = 4.0, 0.005
"""How much louder the excitation of a struck note begins, and the seconds in which that falls away.

The decoder's gains are for 46 ms at a time: how an attack rises and falls within them is up to the excitation. With
gains as good as can be, a piano's attack takes 6 ms with a blow and 13 ms without one; the teacher's takes 7.
"""
LOUDNESS = 0.1
"""Level of one oscillator, whatever its number of harmonics."""


@dataclass(frozen=True)
class Vibrato:
    """How a player lets a held note sway in pitch.

    Attributes:
        rate: sways a second.
        depth: furthest departure in semitones.
        delay: seconds of steady pitch at a note's beginning.
        rise: seconds in which the vibrato grows to its depth.
    """

    rate: float
    depth: float
    delay: float = 0.15
    rise: float = 0.35

    def semitones(self, since: np.ndarray) -> np.ndarray:
        """Departure in semitones at times in seconds since a note's start: float64 [T]."""
        moving = since - self.delay
        swing: np.ndarray = self.depth * np.clip(moving / self.rise, 0, 1) * np.sin(2 * np.pi * self.rate * moving)
        return swing


def pulses(phase: np.ndarray, harmonics: int) -> np.ndarray:
    """Sum the first `harmonics` cosines of a phase in radians: float64 [T] -> float64 [T]."""
    half = np.sin(phase / 2)
    flat = np.abs(half) < 1e-7
    wave = np.sin((harmonics + 0.5) * phase) / (2 * np.where(flat, 1.0, half)) - 0.5
    return np.where(flat, float(harmonics), wave)


def falling(since: np.ndarray, decay: float) -> np.ndarray:
    """Level of a struck note at times in seconds since its onset, from 1 down to `SUSTAINED`; 1 where it is held up.

    The decoder's gains are for all notes at once: an attack that opens them would strike older notes again, were these
    still as loud as the new one.
    """
    return SUSTAINED + (1 - SUSTAINED) * np.exp(-since / decay) if decay > 0 else np.ones(len(since))


def blow(since: np.ndarray) -> np.ndarray:
    """Level of the blow that starts a struck note, beside the note itself, at times in seconds since its onset."""
    return BLOW * np.exp(-since / BLOW_FALL)


def _envelope(length: int, held: int, sample_rate: int, decay: float, release: float) -> np.ndarray:
    """Rise, hold and decay of one note: float64 [length]; `held` samples before the release."""
    envelope = np.minimum(1.0, (np.arange(length) + 1) / (ATTACK * sample_rate))
    since = np.arange(length) / sample_rate
    envelope *= falling(since, decay) + (blow(since) if decay > 0 else 0.0)
    after = np.arange(max(0, length - held)) / (release * sample_rate)
    envelope[held:] *= np.exp(-after) * np.clip(2 * (1 - after / TAILS), 0, 1)
    return envelope


def excite(
    notes: Iterable[Sounding],
    samples: int,
    sample_rate: int,
    start: int = 0,
    bends: Sequence[tuple[float, float]] = (),
    vibrato: Vibrato | None = None,
    decay: float = 0.0,
    release: float = RELEASE,
) -> np.ndarray:
    """Turn notes into the excitation of a stretch of audio.

    Args:
        notes: soundings in seconds; those outside the stretch cost nothing.
        samples: length of the stretch.
        sample_rate: samples a second.
        start: first sample of the stretch. The result does not depend on how a piece is cut into stretches.
        bends: pitch bend as (seconds, semitones), each valid until the next.
        vibrato: how every note sways; None for steady pitches.
        decay: seconds in which a struck or plucked note falls away; 0 for notes that are held up.
        release: time constant in seconds of the decay after a note's end.

    Returns:
        float32 [samples].
    """
    out = np.zeros(samples, np.float64)
    for note in notes:
        first, last = round(note.start * sample_rate), round(note.end * sample_rate)
        stop = last + int(TAILS * release * sample_rate)
        low, high = max(first, start), min(stop, start + samples)
        if low >= high:
            continue
        frequency = 440.0 * 2.0 ** ((note.pitch - 69) / 12)
        harmonics = max(1, int(0.45 * sample_rate / frequency))
        where = np.arange(low - first, high - first)
        phase = _phase(frequency, first, where, sample_rate, bends, vibrato)
        envelope = _envelope(stop - first, last - first, sample_rate, decay, release)[low - first : high - first]
        gain = LOUDNESS * np.sqrt(2 / harmonics) * (0.3 + 0.7 * note.velocity / 127)
        out[low - start : high - start] += gain * envelope * pulses(phase, harmonics)
    return out.astype(np.float32)


def _phase(
    frequency: float,
    first: int,
    where: np.ndarray,
    sample_rate: int,
    bends: Sequence[tuple[float, float]],
    vibrato: Vibrato | None,
) -> np.ndarray:
    """Phase in radians, within one turn, of the samples `where` after a note's start at sample `first`."""
    if not bends and vibrato is None:
        return 2 * np.pi * np.mod(where * (frequency / sample_rate), 1.0) + 1e-4
    since = np.arange(int(where[-1]) + 1) / sample_rate
    semitones = np.zeros(len(since))
    if bends:
        at = np.searchsorted([onset for onset, _ in bends], since + first / sample_rate, side="right") - 1
        semitones += np.where(at >= 0, np.asarray([value for _, value in bends])[np.maximum(at, 0)], 0.0)
    if vibrato is not None:
        semitones += vibrato.semitones(since)
    turns = np.cumsum(frequency * 2.0 ** (semitones / 12) / sample_rate)
    return 2 * np.pi * np.mod(turns[where], 1.0) + 1e-4
