"""The four repairs of encodec's quantizer, and codes that are directions."""

import pytest
import torch
from encodec import distrib

from genaudio.codec.quantizer import Quantizer, RevivingCodebook


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


def test_codes_begin_at_the_middle_of_what_they_stand_for() -> None:
    centres = torch.tensor([[5.0, 0.0], [-5.0, 0.0], [0.0, 5.0], [0.0, -5.0]])
    latents = centres.repeat(64, 1) + 0.1 * torch.randn(256, 2, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(3)
    codebook = RevivingCodebook(2, 8, kmeans_init=True, kmeans_iters=8, threshold_ema_dead_code=1)
    codebook.init_embed_(latents)
    nearest = torch.cdist(centres, codebook.embed).amin(1)
    assert nearest.max() < 0.3
    assert float(codebook.cluster_size.sum()) == 256
    torch.testing.assert_close(codebook.embed_avg.sum(0), latents.sum(0), atol=1e-3, rtol=1e-3)
    before = codebook.embed.clone()
    codebook.init_embed_(latents + 1)
    assert torch.equal(codebook.embed, before)


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


def test_processes_that_visit_other_levels_do_not_wait_for_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(tensors: object) -> None:
        raise AssertionError("another process may never come to this level")

    monkeypatch.setattr(distrib, "broadcast_tensors", waits)
    quantizer = started()
    last = quantizer.vq.layers[3]._codebook
    last.cluster_size[:5] = 0.0
    quantizer.vq(torch.randn(4, 4, 128), 4)
    assert float(last.cluster_size[:5].min()) >= 0.9 * 0.1 * 512 / 32  # five codes came back to life


def test_unused_codes_die_sooner_where_less_is_kept() -> None:
    steps = {}
    for decay in (0.99, 0.9):
        quantizer = started()
        quantizer.keep(decay)
        codebook = quantizer.vq.layers[0]._codebook
        codebook.wake()
        codebook.embed[3] = codebook.embed_avg[3] = 1000.0  # so far away that nothing chooses it
        codebook.embed_avg[3] *= codebook.cluster_size[3]
        with torch.no_grad():
            steps[decay] = 0
            while float(codebook.embed[3].norm()) > 100 and steps[decay] < 400:
                quantizer.vq(torch.randn(4, 4, 128))
                steps[decay] += 1
    # a tenth of the mean use is reached after log(.1) / log(decay) steps
    assert 215 <= steps[0.99] <= 245
    assert 18 <= steps[0.9] <= 28


def factorised() -> Quantizer:
    """Eight latent dimensions, coded in spaces of four."""
    torch.manual_seed(0)
    quantizer = Quantizer(dimension=8, levels=4, bins=32, expected_frames=512, code_dimension=4)
    quantizer.train()
    with torch.no_grad():
        quantizer.vq(torch.randn(4, 8, 128))
    return quantizer


def test_factorised_codes_round_trip_and_levels_add_up() -> None:
    quantizer = factorised().eval()
    x = torch.randn(4, 8, 128)
    quantized, codes, _ = quantizer.vq(x)
    assert torch.equal(quantizer.vq.encode(x), codes)
    torch.testing.assert_close(quantizer.vq.decode(codes), quantized)
    with torch.no_grad():
        errors = [float((quantizer.vq(x, n)[0] - x).pow(2).mean()) for n in (1, 2)]
    assert errors[1] < errors[0] < float(x.pow(2).mean())  # the first two levels begin at right angles


def test_factorised_codes_are_directions() -> None:
    quantizer = factorised().eval()
    codebook = quantizer.vq.layers[0]._codebook
    torch.testing.assert_close(codebook.directions().norm(dim=1), torch.full((32,), 2.0))
    x = torch.randn(2, 8, 16)
    first = quantizer.vq.layers[0]
    assert torch.equal(first.encode(x), first.encode(3 * x))  # the bias is still zero


def test_factorised_codes_teach_their_projections() -> None:
    quantizer = factorised()
    x = torch.randn(2, 8, 16, requires_grad=True)
    quantized, _, losses = quantizer.vq(x)
    (quantized.pow(2).sum() + losses.sum()).backward()
    for layer in quantizer.vq.layers:
        assert float(layer.project_in.weight.grad.norm()) > 0
        assert float(layer.project_out.weight.grad.norm()) > 0
    assert float(x.grad.norm()) > 0
