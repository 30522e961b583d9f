"""The normalizing flow: invertible, its log-determinant right, its density a density."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.base import clone
from sklearn.datasets import make_moons

import further
from further import NormalizingFlow
from further.data.spec import Block, Spec, TargetSpec
from further.generate.flow import _FlowNet
from further.nn.coarse_to_fine_flow import BlockScores, CoarseToFineFlow
from further.nn.coupling import _halves
from further.nn.normal_scores import CategoryScores, PictureScores

TABLE = (
    Block("age", 0, 1, "numeric"),
    Block("colour", 1, 4, "categorical"),
    Block("height", 4, 5, "numeric"),
    Block("smokes", 5, 7, "categorical"),
)
SPECS = {
    "vector": Spec((5,)),
    "one value": Spec((1,), target=TargetSpec("classes", 2)),
    "table": Spec((7,), blocks=TABLE, target=TargetSpec("classes", 3)),
    "categories only": Spec((3,), blocks=(Block("colour", 0, 3, "categorical"),)),
    "8x8": Spec((1, 8, 8), levels=17, target=TargetSpec("classes", 10)),
    "12x20": Spec((1, 12, 20), levels=256),
    "continuous 9x9": Spec((1, 9, 9)),
    "28x28": Spec((1, 28, 28), levels=256, target=TargetSpec("classes", 2)),
    "3x32x32": Spec((3, 32, 32), levels=256),
    "odd 3x17x30": Spec((3, 17, 30), levels=256),
}
exact_arithmetic = pytest.mark.parametrize("name", SPECS)


def make_net(spec: Spec, *, disturbed: bool = True, **changes: float) -> _FlowNet:
    settings = {"transforms": 3, "width": 24, "depth": 1, "bins": 5, "dropout": 0.2, **changes}
    torch.manual_seed(0)
    net = _FlowNet(spec, **settings)  # type: ignore[arg-type]
    if disturbed:  # away from the start, where a layer is nearly the identity
        with torch.no_grad():
            for parameter in net.flow.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
    return net


def make_rows(spec: Spec, n: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(n, *spec.shape, generator=generator)
    if spec.levels is not None:
        x = (x * (spec.levels - 1)).round() / (spec.levels - 1)
    for block in spec.blocks:
        if block.kind == "categorical":
            part = x[:, block.start : block.stop]
            x[:, block.start : block.stop] = torch.nn.functional.one_hot(
                part.argmax(1), part.shape[1]
            ).float()
    y = torch.arange(n) % spec.n_classes if spec.n_classes else None
    return x, y


@exact_arithmetic
def test_the_inverse_undoes_the_flow(name: str) -> None:
    spec = SPECS[name]
    net = make_net(spec).eval()
    x, y = make_rows(spec, 6)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        z, _ = net._scores(x.flatten(1), generator)
        c = net.embed(y, len(x))
        noise, _ = net.flow(z, c, generator)
        torch.testing.assert_close(net.flow.inverse(noise, c), z, atol=5e-4, rtol=1e-3)


@pytest.mark.parametrize("name", ["vector", "one value", "8x8", "continuous 9x9"])
def test_the_log_determinant_is_that_of_the_jacobian(name: str) -> None:
    spec = SPECS[name]
    net = make_net(spec).eval()
    z = torch.randn(2, spec.size, generator=torch.Generator().manual_seed(0))
    y = torch.tensor([0, 1]) if spec.n_classes else None
    for i in range(2):
        c = net.embed(None if y is None else y[i : i + 1], 1)
        _, log_det = net.flow(z[i : i + 1], c)
        jacobian = torch.autograd.functional.jacobian(
            lambda row, c=c: net.flow(row[None], c)[0][0], z[i]
        )
        expected = torch.linalg.slogdet(jacobian.double())[1]
        assert log_det.item() == pytest.approx(expected.item(), abs=1e-3)


def test_the_log_determinant_of_the_flow_of_pictures_is_that_of_the_jacobian() -> None:
    torch.manual_seed(0)
    sizes = {"transforms": 2, "bins": 4, "width": 12, "depth": 1}
    flow = CoarseToFineFlow((2, 12, 8), **sizes, condition=0, dropout=0.0)
    assert not flow.padded
    assert flow.blocks.coarse == (2, 6, 4)
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    z = torch.randn(2 * 12 * 8)
    _, log_det = flow(z[None], None)
    jacobian = torch.autograd.functional.jacobian(lambda row: flow(row[None], None)[0][0], z)
    expected = torch.linalg.slogdet(jacobian.double())[1]
    assert log_det.item() == pytest.approx(expected.item(), abs=5e-3)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 18, 21)])
@pytest.mark.parametrize("levels", [256, None])
def test_scores_of_blocks_give_the_picture_back_and_keep_its_volume(shape, levels) -> None:
    x = torch.randint(0, 256, (40, math.prod(shape))).float() / 255
    scores = BlockScores(shape, levels)
    scores.fit(x)
    z, score = scores(x, torch.Generator().manual_seed(0))
    # In single precision a value next to the border of its grey level may cross it.
    wrong = (scores.inverse(z) - x).abs()
    assert float((wrong > 2e-5).float().mean()) < 1e-3
    assert float(wrong.max()) < 1.01 / 255
    # Of standard normal scores s takes off the density, so what is left is the change of volume:
    # the scales', and that of the grey levels, since the transform of a block is a rotation.
    log_normal = -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)
    volume = -scores.scale.log().sum()
    blocks = scores.blocks
    noisy = blocks.size if levels is not None else blocks.size - math.prod(shape)
    volume = volume - noisy * math.log(256)
    torch.testing.assert_close(score - log_normal, volume.expand(40), atol=0.05, rtol=1e-5)


@exact_arithmetic
def test_a_gradient_reaches_every_parameter(name: str) -> None:
    spec = SPECS[name]
    net = make_net(spec)
    x, y = make_rows(spec, 8)
    net.log_prob(x, y, torch.Generator().manual_seed(0)).mean().backward()
    for parameter_name, parameter in net.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name
        # A layer that moves one value of one sees a constant 0.
        if not (name == "one value" and parameter_name.endswith("enter.weight")):
            assert parameter.grad.abs().sum() > 0, parameter_name


@exact_arithmetic
def test_samples_have_the_shape_and_the_values_of_the_data(name: str) -> None:
    spec = SPECS[name]
    y = torch.arange(9) % spec.n_classes if spec.n_classes else None
    with torch.no_grad():
        x = make_net(spec).eval().sample(9, y, 1.0, torch.Generator().manual_seed(0))
    assert x.shape == (9, *spec.shape)
    assert torch.isfinite(x).all()
    if spec.levels is not None:
        level = x * (spec.levels - 1)
        torch.testing.assert_close(level, level.round(), atol=1e-4, rtol=0)
    for block in spec.blocks:
        if block.kind == "categorical":
            part = x[:, block.start : block.stop]
            assert set(part.unique().tolist()) <= {0.0, 1.0}
            torch.testing.assert_close(part.sum(1), torch.ones(9))


def test_grey_levels_come_back_from_their_normal_scores() -> None:
    for levels in (2, 17, 32, 256):
        scores = PictureScores(4, levels)
        x = torch.randint(0, levels, (500, 4)) / (levels - 1)
        scores.fit(x)
        z, _ = scores(x, torch.Generator().manual_seed(0))
        torch.testing.assert_close(scores.inverse(z), x, atol=1e-6, rtol=0)


def test_normal_scores_of_the_training_rows_are_standard_normal() -> None:
    generator = torch.Generator().manual_seed(0)
    level = torch.multinomial(torch.tensor([0.6, 0.1, 0.3]), 20_000, True, generator=generator)
    pictures = PictureScores(1, 3)
    pictures.fit(level[:, None] / 2)
    one_hot = torch.nn.functional.one_hot(level, 3).float()
    categories = CategoryScores([3])
    categories.fit(one_hot)
    z = torch.cat(
        [pictures(level[:, None] / 2, generator)[0], categories(one_hot, generator)[0]], dim=1
    )
    np.testing.assert_allclose(z.mean(0).detach(), 0, atol=0.03)
    np.testing.assert_allclose(z.T.cov().detach()[1:, 1:], np.eye(3), atol=0.04)
    assert z[:, 0].std().item() == pytest.approx(1, abs=0.03)
    torch.testing.assert_close(categories.inverse(z[:, 1:]), one_hot)


def test_a_flow_that_does_nothing_gives_the_product_of_the_marginals() -> None:
    """The dequantised bound is tight there: frequencies can be read off."""
    spec = Spec((4,), blocks=(Block("a", 0, 3, "categorical"), Block("b", 3, 4, "numeric")))
    net = make_net(spec, disturbed=False)
    net.eval()
    rows = torch.tensor([[1.0, 0, 0, -1], [0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 4]]).repeat(500, 1)
    net.fit_scores(rows)
    with torch.no_grad():
        for layer in net.flow.layers:  # type: ignore[union-attr]
            layer.conditioner.leave.weight.zero_()
        value = net.log_prob(rows[:4], None, torch.Generator().manual_seed(0))
    z = (rows[:4, 3] - 1) / math.sqrt(3.5)
    numeric = -0.5 * z**2 - 0.5 * math.log(2 * math.pi * 3.5)
    expected = torch.tensor([0.5, 0.25, 0.25, 0.5]).log() + numeric
    # The constant slopes of a spline with zero weights are 1 but for rounding.
    torch.testing.assert_close(value, expected, atol=2e-3, rtol=0)

    grey = make_net(Spec((1, 8, 8), levels=17), disturbed=False).eval()
    x = torch.randint(0, 17, (1000, 1, 8, 8), generator=torch.Generator().manual_seed(0)) / 16
    grey.fit_scores(x)
    with torch.no_grad():
        for layer in grey.flow.layers:  # type: ignore[union-attr]
            layer.conditioner.leave.weight.zero_()
        bits = -grey.log_prob(x, None, torch.Generator().manual_seed(0)).mean() / 64 / math.log(2)
    assert bits.item() == pytest.approx(math.log2(17), abs=0.02)


def test_no_bound_of_padded_pictures_beats_their_entropy_nor_is_far_from_it() -> None:
    # One grey level all over each picture: 8 bits. A flow that does nothing takes some 9 bits for
    # each block's mean, since they are alike, and a Gaussian for the uniform noise of each value
    # costs a quarter of a bit.
    net = make_net(Spec((1, 17, 30), levels=256), disturbed=False).eval()
    assert net.flow.padded
    x = (torch.arange(256) / 255).view(-1, 1, 1, 1).expand(256, 1, 17, 30)
    net.fit_scores(x)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if ".leave." in name:
                parameter.zero_()
        value = net.log_prob(x, None, torch.Generator().manual_seed(0))
    bits = float(-value.mean()) / math.log(2)
    assert 8 < bits < 9 * math.prod(net.flow.blocks.grid) + 0.35 * net.flow.size


def test_halves_of_a_pair_of_layers_complement_each_other() -> None:
    for shape in [(2,), (7,), (1, 8, 8), (3, 5, 4)]:
        for index in range(0, 8, 2):
            first, second = _halves(shape, index), _halves(shape, index + 1)
            assert torch.equal(first, ~second)
            assert first.any()
            assert second.any()


def test_learns_a_gaussian() -> None:
    rng = np.random.default_rng(0)
    mean, covariance = np.array([1.0, -2.0]), np.array([[1.0, 0.8], [0.8, 2.0]])
    X = rng.multivariate_normal(mean, covariance, size=2000).astype(np.float32)
    flow = NormalizingFlow(
        width=32, budget="250 steps", precision="float32", dropout=0, random_state=0
    ).fit(X)
    x = flow.encoding_.encode(further.data.as_dataset(X))
    # The density is that of the encoded values, which are standard scores.
    truth = multivariate_normal(x.mean(0), np.cov(x.T)).logpdf(x)
    gap = truth.mean() - flow.score_samples(X).mean()
    assert flow.likelihood_basis == "exact"
    assert -0.1 < gap < 0.06


@pytest.mark.slow
def test_the_density_of_two_moons_integrates_to_one_in_each_class() -> None:
    X, y = make_moons(800, noise=0.07, random_state=0)
    flow = NormalizingFlow(
        transforms=4, width=32, dropout=0, budget="300 steps", precision="float32",
        random_state=0,
    ).fit(X, y)  # fmt: skip
    side = torch.linspace(-5, 5, 201)
    grid = torch.cartesian_prod(side, side)
    cell = float(side[1] - side[0]) ** 2
    with torch.no_grad():
        for code in (0, 1):
            rows = torch.full((len(grid),), code)
            density = flow.net_.log_prob(grid, rows, None).exp()
            assert density.sum().item() * cell == pytest.approx(1, abs=0.01)
    independent = np.log(multivariate_normal(np.zeros(2)).pdf(np.zeros(2)))
    assert flow.score(X, y) > independent
    # A row given to the other class is less likely for nearly all rows.
    right, wrong = flow.score_samples(X, y), flow.score_samples(X, 1 - y)
    assert (right > wrong).mean() > 0.97


def test_more_draws_tighten_the_bound() -> None:
    spec = SPECS["8x8"]
    flow = NormalizingFlow(width=24, bins=5)
    net = make_net(spec).eval()
    x, y = make_rows(spec, 200)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        one = net.log_prob(x, y, generator).mean()
        many = flow.log_likelihood(net, further.generate.flow.Batch(x=x, y=y), generator)
    assert many is not None
    assert many.mean() > one


def test_a_colder_sample_has_a_higher_density() -> None:
    X = np.random.default_rng(0).normal(size=(300, 4))
    flow = NormalizingFlow(width=16, budget="100 steps", precision="float32", random_state=0).fit(X)
    warm = flow.score_samples(flow.sample(300))
    cold = flow.score_samples(flow.set_params(temperature=0.5).sample(300))
    assert cold.mean() > warm.mean() + 1


@pytest.mark.slow
def test_digits_beat_the_independent_pixels_and_load_again(tmp_path: object) -> None:
    digits = further.data.load("digits").take(np.arange(600))
    flow = NormalizingFlow(
        width=64, transforms=2, budget="120 steps", precision="float32", random_state=0
    ).fit(digits)
    assert flow.likelihood_basis == "bound"
    bits = -flow.score(digits) / 64 / math.log(2)
    assert bits < 2.3  # independent pixels: 2.41
    folder = flow.save(tmp_path)  # type: ignore[arg-type]
    again = further.load(folder)
    np.testing.assert_array_equal(again.sample(20), flow.sample(20))
    np.testing.assert_array_equal(again.score_samples(digits), flow.score_samples(digits))
    same = clone(flow).fit(digits)
    np.testing.assert_array_equal(same.sample(20), flow.sample(20))


@pytest.mark.slow
def test_a_table_with_categories_and_missing_values() -> None:
    rng = np.random.default_rng(0)
    age = rng.normal(40, 10, 400)
    frame = pd.DataFrame(
        {
            "age": np.where(rng.random(400) < 0.1, np.nan, age),
            "group": np.where(age > 40, "old", np.where(age > 30, "middle", "young")),
            "count": rng.poisson(3, 400),
        }
    )
    flow = NormalizingFlow(
        width=48, dropout=0, budget="300 steps", precision="float32", random_state=0
    ).fit(frame)
    assert flow.likelihood_basis == "bound"
    assert np.isfinite(flow.score_samples(frame)).all()
    rows = flow.sample(1000)
    assert list(rows.columns) == list(frame.columns)
    assert rows["count"].dtype == frame["count"].dtype
    share = rows["group"].value_counts(normalize=True)
    expected = frame["group"].value_counts(normalize=True)
    assert (share - expected).abs().max() < 0.07
    # The dependence is learnt, not only the margins.
    ages = rows.groupby("group")["age"].mean()
    assert ages["old"] > ages["middle"] + 5 > ages["young"] + 8


@pytest.mark.parametrize(
    "changes", [{"transforms": 0}, {"dropout": 1.0}, {"temperature": 0}, {"bins": 1}]
)
def test_limits_of_the_parameters(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        NormalizingFlow(**changes).fit(np.zeros((10, 2)))
