"""What is measured of a rendering, in numpy: levels, attacks, velocities, borders, onsets.

Audio is mono [T] in -1..1; levels are in dB of full scale.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genaudio.sounding import Sounding

TOLERANCE = 0.05
"""Seconds that a heard onset may be away from the written one."""
LISTENED = 0.25
"""Seconds after an onset in which a note is as loud as it gets."""
MARGIN = 0.03
"""Seconds around an onset that belong to it: what sounds so shortly before it is no silence."""


def level(audio: np.ndarray) -> float:
    """Root mean square in dBFS; -120 at the least."""
    return 10 * float(np.log10(np.mean(np.square(audio, dtype=np.float64)) + 1e-12))


def at_level(audio: np.ndarray, target: float) -> np.ndarray:
    """Bring audio to a root mean square (linear)."""
    return audio * np.float32(target / max(float(np.sqrt(np.mean(audio**2))), 1e-6))


def envelope(audio: np.ndarray, sample_rate: int, seconds: float = 0.005) -> np.ndarray:
    """Smooth the magnitude of the analytic signal: [T]."""
    spectrum = np.fft.fft(audio)
    spectrum[len(audio) // 2 + 1 :] = 0
    spectrum[1 : (len(audio) + 1) // 2] *= 2
    window = np.hanning(max(1, round(seconds * sample_rate)) + 2)[1:-1]
    smooth: np.ndarray = np.convolve(np.abs(np.fft.ifft(spectrum)), window / window.sum(), "same")
    return smooth


def attack_time(audio: np.ndarray, onset: float, sample_rate: int, within: float = 0.1) -> float:
    """Seconds from 10 % to 90 % of a note's rise.

    Args:
        audio: the sound.
        onset: when the note is struck, in seconds.
        sample_rate: samples a second.
        within: seconds after the onset among which the peak is looked for.

    Returns:
        the rise above what sounded before the onset; NaN where nothing rises.
    """
    before = round(0.03 * sample_rate)
    at = round(onset * sample_rate)
    start = max(0, at - 2 * before)
    curve = envelope(audio[start : at + round((within + 0.05) * sample_rate)], sample_rate)
    base = float(np.mean(curve[: max(1, at - before - start)]))
    rise = curve[max(0, at - before // 2 - start) : at - start + round(within * sample_rate)] - base
    # low notes ripple, so that the highest point would come late: their peak is that of 10 ms
    width = max(1, round(0.01 * sample_rate))
    peak = float(np.convolve(rise, np.full(width, 1 / width), "valid").max())
    if peak <= max(1e-5, base):
        return float("nan")
    ninety = int(np.argmax(rise >= 0.9 * peak))
    below = np.flatnonzero(rise[:ninety] < 0.1 * peak)
    return (ninety - (int(below[-1]) if len(below) else 0)) / sample_rate


def onset_levels(audio: np.ndarray, notes: Sequence[Sounding], sample_rate: int) -> np.ndarray:
    """Level in dBFS of the loudest 50 ms of each note's first quarter second: [notes]."""
    width = round(0.05 * sample_rate)
    out = []
    for note in notes:
        first = round(note.start * sample_rate)
        power = np.square(audio[first : first + round(LISTENED * sample_rate)], dtype=np.float64)
        means = np.convolve(power, np.full(width, 1 / width), "valid") if len(power) >= width else np.zeros(1)
        out.append(10 * float(np.log10(means.max() + 1e-12)))
    return np.array(out)


def velocity_correlation(notes: Sequence[Sounding], levels: np.ndarray) -> float:
    """Correlation of velocity and level, both less their mean over the notes of the same pitch.

    Instruments are louder in one register than in another; that is not what is asked.
    """
    pitches = np.array([note.pitch for note in notes])
    velocities = np.array([note.velocity for note in notes], np.float64)
    levels = levels.astype(np.float64).copy()
    for pitch in np.unique(pitches):
        same = pitches == pitch
        velocities[same] -= velocities[same].mean()
        levels[same] -= levels[same].mean()
    scale = np.sqrt(np.sum(velocities**2) * np.sum(levels**2))
    return float(np.sum(velocities * levels) / scale) if scale > 0 else 0.0


