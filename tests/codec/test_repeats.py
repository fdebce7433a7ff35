"""Frames that repeat themselves become noise; those of an attack do not."""

import math

import pytest
import torch

from genaudio.codec.repeats import repetition, without_repeats
from genaudio.codec.transform import Transform

HOP, SIZE, FRAMES = 512, 2048, 173
TRANSFORM = Transform(44_100, HOP, SIZE, 128)


def unit_noise(seed: int = 0) -> torch.Tensor:
    """The spectrum of two seconds of white noise, of unit power in each bin: [1, N, F]."""
    noise = torch.randn(1, (FRAMES - 1) * HOP, generator=torch.Generator().manual_seed(seed))
    return TRANSFORM(noise) * (SIZE * 3 / 8) ** -0.5


def lines(spectrum: torch.Tensor) -> float:
    """Decibels by which the multiples of the frame rate stand out of a sound."""
    sound = TRANSFORM.inverse(spectrum, (FRAMES - 1) * HOP)[0, HOP * 4 : -HOP * 4]
    every = 32  # frames, so that the multiples fall on every 32nd bin
    blocks = sound[: len(sound) // (every * HOP) * every * HOP].view(-1, every * HOP)
    power = torch.fft.rfft(blocks * torch.hann_window(every * HOP)).abs().square().mean(0)
    combed = power[every * 2 : every * 100].view(-1, every)
    return 10 * math.log10(float(combed[:, 0].mean() / combed[:, 8:24].mean()))


def test_a_held_frame_is_a_buzz_and_becomes_noise() -> None:
    one = torch.polar(torch.ones(1, 1025, 1), torch.rand(1, 1025, 1, generator=torch.Generator().manual_seed(1)) * 6.28)
    held = one.repeat(1, 1, FRAMES)
    assert lines(held) > 30
    assert abs(lines(without_repeats(held, unit_noise()))) < 3


def test_noise_of_unit_power_keeps_the_magnitudes_level() -> None:
    held = torch.full((1, 1025, FRAMES), 2.0 + 0.0j)
    assert float(without_repeats(held, unit_noise()).abs().square().mean()) == pytest.approx(4, rel=0.05)


def test_clicks_and_noise_are_left_alone() -> None:
    click = torch.zeros(1, (FRAMES - 1) * HOP)
    click[:, 100 * HOP + 77] = 1.0
    for spectrum, most in ((TRANSFORM(click), 1e-3), (unit_noise(5), 0.15)):
        kept = without_repeats(spectrum, unit_noise())
        changed = (kept - spectrum).abs().square().sum() / spectrum.abs().square().sum()
        assert float(changed) < most


def test_repetition_of_silence_is_nothing_and_has_a_gradient() -> None:
    parts = torch.zeros(1, 1025, 5, 2, requires_grad=True)
    spectrum = torch.view_as_complex(parts)
    assert float(repetition(spectrum).detach().abs().max()) == 0
    without_repeats(spectrum, unit_noise()[..., :5]).abs().square().sum().backward()
    assert parts.grad is not None
    assert torch.isfinite(parts.grad).all()
