"""The three repairs of encodec's quantizer."""

import torch

from genaudio.codec.quantizer import Quantizer


def started(expected_frames: int = 512) -> Quantizer:
    torch.manual_seed(0)
    quantizer = Quantizer(dimension=4, levels=4, bins=32, expected_frames=expected_frames)
    quantizer.train()
    with torch.no_grad():
        quantizer.vq(torch.randn(4, 4, 128))
    return quantizer


def test_every_level_gets_a_commitment_gradient() -> None:
    quantizer, norms = started(), []
    for level in range(4):
        x = torch.randn(4, 4, 128, requires_grad=True)
        _, _, losses = quantizer.vq(x)
        losses[level].sum().backward()
        norms.append(float(x.grad.norm()))
    assert min(norms) > 1e-4


def test_the_gradient_passes_straight_through_once() -> None:
    quantizer = started()
    x = torch.randn(2, 4, 16, requires_grad=True)
    quantized, _, _ = quantizer.vq(x)
    quantized.sum().backward()
    torch.testing.assert_close(x.grad, torch.ones_like(x))


def test_more_levels_come_nearer() -> None:
    quantizer = started().eval()
    x = torch.randn(4, 4, 128)
    errors = [float((quantizer.vq(x, n)[0] - x).pow(2).mean()) for n in (1, 2, 3, 4)]
    assert errors == sorted(errors, reverse=True)


def test_codes_in_use_are_not_replaced() -> None:
    quantizer = started()
    before = quantizer.vq.layers[0].codebook.clone()
    quantizer.vq.layers[0]._codebook.expire_codes_(torch.randn(64, 4))
    used = quantizer.vq.layers[0]._codebook.cluster_size >= 0.1 * 512 / 32
    assert used.sum() > 16
    torch.testing.assert_close(quantizer.vq.layers[0].codebook[used], before[used])


def test_a_dead_code_comes_back_to_life() -> None:
    quantizer = started()
    codebook = quantizer.vq.layers[0]._codebook
    with torch.no_grad():
        codebook.embed[3] = 1000.0  # so far away that nothing chooses it
        codebook.embed_avg[3], codebook.cluster_size[3] = 0.0, 0.0
        for _ in range(3):
            quantizer.vq(torch.randn(4, 4, 128))
        used = torch.unique(quantizer.vq(torch.randn(16, 4, 128))[1][0])
    assert 3 in used
    assert float(codebook.embed[3].norm()) < 10
