"""The critic: it learns to tell sounds apart, and what it finds leads the other way."""

import copy

import numpy as np
import torch

from genaudio.codec.adversary import STRETCH, Adversary, SpectrogramCritic


def tone_and_noise(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two batches [3, STRETCH]: tones of random pitch, and noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(STRETCH) / 44_100
    tones = np.stack([0.2 * np.sin(2 * np.pi * rng.uniform(200, 2000) * time) for _ in range(3)])
    noise = 0.1 * rng.standard_normal(tones.shape)
    return torch.from_numpy(tones.astype(np.float32)), torch.from_numpy(noise.astype(np.float32))


def test_it_learns_to_tell_noise_from_tones() -> None:
    torch.manual_seed(0)
    adversary = Adversary(torch.device("cpu"), rate=2e-3)
    losses = [adversary.learn(*reversed(tone_and_noise(step))) for step in range(25)]
    assert abs(losses[0] - 2) < 0.5  # hinge losses of verdicts near 0
    assert losses[-1] < 0.5
    real, fake = tone_and_noise(99)
    assert adversary.judge(fake, real) > adversary.judge(real, real) + 1


def test_its_judgement_moves_the_sound_and_not_the_critics() -> None:
    torch.manual_seed(0)
    adversary = Adversary(torch.device("cpu"))
    real, fake = tone_and_noise(0)
    fake.requires_grad_(True)
    adversary.judge(fake, real).backward()
    assert fake.grad is not None
    assert fake.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in adversary.critics.parameters())
    assert all(parameter.requires_grad for parameter in adversary.critics.parameters())


def test_it_hears_no_phase() -> None:
    torch.manual_seed(0)
    critic = SpectrogramCritic(1024)
    real, _ = tone_and_noise(1)
    torch.testing.assert_close(critic(-real)[0], critic(real)[0])


def test_a_checkpoint_restores_it() -> None:
    torch.manual_seed(0)
    first, second = Adversary(torch.device("cpu")), Adversary(torch.device("cpu"))
    first.learn(*tone_and_noise(0))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    real, fake = tone_and_noise(1)
    assert first.learn(fake, real) == second.learn(fake, real)
    torch.testing.assert_close(first.judge(fake, real), second.judge(fake, real))
