"""Averaged weights against their closed form."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from further.train.averaging import AveragedWeights


def follow(decay, steps):
    """Return a linear net's average and the sequence of its weights."""
    torch.manual_seed(0)
    net = nn.Linear(3, 2)
    average = AveragedWeights(net, decay)
    weights = [net.weight.detach().clone()]
    for step in range(steps):
        with torch.no_grad():
            net.weight.add_(torch.randn(2, 3))
        weights.append(net.weight.detach().clone())
        average.update(step)
    return average, weights


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.999])
def test_closed_form(decay):
    average, weights = follow(decay, 30)
    expected = weights[0].double()
    for step, weight in enumerate(weights[1:]):
        beta = min(decay, (1 + step) / (10 + step))
        expected = beta * expected + (1 - beta) * weight.double()
    torch.testing.assert_close(average.net.weight.double(), expected, atol=1e-5, rtol=1e-5)


def test_no_decay_copies():
    average, weights = follow(0.0, 5)
    assert torch.equal(average.net.weight, weights[-1])


def test_constant_weights_stay():
    net = nn.Linear(3, 2)
    average = AveragedWeights(net, 0.99)
    for step in range(10):
        average.update(step)
    assert torch.equal(average.net.weight, net.weight)


def test_buffers_are_copied_and_copies_are_apart():
    net = nn.BatchNorm1d(2)
    average = AveragedWeights(net, 0.9)
    net(torch.randn(8, 2))
    average.update(0)
    kept = average.copy()
    assert torch.equal(kept["running_mean"], net.running_mean)
    assert kept["num_batches_tracked"] == 1
    with torch.no_grad():
        net.weight.add_(1)
    average.update(1)
    assert not torch.equal(kept["weight"], average.net.weight)
    assert not any(p.requires_grad for p in average.net.parameters())
