"""Made-up tones for the codec's training: sines, square waves and the like, which no SoundFont of instruments has.

A codec that learns from instruments alone takes every partial for one of many, and plays a sine 15 dB too softly.

Shapes: T samples, P keys, F frames.
"""

from __future__ import annotations

import numpy as np

from genaudio.codec.hearing import KEYS, LOWEST

_LOW, _HIGH = 28, 100  # MIDI numbers


def _wave(frequency: float, samples: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a steady wave: a sine, odd harmonics or all, falling off more or less steeply: float64 [T]."""
    kind = int(rng.integers(3))
    count = 1 if kind == 0 else int(rng.integers(2, max(3, int(min(40, 0.4 * rate / frequency)))))
    harmonics = np.arange(1, count + 1, 2 if kind == 1 else 1)
    strength = harmonics ** -rng.uniform(0.5, 2.5)
    phases = rng.uniform(0, 2 * np.pi, len(harmonics))
    turns = 2 * np.pi * frequency / rate * np.arange(samples)
    wave = np.zeros(samples)
    for number, level, phase in zip(harmonics, strength, phases, strict=True):
        wave += level * np.sin(number * turns + phase)
    return wave / np.abs(wave).max()


def _envelope(samples: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Draw when a tone sounds: from a moment on or from before, to a moment or beyond: float64 [T] in 0..1."""
    seconds = samples / rate
    start, end = rng.uniform(-0.5, 0.6) * seconds, rng.uniform(0.5, 1.5) * seconds
    now = np.arange(samples) / rate
    rise, fall = (float(np.exp(rng.uniform(np.log(0.003), np.log(0.06)))) for _ in range(2))
    return np.clip((now - start) / rise, 0, 1) * np.clip((end - now) / fall, 0, 1)


def draw_tones(
    samples: int, frames: int, hop: int, rate: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one to three tones near the keys of equal temperament.

    Args:
        samples: T. frames: F, one every `hop` samples. rate: samples a second.

    Returns:
        float32 [T] in -1..1, and how strongly each key sounds, float32 [P, F] in 0..1.
    """
    audio, keys = np.zeros(samples), np.zeros((KEYS, frames), np.float32)
    loudest = float(np.exp(rng.uniform(np.log(0.01), np.log(0.6))))
    for _ in range(int(rng.integers(1, 4))):
        pitch = int(rng.integers(_LOW, _HIGH + 1))
        frequency = 440.0 * 2 ** ((pitch - 69 + rng.uniform(-0.04, 0.04)) / 12)
        envelope = _envelope(samples, rate, rng)
        audio += rng.uniform(0.3, 1.0) * envelope * _wave(frequency, samples, rate, rng)
        at = np.minimum(np.arange(frames) * hop, samples - 1)
        keys[pitch - LOWEST] = np.maximum(keys[pitch - LOWEST], envelope[at] > 0)
    peak = float(np.abs(audio).max())
    return (audio * (loudest / peak if peak > 0 else 0.0)).astype(np.float32), keys
