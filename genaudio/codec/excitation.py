"""The excitation: what the score knows of the sound, as a waveform for the decoder to shape.

Each note is a train of band-limited pulses at its pitch, all harmonics equally strong, in the closed form of the
Dirichlet kernel: sum over k = 1..K of cos(kx) = sin((K + 1/2) x) / (2 sin(x/2)) - 1/2. The decoder multiplies its
spectrum with gains, so pitch and onset are right by construction (a source-filter model; cf. Wang, Takaki and
Yamagishi 2019, "Neural source-filter waveform models").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from genaudio.codec.overtones import multiples, partials, tuned
from genaudio.instruments import TAILS, Bars, Overtones
from genaudio.sounding import Sounding

ATTACK = 0.002
"""Linear rise of a note in seconds, at whose end its first pulse stands at its highest, however low it is."""
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
_BLOCK = 1 << 19
"""Samples since a note's onset whose turns are counted at once: memory does not grow with the length of a note."""


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


def heard(overtones: Overtones, bends: Sequence[tuple[float, float]], vibrato: Vibrato | None) -> Overtones:
    """The overtones of notes that are played so: where pitches are bent or sway, they are multiples of the first."""
    return None if bends or vibrato is not None else overtones


def _envelope(where: np.ndarray, held: int, sample_rate: int, release: float) -> np.ndarray:
    """Rise and end of one note at rising numbers of samples since its onset; `held` before the release."""
    envelope = np.minimum(1.0, (where + 1) / (ATTACK * sample_rate))
    ended = int(np.searchsorted(where, held))
    after = (where[ended:] - held) / (release * sample_rate)
    envelope[ended:] *= np.exp(-after) * np.clip(2 * (1 - after / TAILS), 0, 1)
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
    overtones: Overtones = None,
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
        overtones: where partials are no multiples of the first; notes that are bent or sway have multiples. Bars are
            struck by what has all multiples, as a mallet's click has, and go on with their own.

    Returns:
        float32 [samples].
    """
    out = np.zeros(samples, np.float64)
    overtones = heard(overtones, bends, vibrato)
    for note in notes:
        first, last = round(note.start * sample_rate), round(note.end * sample_rate)
        stop = last + int(TAILS * release * sample_rate)
        low, high = max(first, start), min(stop, start + samples)
        if low >= high:
            continue
        frequency = 440.0 * 2.0 ** ((note.pitch - 69) / 12)
        where = np.arange(low - first, high - first)
        tone = _Tone(frequency, first, sample_rate, tuple(bends), vibrato)
        wave, click, count = _waves(tone, where, note.pitch, overtones)
        if decay > 0:
            wave = falling(where / sample_rate, decay) * wave + blow(where / sample_rate) * click
        gain = LOUDNESS * np.sqrt(2 / count) * (0.3 + 0.7 * note.velocity / 127)
        out[low - start : high - start] += gain * _envelope(where, last - first, sample_rate, release) * wave
    return out.astype(np.float32)


class _Tone(NamedTuple):
    """The pitch of a note: its frequency in Hz, its first sample, samples a second, and how it is bent and sways."""

    frequency: float
    first: int
    sample_rate: int
    bends: tuple[tuple[float, float], ...]
    vibrato: Vibrato | None

    def turns(self, begin: int, stop: int, before: float) -> np.ndarray:
        """Turns made up to each of some samples since the onset, `before` of them before the first: float64 [T]."""
        since = np.arange(begin, stop) / self.sample_rate
        semitones = np.zeros(len(since))
        if self.bends:
            onsets, amounts = (np.asarray(column) for column in zip(*self.bends, strict=True))
            at = np.searchsorted(onsets, since + self.first / self.sample_rate, side="right") - 1
            semitones += np.where(at >= 0, amounts[np.maximum(at, 0)], 0.0)
        if self.vibrato is not None:
            semitones += self.vibrato.semitones(since)
        steps = self.frequency * 2.0 ** (semitones / 12) / self.sample_rate
        steps[:1] += before
        return np.cumsum(steps)


@lru_cache(maxsize=1 << 14)
def _turns_after(tone: _Tone, block: int, before: float) -> float:
    """Turns made by the end of a block of `_BLOCK` samples since the onset; kept, for a long note is cut often."""
    return float(tone.turns(block * _BLOCK, (block + 1) * _BLOCK, before)[-1])


def _phase(tone: _Tone, where: np.ndarray) -> np.ndarray:
    """Phase in radians, within one turn, of consecutive samples `where` after a note's start."""
    if not tone.bends and tone.vibrato is None:
        turns = (where - ATTACK * tone.sample_rate) * (tone.frequency / tone.sample_rate)
        return 2 * np.pi * np.mod(turns, 1.0) + 1e-4
    begin, stop = int(where[0]), int(where[-1]) + 1
    before = 0.0
    for block in range(begin // _BLOCK):
        before = _turns_after(tone, block, before)
    whole = begin // _BLOCK * _BLOCK
    turns = tone.turns(whole, stop, before)[begin - whole :] - ATTACK * tone.frequency
    return 2 * np.pi * np.mod(turns, 1.0) + 1e-4


def _waves(tone: _Tone, where: np.ndarray, pitch: int, overtones: Overtones) -> tuple[np.ndarray, np.ndarray, int]:
    """What a note goes on with and what strikes it, at samples `where` since its onset, and the partials of the latter.

    Returns:
        float64 [T], float64 [T], and their number, by which the note is brought to its loudness.
    """
    frequency, rate = tone.frequency, tone.sample_rate
    ratios, own = tuned(pitch, overtones, frequency, rate), None
    if ratios is not None:
        own = partials(int(where[0]), len(where), ratios * (frequency / rate), ATTACK * rate)
        if not isinstance(overtones, Bars):
            return own, own, len(ratios)
    count = multiples(frequency, rate)
    limp = pulses(_phase(tone, where), count)
    return (limp if own is None else own), limp, count
