"""Encoders and decoders of pictures: shapes, cost, and where the outputs start."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from further.data.spec import Spec, TargetSpec
from further.nn.coder import Decoder, Encoder, fit_coders, logit
from further.registry import models_for
from further.train.batch import Batch
from further.train.flops import count_flops

SHAPES = [(1, 17, 17), (1, 23, 17), (1, 28, 28), (3, 32, 32), (3, 20, 45), (1, 64, 64)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_pictures_go_in_and_come_out_at_their_size(shape):
    spec = Spec(shape, levels=256)
    x = torch.rand(3, *shape)
    z = Encoder(spec, 5, width=32, depth=1)(x)
    assert z.shape == (3, 5)
    out = Decoder(spec, 5, outputs=2, width=32, depth=1, condition=4)(z, torch.zeros(3, 4))
    assert out.shape == (3, 2 * spec.size)


def test_outputs_start_at_the_mean_picture_of_a_code_at_the_mean():
    spec = Spec((1, 28, 28), levels=256)
    x = torch.rand(50, 1, 28, 28).square()
    decoder = Decoder(spec, 5, outputs=1, width=32, depth=1, link=logit)
    fit_coders(decoder, x)
    made = decoder(torch.zeros(2, 5)).sigmoid()
    torch.testing.assert_close(made[0], x.mean(0).flatten(), atol=1e-5, rtol=0)


def test_larger_pictures_start_from_their_principal_components():
    spec = Spec((1, 20, 20), levels=256)
    mean, waves = torch.rand(400), torch.linalg.qr(torch.randn(400, 3)).Q.T
    x = (mean + torch.randn(200, 3) @ (waves * torch.tensor([[3.0], [2.0], [1.0]]))).view(
        -1, 1, 20, 20
    )
    x = x + 0.01 * torch.randn(x.shape)
    coders = nn.ModuleDict(
        {
            "encoder": Encoder(spec, 6, width=32, depth=1, log_scales=True),
            "decoder": Decoder(spec, 3, outputs=1, width=32, depth=1, link=torch.clone),
        }
    )
    fit_coders(coders, x)
    codes, log_scales = coders["encoder"](x).chunk(2, dim=1)
    torch.testing.assert_close(torch.cov(codes.T), torch.eye(3), atol=0.05, rtol=0)
    rebuilt = coders["decoder"](codes).view_as(x)
    assert (rebuilt - x).std() < 0.011
    # What a code leaves open is the noise in units of the wave that it stands for.
    expected = torch.log(0.01 / torch.tensor([3.0, 2.0, 1.0]))
    torch.testing.assert_close(log_scales[0], expected, atol=0.15, rtol=0)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_pictures_are_enough_to_start_from(n):
    spec = Spec((1, 20, 20), levels=256)
    decoder = Decoder(spec, 5, outputs=1, width=32, depth=1, link=logit)
    fit_coders(decoder, torch.rand(n, 1, 20, 20))
    assert decoder(torch.randn(2, 5)).isfinite().all()


NETWORKS = [line for line in models_for("generation") if line.family == "network"]


@pytest.mark.parametrize("line", NETWORKS, ids=lambda line: line.name)
@pytest.mark.parametrize(
    ("shape", "most"), [((1, 8, 8), 4e6), ((1, 28, 28), 14e6), ((3, 32, 32), 40e6),
                        ((1, 64, 64), 50e6)], ids=str,
)  # fmt: skip
def test_the_default_budget_is_some_epochs_on_a_laptop(line, shape, most):
    """At 30 GFLOP/s and 6,000 pictures a minute or two are ten epochs, or nearly at 64x64."""
    spec = Spec(shape, levels=256, target=TargetSpec("classes", n_classes=10))
    model = line.load()()
    net = model.build(spec).train()
    batch = Batch(x=torch.rand(8, *shape), y=torch.arange(8))
    generator = torch.Generator().manual_seed(0)
    flops = sum(
        count_flops(lambda o=o: o.forward_and_backward(batch, generator)) / o.every
        for o in model.objectives(net)
    )
    # Forward and backward are three passes, of the GAN's two networks and its penalty about nine.
    assert flops / 8 / (9 if line.name == "gan" else 3) < most


def test_a_network_grows_with_the_budget_of_operations_or_seconds_only():
    spec = Spec((1, 28, 28), levels=256)
    line = next(line for line in NETWORKS if line.name == "vae")

    def size(budget):
        return sum(p.numel() for p in line.load()(budget=budget).build(spec).parameters())

    default = size("auto")
    assert size("1e11") == size("30 epochs") == size("500 steps") == default
    assert size("1e14") > 2 * default
    assert size("120min") > default
