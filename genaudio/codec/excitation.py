"""The excitation: what the score knows of the sound, as a waveform for the decoder to shape.

Each note is a train of band-limited pulses at its pitch, all harmonics equally strong, in the closed form of the
Dirichlet kernel: sum over k = 1..K of cos(kx) = sin((K + 1/2) x) / (2 sin(x/2)) - 1/2. The decoder multiplies its
spectrum with gains, so pitch and onset are right by construction (a source-filter model; cf. Wang, Takaki and
Yamagishi 2019, "Neural source-filter waveform models").

It is two waves: what begins, each note in its first instants, and what lasts. A decoder can have gains for each, so
that notes that are held do not get louder with those that begin.

Turns are counted in double precision and brought into half a turn either side of a pulse before they are rounded;
single precision is enough for the rest. Nothing is summed up along time, so a stretch late in a long note costs no more
than an early one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from math import ceil, pi, sqrt
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
BLOW_ENDS = 0.1
"""Seconds after an onset from which on a blow, which is 160 dB down by then, is not computed."""
BEGUN, LASTING = 0.04, 0.08
"""Seconds since its onset up to which a note begins, and from which on it lasts; in between it is some of both.

With gains as good as 128 bands and frames can have them, an independent transcriber finds the notes of pianos and
guitars in chords with an F1 of .77 and .72, in place of .69 and .63 with one wave (the teacher's: .82 and .70). With .1
to .2 seconds it is .74 and .66.
"""
LOUDNESS = 0.1
"""Level of one oscillator, whatever its number of harmonics."""
_BLOCK = 1 << 15
"""Samples that are computed at once: what suits a processor's cache."""


@dataclass(frozen=True)
class Vibrato:
    """How a player lets a held note sway in pitch.

    Attributes:
        rate: sways a second.
        depth: furthest departure upwards in semitones; in Hz it goes as far down.
        delay: seconds of steady pitch at a note's beginning.
        rise: seconds in which the vibrato grows to its depth.
    """

    rate: float
    depth: float
    delay: float = 0.15
    rise: float = 0.35

    @property
    def swing(self) -> float:
        """Furthest departure as a share of the frequency."""
        return 2.0 ** (self.depth / 12) - 1

    def swayed(self, since: np.ndarray) -> np.ndarray:
        """Seconds in which a steady note makes the turns that a swaying one does in those since its start: float64 [T].

        The integral of 1 + `swing` x min(m / rise, 1) x sin(w m) from the end of the delay on, m seconds after it.
        """
        moving, turning = since - self.delay, 2 * pi * self.rate
        risen = np.clip(moving, 0, self.rise)
        gained = np.sin(turning * risen) / turning - risen * np.cos(turning * moving)
        swayed: np.ndarray = since + self.swing / (turning * self.rise) * gained
        return swayed


@dataclass(frozen=True)
class Stretch:
    """What sounds in a stretch of audio.

    Attributes:
        notes: soundings in seconds; those outside the stretch cost next to nothing.
        start: first sample of the stretch. What it sounds like does not depend on how a piece is cut into stretches.
        bends: pitch bend as (seconds, semitones), each valid until the next, in the order of time.
        vibrato: how every note sways; None for steady pitches.
        decay: seconds in which a struck or plucked note falls away; 0 for notes that are held up.
        release: time constant in seconds of the decay after a note's end.
        overtones: where partials are no multiples of the first; notes that are bent or sway have multiples. Bars are
            struck by what has all multiples, as a mallet's click has, and go on with their own.
        cents: how far the player is out of tune, in hundredths of a semitone.
    """

    notes: Sequence[Sounding]
    start: int = 0
    bends: Sequence[tuple[float, float]] = ()
    vibrato: Vibrato | None = None
    decay: float = 0.0
    release: float = RELEASE
    overtones: Overtones = None
    cents: float = 0.0

    @property
    def heard_overtones(self) -> Overtones:
        """The overtones as these notes are played: where pitches are bent or sway, they are multiples of the first."""
        return None if self.bends or self.vibrato is not None else self.overtones


class Voice(NamedTuple):
    """A note as far as it sounds in a stretch, or what of it lies between two bends. Times are in samples.

    Attributes:
        onset: of the note, since the beginning of the stretch.
        begin, end: of the voice, since the onset.
        held: end of the note, since the onset.
        pitch, velocity: of the note.
        harmonics: how many multiples of the note's frequency there are.
        hertz, turns: it has made `turns` + `hertz` x the seconds since the onset, as a vibrato sways them; pulses are
            highest at whole turns.
    """

    onset: int
    begin: int
    end: int
    held: int
    pitch: int
    velocity: int
    harmonics: int
    hertz: float
    turns: float


def voices(stretch: Stretch, samples: int, sample_rate: int) -> Iterator[Voice]:
    """Yield all voices that sound in so many samples from the stretch's beginning on."""
    times = [time for time, _ in stretch.bends]
    for note in stretch.notes:
        first, last = round(note.start * sample_rate), round(note.end * sample_rate)
        stop = last + int(TAILS * stretch.release * sample_rate)
        low, high = max(first, stretch.start), min(stop, stretch.start + samples)
        if low >= high:
            continue
        frequency = 440.0 * 2.0 ** ((note.pitch + stretch.cents / 100 - 69) / 12)
        harmonics, onset = multiples(frequency, sample_rate), first / sample_rate
        bends = slice(max(0, bisect_right(times, onset) - 1), bisect_left(times, high / sample_rate))
        bent = _bent(frequency, onset, stretch.bends[bends], stretch.vibrato)
        for (since, hertz, turns), (until, _, _) in pairwise((*bent, ((high - first) / sample_rate, 0.0, 0.0))):
            begin, end = max(low - first, ceil(since * sample_rate)), min(high - first, ceil(until * sample_rate))
            if begin < end:
                own = first - stretch.start, begin, end, last - first, note.pitch, note.velocity
                yield Voice(*own, harmonics, hertz, turns)


def _bent(
    frequency: float, onset: float, bends: Sequence[tuple[float, float]], vibrato: Vibrato | None
) -> Iterator[tuple[float, float, float]]:
    """Yield where a note of some Hz is bent: seconds since its onset, and Hz and turns (see `Voice`) from there on."""
    hertz, turns = frequency, -ATTACK * frequency
    yield 0.0, hertz, turns
    for time, semitones in bends:
        since, bent = max(0.0, time - onset), frequency * 2.0 ** (semitones / 12)
        turns += (hertz - bent) * (since if vibrato is None else float(vibrato.swayed(np.asarray(since))))
        hertz = bent
        yield since, hertz, turns


def pulses(turns: np.ndarray, harmonics: int) -> np.ndarray:
    """Sum the first `harmonics` cosines of a phase in turns: float64 [T] -> float32 [T]."""
    near = np.abs((turns - np.rint(turns)).astype(np.float32))
    half = pi * np.maximum(near, 1e-9)  # never 0, by which nothing can be divided
    wave: np.ndarray = np.sin((2 * harmonics + 1) * half) / (2 * np.sin(half)) - 0.5
    return wave


def falling(since: np.ndarray, decay: float) -> np.ndarray:
    """Level of a struck note at times in seconds since its onset, from 1 down to `SUSTAINED`; 1 where it is held up.

    The decoder's gains are for all notes at once: an attack that opens them would strike older notes again, were these
    still as loud as the new one.
    """
    return SUSTAINED + (1 - SUSTAINED) * np.exp(-since / decay) if decay > 0 else np.ones(len(since))


def blow(since: np.ndarray) -> np.ndarray:
    """Level of the blow that starts a struck note, beside the note itself, at times in seconds since its onset."""
    return BLOW * np.exp(-since / BLOW_FALL)


def excite(stretch: Stretch, samples: int, sample_rate: int) -> np.ndarray:
    """Turn notes into the excitation of a stretch of audio: what begins, and what lasts, float32 [2, T].

    Args:
        stretch: what sounds.
        samples: its length, T.
        sample_rate: samples a second.
    """
    out = np.zeros((2, samples), np.float32)
    tail = _tail(stretch.release, sample_rate)
    for voice in chain.from_iterable(map(_blocks, voices(stretch, samples, sample_rate))):
        wave = _wave(voice, stretch, sample_rate)
        ended = max(voice.begin, voice.held)
        wave[ended - voice.begin :] *= tail[ended - voice.held : max(0, voice.end - voice.held)]
        place(out, wave, voice.onset + voice.begin, voice.begin, sample_rate)
    return out


def place(out: np.ndarray, wave: np.ndarray, first: int, age: int, sample_rate: int) -> None:
    """Add a note to an excitation.

    Args:
        out: float32 [2, T]. wave: float32 [t], of the note; its beginning is taken out of it.
        first: sample of the excitation at which it goes in. age: samples since the note's onset there.
    """
    share = _beginning(sample_rate)[age : age + len(wave)]
    begins = share * wave[: len(share)]
    wave[: len(share)] -= begins
    out[0, first : first + len(share)] += begins
    out[1, first : first + len(wave)] += wave


@lru_cache(maxsize=8)
def _beginning(sample_rate: int) -> np.ndarray:
    """How much of a note begins, sample by sample from its onset on: float32 [T] from 1 to 0, not to be written to."""
    since = np.arange(round(LASTING * sample_rate)) / sample_rate
    share: np.ndarray = np.minimum(1.0, (LASTING - since) / (LASTING - BEGUN)).astype(np.float32)
    return share


def _blocks(voice: Voice) -> Iterator[Voice]:
    """Cut a voice at every `_BLOCK`-th sample since its onset."""
    for number in range(voice.begin // _BLOCK, (voice.end - 1) // _BLOCK + 1):
        yield voice._replace(begin=max(voice.begin, number * _BLOCK), end=min(voice.end, (number + 1) * _BLOCK))


def _wave(voice: Voice, stretch: Stretch, sample_rate: int) -> np.ndarray:
    """A voice within one block, but for its release: float32 [T]."""
    overtones, first = stretch.heard_overtones, voice.begin // _BLOCK * _BLOCK
    course = _course(stretch.vibrato, stretch.decay, first, sample_rate)
    swayed, level, blows = (values[voice.begin - first : voice.end - first] for values in course)
    ratios, count = tuned(voice.pitch, overtones, voice.hertz, sample_rate), voice.harmonics
    if ratios is None:
        wave = click = pulses(voice.turns + voice.hertz * swayed, count)
    else:
        wave = click = partials(voice.begin, len(level), ratios * (voice.hertz / sample_rate), ATTACK * sample_rate)
        if isinstance(overtones, Bars):
            click = pulses(voice.turns + voice.hertz * swayed[: len(blows)], count)
        else:
            count = len(ratios)
    wave = level * wave
    wave[: len(blows)] += blows * click[: len(blows)]
    wave *= LOUDNESS * sqrt(2 / count) * (0.3 + 0.7 * voice.velocity / 127)
    return wave


class _Course(NamedTuple):
    """How all notes of a player go, at the samples of a block since their onset.

    Attributes:
        swayed: seconds since the onset, as a vibrato sways them: float64 [`_BLOCK`].
        level: of what goes on, with its rise: float32 [`_BLOCK`].
        blow: level of what strikes, with its rise: float32, as long as it lasts.
    """

    swayed: np.ndarray
    level: np.ndarray
    blow: np.ndarray


@lru_cache(maxsize=32)
def _course(vibrato: Vibrato | None, decay: float, first: int, sample_rate: int) -> _Course:
    """How notes go from a sample since their onset on; kept for the notes to come, and not to be written to."""
    since = np.arange(first, first + _BLOCK) / sample_rate
    rise = np.minimum(1.0, (since + 1 / sample_rate) / ATTACK)
    early = since[since < BLOW_ENDS] if decay > 0 else since[:0]
    swayed = since if vibrato is None else vibrato.swayed(since)
    levels = rise * falling(since, decay), rise[: len(early)] * blow(early)
    return _Course(swayed, *(level.astype(np.float32) for level in levels))


@lru_cache(maxsize=64)
def _tail(release: float, sample_rate: int) -> np.ndarray:
    """Level of a note from its end on, for a time constant in seconds: float32 [T], not to be written to."""
    after = np.arange(int(TAILS * release * sample_rate)) / (release * sample_rate)
    tail: np.ndarray = (np.exp(-after) * np.minimum(1.0, 2 * (1 - after / TAILS))).astype(np.float32)
    return tail
