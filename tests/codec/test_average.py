"""The moving average of the weights."""

import torch
from torch import nn

from genaudio.codec.average import Average


class Network(nn.Module):
    """One parameter and one buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("count", torch.zeros(1))


def test_it_is_the_exponential_mean_of_the_weights() -> None:
    network = Network()
    average = Average(network, decay=0.5)
    for value in (1.0, 2.0):
        network.weight.data.fill_(value)
        average.update(network)
    # the first steps keep 1/10 and 2/11 of what was there: 0.9 x 1, then 2/11 x 0.9 + 9/11 x 2
    torch.testing.assert_close(average.model.weight, torch.tensor([2 / 11 * 0.9 + 9 / 11 * 2]))
    for _ in range(40):
        average.update(network)
    before = float(average.model.weight)
    network.weight.data.fill_(4.0)
    average.update(network)
    torch.testing.assert_close(float(average.model.weight), 0.5 * before + 0.5 * 4.0)


def test_buffers_are_the_networks_own() -> None:
    network = Network()
    average = Average(network, decay=0.9)
    network.count.fill_(7)
    assert float(average.follow(network).count) == 7
    assert not average.model.weight.requires_grad


def test_a_checkpoint_restores_it() -> None:
    network = Network()
    first, second = Average(network, 0.9), Average(network, 0.9)
    network.weight.data.fill_(1.0)
    first.update(network)
    second.load_state_dict(first.state_dict())
    for average in (first, second):
        average.update(network)
    torch.testing.assert_close(first.model.weight, second.model.weight)
