"""The GAN: losses and penalties by hand, gradients, samples, and what it learns."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC
from torch import nn

from further.data.spec import Block, Spec, TargetSpec
from further.errors import InputError
from further.evaluate.distance import distances
from further.evaluate.generation.kernel_distance import kernel_distance, median_bandwidth
from further.evaluate.resampling import half_samples
from further.generate.gan import (
    BANDWIDTHS,
    GAN,
    _leaky_clamp,
    _remove_normalisation,
    _squared_kernel_distance,
    _straight_through_categories,
)
from further.generate.gan_losses import (
    LOSSES,
    Hinge,
    Minimax,
    NonSaturating,
    Relativistic,
    make_loss,
    squared_gradient_norm,
)
from further.train.batch import Batch

TABLE = Spec(
    (6,),
    blocks=(
        Block("age", 0, 1, "numeric"),
        Block("colour", 1, 4, "categorical"),
        Block("smoker", 4, 6, "categorical"),
    ),
    target=TargetSpec("classes", 2),
)
SPECS = {
    "vector": Spec((5,)),
    "table": TABLE,
    "8x8": Spec((1, 8, 8), levels=17, target=TargetSpec("classes", 10)),
    "28x28": Spec((1, 28, 28), levels=256, target=TargetSpec("classes", 10)),
    "12x20": Spec((1, 12, 20), levels=256),
    "23x17": Spec((1, 23, 17), levels=256, target=TargetSpec("classes", 3)),
    "3x32x32": Spec((3, 32, 32), levels=256, target=TargetSpec("classes", 2)),
}


def some_rows(spec: Spec, n: int = 6) -> Batch:
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(n, *spec.shape, generator=generator)
    for block in spec.blocks:
        if block.kind == "categorical":
            codes = torch.arange(n) % (block.stop - block.start)
            x[:, block.start : block.stop] = nn.functional.one_hot(codes).float()
    return Batch(x=x, y=torch.arange(n) % spec.n_classes if spec.n_classes else None)


def built(model: GAN, spec: Spec) -> nn.Module:
    """A network away from its start, where the last layer of a block is zero."""
    torch.manual_seed(0)
    net = model.build(spec)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape))
    return net


# Losses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "discriminator", "generator"),
    [
        # scores r = (0, log 3), f = (log 3, -log 3): σ = (1/2, 3/4) and (3/4, 1/4)
        (
            Minimax(),
            -(math.log(1 / 2) + math.log(3 / 4)) / 2 - (math.log(1 / 4) + math.log(3 / 4)) / 2,
            (math.log(1 / 4) + math.log(3 / 4)) / 2,
        ),
        (
            NonSaturating(),
            -(math.log(1 / 2) + math.log(3 / 4)) / 2 - (math.log(1 / 4) + math.log(3 / 4)) / 2,
            -(math.log(3 / 4) + math.log(1 / 4)) / 2,
        ),
        (Hinge(), (1 + 0) / 2 + (1 + math.log(3) + 0) / 2, 0.0),
        # r - f = (-log 3, 2 log 3): σ = 1/4 and 9/10
        (
            Relativistic(),
            -(math.log(1 / 4) + math.log(9 / 10)) / 2,
            -(math.log(3 / 4) + math.log(1 / 10)) / 2,
        ),
    ],
)
def test_losses_by_hand(loss, discriminator, generator):
    real = torch.tensor([0.0, math.log(3)])
    fake = torch.tensor([math.log(3), -math.log(3)])
    assert loss.discriminator(real, fake).item() == pytest.approx(discriminator, abs=1e-6)
    assert loss.generator(real, fake).item() == pytest.approx(generator, abs=1e-6)


def test_accuracies_by_hand():
    real, fake = torch.tensor([1.0, -1.0, 2.0, 3.0]), torch.tensor([-1.0, -2.0, 4.0, -3.0])
    assert NonSaturating().discriminator_accuracy(real, fake).item() == 0.75
    assert NonSaturating().generator_accuracy(real, fake).item() == 0.25
    assert Relativistic().discriminator_accuracy(real, fake).item() == 0.75
    assert Relativistic().generator_accuracy(real, fake).item() == 0.25
    # Only the relativistic loss is blind to a shift of all scores.
    assert Relativistic().discriminator_accuracy(real + 9, fake + 9).item() == 0.75
    assert NonSaturating().discriminator_accuracy(real + 9, fake + 9).item() == 0.5


def test_the_optimal_discriminator_reaches_log_4_less_twice_the_divergence():
    # p = (2, 1, 1) / 4 and q = (1, 1, 2) / 4 on three points; D* = log p / q.
    p, q = torch.tensor([2.0, 1.0, 1.0]) / 4, torch.tensor([1.0, 1.0, 2.0]) / 4
    best = (p / q).log()
    real, fake = best[[0, 0, 1, 2]], best[[0, 1, 2, 2]]
    mixture = (p + q) / 2
    divergence = 0.5 * ((p * (p / mixture).log()).sum() + (q * (q / mixture).log()).sum())
    reached = Minimax().discriminator(real, fake)
    assert reached.item() == pytest.approx(math.log(4) - 2 * divergence.item(), abs=1e-6)
    for point in range(3):
        for step in (-0.1, 0.1):
            other = best.clone()
            other[point] += step
            worse = Minimax().discriminator(other[[0, 0, 1, 2]], other[[0, 1, 2, 2]])
            assert worse > reached
    equal = torch.zeros(4)
    assert Minimax().discriminator(equal, equal).item() == pytest.approx(math.log(4))
    assert Relativistic().discriminator(equal, equal).item() == pytest.approx(math.log(2))


def test_the_minimax_gradient_vanishes_where_the_non_saturating_does_not():
    fake = torch.full((3,), -12.0, requires_grad=True)
    slope = {}
    for loss in (Minimax(), NonSaturating()):
        (gradient,) = torch.autograd.grad(loss.generator(fake.detach(), fake), fake)
        slope[type(loss)] = gradient.sum().item()
    assert -1e-4 < slope[Minimax] < 0
    assert slope[NonSaturating] == pytest.approx(-1.0, abs=1e-4)


def test_unknown_loss_names_the_nearest():
    with pytest.raises(InputError, match='did you mean "minimax"'):
        make_loss("minmax")
    assert make_loss("hinge") is LOSSES["hinge"]
    assert make_loss(Hinge()) == Hinge()


# Penalty -----------------------------------------------------------------------------------------


class Linear(nn.Module):
    """D(x) = w·x, whose gradient is w everywhere."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, x: torch.Tensor, y: torch.Tensor | None) -> torch.Tensor:
        return x.flatten(1) @ self.weight


