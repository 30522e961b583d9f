"""Operations counted: by hand, by torch's own counter, and where that one fails."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from further.train.flops import count_flops


def perceptron():
    net = nn.Sequential(nn.Linear(10, 32), nn.SiLU(), nn.Linear(32, 4))
    return net, torch.zeros(16, 10)


def convolutions():
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.ConvTranspose2d(8, 2, 2, stride=2)
    )
    return net, torch.zeros(4, 1, 8, 8)


def step(net, x):
    net(x).square().mean().backward()


def test_a_perceptron_by_hand():
    net, x = perceptron()
    # A product of (16, a) and (a, b) takes 2 * 16 * a * b. Backward there is one for the weights of
    # each layer, and one for the input of the second; the data need no gradient.
    forward = 2 * 16 * (10 * 32 + 32 * 4)
    backward = 2 * 16 * (10 * 32 + 2 * 32 * 4)
    assert count_flops(lambda: net(x)) == forward
    assert count_flops(lambda: step(net, x)) == forward + backward


@pytest.mark.parametrize("make", [perceptron, convolutions])
def test_as_torch_counts(make):
    net, x = make()
    with FlopCounterMode(display=False) as counter:
        step(net, x)
    assert count_flops(lambda: step(net, x)) == counter.get_total_flops() > 0


@pytest.mark.parametrize("make", [perceptron, convolutions])
def test_a_gradient_penalty_is_counted(make):
    net, x = make()

    def penalised():
        rows = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(net(rows).sum(), rows, create_graph=True)
        gradient.square().sum().backward()

    once = count_flops(lambda: net(x))
    # Forward, backward to the data, and backward through both.
    assert count_flops(penalised) >= 3 * once


def test_elementwise_work_is_left_out():
    assert count_flops(lambda: torch.ones(100).exp().sum()) == 0
