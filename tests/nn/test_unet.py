"""The U-Net: shapes, gradients, the condition, what the dense bottleneck is for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from further.nn.convolution import n_levels
from further.nn.unet import UNet, UNetBlock, n_groups

SHAPES = {
    "8x8": (1, 8, 8),
    "28x28": (1, 28, 28),
    "12x20": (1, 12, 20),
    "odd 17x30": (2, 17, 30),
    "3x32x32": (3, 32, 32),
    "64x64": (3, 64, 64),
}


def awake(net: nn.Module) -> nn.Module:
    """Replace the zeros that a net starts from, which hide what its layers do."""
    torch.manual_seed(1)
    for parameter in net.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.2)
    return net


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("dense", [True, False], ids=["dense", "convolutional"])
def test_keeps_the_sides_and_every_parameter_gets_a_gradient(shape, dense):
    channels, height, width = shape
    net = awake(
        UNet(
            channels, 2, width=16, levels=n_levels(height, width), condition=8,
            size=(height, width) if dense else None, bottleneck_width=32,
        )
    )  # fmt: skip
    out = net(torch.randn(3, *shape), torch.randn(3, 8))
    assert out.shape == (3, 2, height, width)
    out.square().sum().backward()
    without = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_starts_at_zero():
    net = UNet(1, 1, width=16, levels=1, size=(8, 8))
    assert not net(torch.randn(2, 1, 8, 8)).any()


def test_the_condition_matters_and_rows_do_not_mix():
    net = awake(UNet(1, 1, width=16, levels=2, condition=4, size=(8, 8), bottleneck_width=32))
    x, c = torch.randn(2, 1, 8, 8), torch.randn(2, 4)
    both = net(x, c)
    torch.testing.assert_close(both[:1], net(x[:1], c[:1]), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(both, net(x, c.flip(0)), atol=1e-3)


def test_convolutional_net_takes_any_sides():
    net = UNet(1, 1, width=16, levels=2)
    for sides in ((9, 14), (32, 32), (5, 4)):
        assert net(torch.randn(1, 1, *sides)).shape == (1, 1, *sides)


@pytest.mark.parametrize("dense", [True, False])
def test_dense_bottleneck_joins_every_place_with_every_other(dense):
    net = awake(UNet(1, 1, width=16, levels=1, size=(32, 32) if dense else None))
    # Normalisation over all positions joins them too, so it is put aside.
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.GroupNorm):
                setattr(module, name, nn.Identity())
    x = torch.randn(1, 1, 32, 32, requires_grad=True)
    gradient = torch.autograd.grad(net(x)[0, 0, 0, 0], x)[0]
    assert bool(gradient[0, 0, 31, 31] != 0) == dense


def test_block_starts_as_its_skip():
    block = UNetBlock(16, 16, 4)
    h = torch.randn(2, 16, 5, 5)
    torch.testing.assert_close(block(h, torch.randn(2, 4)), h)


@pytest.mark.parametrize(("channels", "groups"), [(16, 1), (32, 2), (48, 3), (7, 1), (40, 2)])
def test_groups_divide_the_channels(channels, groups):
    assert n_groups(channels) == groups


@pytest.mark.parametrize("up", ["transposed", "resize"])
def test_normalised_by_batch_it_sees_only_the_surroundings(up):
    net = awake(UNet(1, 2, width=8, levels=2, norm="batch", up=up))
    net(torch.randn(4, 1, 64, 64)).square().sum().backward()
    without = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []
    net.eval()
    x = torch.randn(1, 1, 128, 128)
    changed = x.clone()
    changed[..., 120:, 120:] += 1
    assert torch.equal(net(x)[..., :32, :32], net(changed)[..., :32, :32])
    assert not torch.equal(net(x), net(changed))