def liveliness(audio: np.ndarray, notes: Sequence[Sounding], sample_rate: int) -> float:
    """How much the partials of held notes fluctuate: the mean standard deviation of their levels in dB.

    Of a synthetic tone it is near 0; bows, breath, beating reeds and the players of a section make it several dB.
    Levels are those of 0.1 s every 10 ms about a straight line, from half a second after the onset to just before the
    end, of partials up to 4 kHz that are no more than 25 dB below a note's strongest.
    """
    size, hop = round(0.1 * sample_rate), round(0.01 * sample_rate)
    moved, found = np.arange(size) / sample_rate, []
    for note in notes:
        held = audio[round((note.start + 0.5) * sample_rate) : round((note.end - 0.05) * sample_rate)]
        if len(held) < 4 * size:
            continue
        frequency = 440.0 * 2.0 ** ((note.pitch - 69) / 12)
        partials = frequency * np.arange(1, max(1, int(4000 / frequency)) + 1)
        kernel = np.hanning(size)[:, None] * np.exp(-2j * np.pi * moved[:, None] * partials)
        frames = np.lib.stride_tricks.sliding_window_view(held, size)[::hop]
        levels = 20 * np.log10(np.abs(frames @ kernel) + 1e-9)
        levels = levels[:, levels.mean(0) > levels.mean(0).max() - 25]
        at = np.vander(np.arange(len(levels)), 2)
        trend = at @ np.linalg.lstsq(at, levels, rcond=None)[0]
        found += list((levels - trend).std(0))
    return float(np.mean(found)) if found else float("nan")


def partials_apart(
    audio: np.ndarray, target: np.ndarray, notes: Sequence[Sounding], sample_rate: int
) -> tuple[float, float]:
    """How far the partials of single notes are from the target's, in dB: without sign, and with it (louder is more).

    Whatever stands out most within 0.4 of the first partial around each of its first twelve multiples is compared,
    where the target's is below 12 kHz and no more than 40 dB below its strongest: the inharmonic, too.
    """
    found = []
    for note in notes:
        heard = slice(round((note.start + 0.02) * sample_rate), round(note.end * sample_rate))
        size = 1 << 16
        pair = (20 * np.log10(np.abs(np.fft.rfft(x[heard] * np.hanning(len(x[heard])), size)) + 1e-6)
                for x in (audio, target))  # fmt: skip
        first = 440.0 * 2.0 ** ((note.pitch - 69) / 12) * size / sample_rate
        highest = 12_000 * size / sample_rate
        spans = [slice(int((k - 0.4) * first), int((k + 0.4) * first)) for k in range(1, 13) if k * first < highest]
        ours, wanted = (np.array([levels[span].max() for span in spans]) for levels in pair)
        found.append((ours - wanted)[wanted > wanted.max() - 40])
    apart = np.concatenate(found)
    return float(np.abs(apart).mean()), float(apart.mean())


def silences(notes: Sequence[Sounding], seconds: float, ring: float) -> list[tuple[float, float]]:
    """Stretches (start, stop) in seconds where nothing is written, nor rang `ring` seconds after a note's end."""
    out, free = [], 0.0
    for note in sorted(notes):
        if note.start - MARGIN > free:
            out.append((free, note.start - MARGIN))
        free = max(free, note.end + ring)
    return [*out, (free, seconds)] if seconds > free else out


def loudest_silence(audio: np.ndarray, spans: Sequence[tuple[float, float]], sample_rate: int) -> float:
    """Level in dBFS of the loudest tenth of a second within stretches that should be silent."""
    width, found = sample_rate // 10, [-120.0]
    for start, stop in spans:
        quiet = audio[round(start * sample_rate) : round(stop * sample_rate)]
        found += [level(quiet[at : at + width]) for at in range(0, max(1, len(quiet) - width + 1), width) if len(quiet)]
    return max(found)


def border_clicks(audio: np.ndarray, borders: Sequence[int], width: int = 4) -> float:
    """How far the second difference at borders exceeds its surroundings, in dB: the worst border.

    A click is a jump from sample to sample, which the second difference shows best. The loudest one within `width`
    samples of a border is compared with the 99th percentile of those in the 20 ms around it (at 44.1 kHz).
    """
    bend = np.abs(np.diff(audio.astype(np.float64), 2))
    worst = -np.inf
    for border in borders:
        if not width < border < len(bend) - width:
            continue
        near = bend[border - width : border + width].max()
        around = np.concatenate([bend[max(0, border - 441) : border - width], bend[border + width : border + 441]])
        worst = max(worst, 20 * float(np.log10((near + 1e-9) / (np.percentile(around, 99) + 1e-9))))
    return worst


def onsets_f1(heard: np.ndarray, written: np.ndarray, window: float = TOLERANCE) -> float:
    """F1 of onsets in seconds matched one to one within a window; 1 where neither has any."""
    from mir_eval.onset import f_measure

    if not len(heard) and not len(written):
        return 1.0
    if not len(heard) or not len(written):
        return 0.0
    return float(f_measure(np.sort(written), np.sort(heard), window=window)[0])
