"""Measures of a codec's training, against numbers by hand."""

import pytest
import torch

from genaudio.codec.measures import agreement, dimensions


def test_agreement_is_the_f_measure_of_keys() -> None:
    heard = torch.tensor([[True, True, False, False]])
    true = torch.tensor([[True, False, True, False]])
    assert agreement(heard, true) == 0.5
    assert agreement(heard, heard) == 1.0
    assert agreement(heard, torch.zeros_like(heard)) == 0.0


def test_dimensions_count_the_directions_that_vary_alike() -> None:
    noise = torch.randn(1, 4, 20_000, generator=torch.Generator().manual_seed(0))
    assert dimensions(noise) == pytest.approx(4, abs=0.05)
    noise[:, 2:] = 0
    assert dimensions(noise) == pytest.approx(2, abs=0.05)
    assert dimensions(noise * torch.tensor([1.0, 0.0, 0.0, 0.0])[None, :, None]) == pytest.approx(1)