def test_gradient_norm_of_a_linear_discriminator():
    net = Linear(torch.tensor([3.0, -4.0]))
    rows = torch.randn(7, 2, requires_grad=True)
    norm = squared_gradient_norm(net(rows, None), rows)
    assert norm.item() == pytest.approx(25.0)
    (gradient,) = torch.autograd.grad(norm, net.weight)
    assert gradient.tolist() == pytest.approx([6.0, -8.0])


def test_gradient_norm_of_a_quadratic_discriminator():
    rows = torch.tensor([[1.0, 2.0], [0.0, -1.0]], requires_grad=True)
    norm = squared_gradient_norm(rows.square().sum(1), rows)  # gradient 2x, so E 4|x|²
    assert norm.item() == pytest.approx(4 * (5 + 1) / 2)


def test_penalty_counts_in_units_of_the_total_variance():
    x = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 6.0], [2.0, 6.0]])  # variances 1 and 9
    weight = torch.tensor([0.3, -0.4])
    model = GAN(penalty=0.5, loss="hinge")
    net = model.build(Spec((2,)))
    net.discriminator = Linear(weight)
    generator = torch.Generator().manual_seed(0)
    logged = model.objectives(net)[0].loss(Batch(x=x), generator)
    made = net.generate(4, None, torch.Generator().manual_seed(0))
    value = Hinge().discriminator(x @ weight, made @ weight)
    # γ/2 (R1 + R2) with γ = 0.5 · 10 and R1 = R2 = |w|² = 0.25
    assert logged["loss"].item() == pytest.approx(value.item() + 5 * 0.25, abs=1e-5)
    assert logged["penalty"].item() == pytest.approx(0.25)


