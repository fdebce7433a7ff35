"""Distances of sounds, where the answer is known."""

import math

import pytest
import torch

from genaudio.codec.losses import SpectralDistance

RATE = 44_100


def tone(frequency: float, phase: float = 0.0, level: float = 0.3) -> torch.Tensor:
    """One second of a sine [1, T]."""
    time = torch.arange(RATE, dtype=torch.float64) / RATE
    return (level * torch.sin(2 * math.pi * frequency * time + phase)).float()[None]


def test_the_same_sound_is_at_no_distance() -> None:
    distance, sound = SpectralDistance(RATE), tone(440)
    assert float(distance.log_mel(sound, sound)) == 0
    assert float(distance.spectral(sound, sound)) == 0
    assert float(distance.advance(sound, sound)) == pytest.approx(0, abs=5e-3)


def test_the_spectral_distance_of_a_louder_sound_by_hand() -> None:
    """Twice as loud: convergence 1, and log 2 in every bin far above the floor."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(1, RATE, generator=generator)
    assert float(SpectralDistance(RATE).spectral(2 * noise, noise)) == pytest.approx(1 + math.log(2), abs=0.01)


def test_phase_advances_do_not_hear_phase_but_frequency() -> None:
    distance = SpectralDistance(RATE)
    shifted = float(distance.advance(tone(440, phase=1.0), tone(440)))
    detuned = float(distance.advance(tone(452), tone(440)))
    jittering = float(distance.advance(torch.randn(1, RATE, generator=torch.Generator().manual_seed(0)), tone(440)))
    assert shifted < 0.02
    assert detuned > 5 * shifted
    assert jittering > detuned


def test_recurrence_tells_a_buzz_at_the_frame_rate_from_noise() -> None:
    """Frames that repeat are heard whatever their level; another noise is not, nor is the same tone."""
    distance, generator = SpectralDistance(RATE), torch.Generator().manual_seed(0)
    noise, other = torch.randn(2, 1, RATE, generator=generator)
    buzz = noise[:, :512].repeat(1, 87)[:, :RATE]
    assert float(distance.recurrence(1e-3 * buzz, noise)) > 0.9
    assert float(distance.recurrence(1e-3 * other, noise)) < 0.25
    assert float(distance.recurrence(tone(440, phase=1.0), tone(440))) < 0.1


def struck(rise: float, level: float = 0.3) -> torch.Tensor:
    """A tone [1, T] that begins after 0.3 seconds, rises over so many and falls away."""
    since = torch.arange(RATE) / RATE - 0.3
    return level * tone(440) / 0.3 * (since / rise).clamp(0, 1) * torch.exp(-5 * since.clamp(min=0))


def test_attacks_that_come_late_are_far_and_what_does_not_rise_counts_for_nothing() -> None:
    distance, sharp = SpectralDistance(RATE), struck(0.005)
    late = [float(distance.attack(struck(rise), sharp)) for rise in (0.005, 0.01, 0.02, 0.04)]
    assert late[0] == 0
    assert late == sorted(late)
    assert late[2] > 0.15
    assert late[2] > 3 * float(distance.log_mel(struck(0.02), sharp))
    softer_tail = sharp * (1 - 0.5 * (torch.arange(RATE) > 0.4 * RATE))
    assert float(distance.attack(softer_tail, sharp)) == 0
    assert float(distance.log_mel(softer_tail, sharp)) > 0.1


def held(frequency: float, again: float = 0.0) -> torch.Tensor:
    """A tone [1, T] that dies away slowly, and gets louder by a share of itself after 0.3 seconds."""
    since = torch.arange(RATE) / RATE
    return tone(frequency) * torch.exp(-since) * (1 + again * (since > 0.3))


def test_a_held_note_that_gets_louder_with_the_next_is_struck_again() -> None:
    distance, new = SpectralDistance(RATE), struck(0.005)
    written = held(330) + new
    apart = [float(distance.restrikes(held(330, again) + new, written)) for again in (0.0, 0.5, 1.0, 2.0)]
    assert apart[0] == 0
    assert apart == sorted(apart)
    assert apart[1] > 0.0003
    assert apart[2] > 10 * float(distance.restrikes(written, held(330, 1.0) + new))
    assert float(distance.restrikes(0.9 * written, written)) < apart[1] / 10
    late = torch.roll(written, 256, 1)  # half a frame
    assert float(distance.restrikes(late, written)) < apart[2] / 3


@pytest.mark.parametrize("kind", ["advance", "recurrence", "attack", "restrikes"])
def test_gradients_are_finite_in_silence(kind: str) -> None:
    measure = getattr(SpectralDistance(RATE), kind)
    for target in (tone(440), struck(0.005)):
        sound = torch.zeros(1, RATE, requires_grad=True)
        measure(sound, target).backward()
        assert sound.grad is not None
        assert torch.isfinite(sound.grad).all()


def test_nothing_advances_nor_rises_in_silence() -> None:
    distance, silence = SpectralDistance(RATE), torch.zeros(1, RATE)
    assert float(distance.advance(tone(440), silence)) == 0
    assert float(distance.attack(struck(0.005), silence)) == 0
    assert float(distance.restrikes(silence, struck(0.005))) == 0