# Network -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_each_objective_reaches_every_parameter_of_its_network_only(spec):
    model = GAN(width=32, depth=2, latent_dim=7)
    net = built(model, spec)
    discriminator, generator = model.objectives(net)
    assert (discriminator.name, generator.name) == ("discriminator", "generator")
    assert len(discriminator.parameters) + len(generator.parameters) == len(list(net.parameters()))
    for objective, owner in ((discriminator, net.discriminator), (generator, net.generator)):
        assert {id(p) for p in objective.parameters} == {id(p) for p in owner.parameters()}
        logged = objective.loss(some_rows(spec), torch.Generator().manual_seed(0))
        assert list(logged)[:2] == ["loss", "accuracy"]
        assert all(value.ndim == 0 and value.isfinite() for value in logged.values())
        gradients = torch.autograd.grad(logged["loss"], objective.parameters, allow_unused=True)
        for name, gradient in zip(dict(owner.named_parameters()), gradients, strict=True):
            # A constant cancels in differences of scores.
            if "leave.bias" in name and objective is discriminator:
                continue
            assert gradient is not None, name
            assert gradient.abs().sum() > 0, name


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("penalty", [0.0, 0.2])
def test_every_loss_trains_both_networks(loss, penalty):
    model = GAN(loss=loss, penalty=penalty, width=16, depth=1)
    net = built(model, TABLE)
    for objective in model.objectives(net):
        value = objective.loss(some_rows(TABLE), torch.Generator().manual_seed(0))["loss"]
        gradients = torch.autograd.grad(value, objective.parameters, allow_unused=True)
        assert sum(g.abs().sum() for g in gradients if g is not None) > 0


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_samples_have_the_form_of_the_data(spec):
    model = GAN(width=32, depth=1)
    net = built(model, spec)
    given = {"y": torch.arange(9) % spec.n_classes} if spec.n_classes else {}
    with torch.no_grad():
        rows = model.generate(net, 9, given, torch.Generator().manual_seed(1))
        again = model.generate(net, 9, given, torch.Generator().manual_seed(1))
        other = model.generate(net, 9, given, torch.Generator().manual_seed(2))
    assert rows.shape == (9, *spec.shape)
    assert rows.dtype == torch.float32
    assert torch.equal(rows, again)
    assert not torch.equal(rows, other)
    if spec.is_image:
        assert rows.min() >= 0
        assert rows.max() <= 1
    for block in spec.blocks:
        if block.kind == "categorical":
            part = rows[:, block.start : block.stop]
            torch.testing.assert_close(part.sum(1), torch.ones(9))
            torch.testing.assert_close(part.max(1).values, torch.ones(9))


def test_the_class_moves_samples_and_scores():
    spec = SPECS["8x8"]
    net = built(GAN(width=32, depth=1), spec)
    z = torch.randn(1, 32).expand(10, -1)
    rows = net.generator(z, torch.arange(10), torch.Generator())
    assert rows.flatten(1).var(0).sum() > 0
    scores = net.discriminator(rows[:1].expand(10, -1, -1, -1), torch.arange(10))
    assert scores.var() > 0


def test_scores_depend_on_their_own_row_only():
    for spec in (SPECS["8x8"], SPECS["28x28"]):
        net = built(GAN(width=32, depth=1), spec)
        batch = some_rows(spec)
        x, y = batch.x, batch.y
        torch.testing.assert_close(
            net.discriminator(x, y)[:2], net.discriminator(x[:2], y[:2]), rtol=1e-4, atol=1e-5
        )


def test_no_normalisation_is_left_in_the_discriminator():
    net = GAN(width=32).build(SPECS["28x28"])
    kinds = {type(module) for module in net.discriminator.modules()}
    assert not kinds & {nn.LayerNorm, nn.GroupNorm}
    assert nn.LayerNorm in {type(module) for module in net.generator.modules()}
    plain = nn.Sequential(nn.Sequential(nn.LayerNorm(2)), nn.Linear(2, 2))
    _remove_normalisation(plain)
    assert isinstance(plain[0][0], nn.Identity)


def test_a_value_that_is_cut_off_can_come_back():
    x = torch.tensor([-0.5, 0.5, 1.5], requires_grad=True)
    cut = _leaky_clamp(x)
    assert cut.tolist() == [0.0, 0.5, 1.0]
    cut.sum().backward()
    assert x.grad.tolist() == pytest.approx([0.1, 1.0, 0.1])


def test_categories_are_drawn_with_the_softmax_probabilities():
    logits = torch.tensor([0.2, 0.3, 0.5]).log()
    x = torch.cat([torch.full((20_000, 1), 7.0), logits.expand(20_000, 3)], dim=1)
    x.requires_grad_()
    rows = _straight_through_categories(x, [slice(1, 4)], torch.Generator().manual_seed(0))
    assert (rows[:, 0] == 7).all()
    np.testing.assert_allclose(rows[:, 1:].mean(0).tolist(), [0.2, 0.3, 0.5], atol=0.015)
    (gradient,) = torch.autograd.grad(rows[:, 3].mean(), x)
    # Raising a logit draws its category more often.
    assert gradient[:, 3].sum() > 0
    assert gradient[:, 1].sum() < 0


# Kernel distance ---------------------------------------------------------------------------------


def test_kernel_distance_agrees_with_the_evaluation():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(40, 3)), rng.normal(0.7, 1.2, size=(55, 3))
    halves = half_samples(40, 2, seed=0), half_samples(55, 2, seed=0)
    between = distances(real), distances(real, fake), distances(fake)
    # torch's median of an even number of values is the lower one.
    bandwidth = torch.from_numpy(between[0][np.triu_indices(40, 1)]).median().item()
    assert bandwidth == pytest.approx(median_bandwidth(real), rel=0.01)
    expected = np.mean(
        [kernel_distance(*between, scale * bandwidth, *halves).value for scale in BANDWIDTHS]
    )
    ours = _squared_kernel_distance(torch.from_numpy(real), torch.from_numpy(fake))
    assert ours.item() == pytest.approx(expected, rel=1e-6)


def test_kernel_distance_of_degenerate_rows():
    rows = torch.zeros(5, 2)
    assert _squared_kernel_distance(rows, rows).item() == pytest.approx(0.0, abs=1e-6)
    mostly_equal = torch.tensor([[0.0], [0.0], [0.0], [0.0], [1.0]])
    assert _squared_kernel_distance(mostly_equal, rows[:, :1]).isfinite()
    assert _squared_kernel_distance(rows[:1], rows + 2).item() == pytest.approx(8.0)


# Fits --------------------------------------------------------------------------------------------


def ring(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    which = rng.integers(8, size=n)
    centres = 2 * np.stack([np.cos(which * np.pi / 4), np.sin(which * np.pi / 4)], axis=1)
    return centres + 0.1 * rng.normal(size=(n, 2)), which


@pytest.mark.slow
def test_learns_a_ring_of_eight_gaussians_without_labels():
    train, held_out = ring(1000, 0)[0], ring(500, 1)[0]
    model = GAN(
        width=64, depth=2, latent_dim=4, budget="600 steps", precision="float32",
        training={"learning_rate": 1e-3, "batch_size": 256}, random_state=0,
    )  # fmt: skip
    model.fit(train)
    samples = np.asarray(model.sample(500))
    noise = np.random.default_rng(2).normal(size=(500, 2)) * train.std(0) + train.mean(0)
    real, made, drawn = (torch.from_numpy(rows) for rows in (held_out, samples, noise))
    assert _squared_kernel_distance(real, made) < 0.5 * _squared_kernel_distance(real, drawn)
    angles = np.arange(8) * np.pi / 4
    far = distances(samples, 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    shares = np.bincount(far.argmin(1)[far.min(1) < 0.5], minlength=8) / 500
    assert shares.sum() > 0.5  # of the noise a fifth lies that near a centre
    assert shares.min() > 0.02  # no mode is left out
    columns = {
        "train_discriminator_loss", "train_discriminator_accuracy", "train_discriminator_penalty",
        "train_generator_loss", "train_generator_accuracy", "train_generator_diversity",
        "val_kernel_distance", "val_discriminator_accuracy",
    }  # fmt: skip
    assert columns <= set(model.history_.columns)


def train_on_synthetic(model: GAN, seed: int) -> float:
    X, y = load_digits(return_X_y=True)
    X = X.reshape(-1, 8, 8).astype(int)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=seed
    )
    model.fit(X_train, y_train)
    X_new, y_new = model.sample(len(X_test), return_y=True)
    assert X_new.min() >= 0
    assert X_new.max() <= 16
    judge = SVC().fit(X_new.reshape(len(X_new), -1), y_new)
    return float(judge.score(X_test.reshape(len(X_test), -1), y_test))


@pytest.mark.slow
def test_digits_in_seconds():
    model = GAN(budget="1.5e11", precision="float32", random_state=0)
    assert train_on_synthetic(model, seed=1) > 0.8


@pytest.mark.slow
def test_digits_at_the_default_budget():
    model = GAN(precision="float32", random_state=0)
    assert train_on_synthetic(model, seed=1) >= 0.94
