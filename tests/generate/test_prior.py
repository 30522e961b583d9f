"""Priors of latent codes, against scikit-learn's mixture, SciPy's normal and an integral."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.datasets import make_moons
from sklearn.mixture import GaussianMixture

from further import VAE, Autoencoder
from further.data.spec import Spec, TargetSpec
from further.generate.latent_diffusion import DiffusionPrior
from further.generate.prior import FlowPrior, MixturePrior, StandardPrior

TWO = TargetSpec("classes", n_classes=2)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def moons(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    z, y = make_moons(n, noise=0.1, random_state=0)
    return torch.from_numpy(z).float(), torch.from_numpy(y)


def trained(prior, z, y, spec, steps: int = 300):
    torch.manual_seed(0)
    built = prior.build(spec, z.shape[1])
    built.train()
    optimizer = torch.optim.Adam(built.parameters(), lr=3e-3)
    draw = generator()
    for _ in range(steps):
        rows = torch.randint(0, len(z), (128,), generator=draw)
        optimizer.zero_grad()
        built.loss(z[rows], None if y is None else y[rows], draw).backward()
        optimizer.step()
    return built.eval()


def test_the_standard_prior_is_the_normal_distribution():
    prior = StandardPrior().build(Spec((9,)), 3)
    z = prior.sample(20_000, None, generator())
    np.testing.assert_allclose(np.cov(z.T), np.eye(3), atol=0.05)
    expected = multivariate_normal(np.zeros(3)).logpdf(z[:50].numpy())
    np.testing.assert_allclose(prior.log_prob(z[:50], None), expected, rtol=1e-5)


def test_the_density_of_the_mixture_is_that_of_scikit_learn():
    z, y = moons(2000)
    prior = MixturePrior(components=(4,)).build(Spec((9,), target=TWO), 2)
    prior.fit(z, y, seed=0)
    found = prior.log_prob(z, y)
    for code in (0, 1):
        rows = (y == code).numpy()
        own = z.numpy()[rows].astype(np.float64)
        fit = GaussianMixture(4, reg_covar=1e-4 * own.var(0).mean(), random_state=0).fit(own)
        np.testing.assert_allclose(found[rows], fit.score_samples(own), atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("prior", [MixturePrior(), FlowPrior(width=32)], ids=["mixture", "flow"])
def test_a_density_of_codes_integrates_to_one_and_fits_better_than_a_gaussian(prior):
    z, _ = moons(3000)
    z = z * 3 + 1  # codes of any scale
    built = trained(prior, z, None, Spec((9,))) if isinstance(prior, FlowPrior) else None
    if built is None:
        built = prior.build(Spec((9,)), 2)
        built.fit(z, None, seed=0)
    axis = torch.linspace(-12, 14, 400)
    grid = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        density = built.log_prob(grid, None).double().exp()
        fit = built.log_prob(z, None).mean()
    assert float(density.sum()) * float(axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=0.02)
    gaussian = multivariate_normal(z.numpy().mean(0), np.cov(z.numpy().T)).logpdf(z.numpy())
    assert float(fit) > gaussian.mean() + 0.3


@pytest.mark.slow
@pytest.mark.parametrize(
    "prior", [FlowPrior(width=32), DiffusionPrior()], ids=["flow", "diffusion"]
)
def test_what_is_trained_with_the_network_draws_the_codes_of_each_class(prior):
    z, y = moons(3000)
    z = z * 3 + 1
    built = trained(prior, z, y, Spec((9,), target=TWO))
    asked = torch.arange(2000) % 2
    with torch.no_grad():
        drawn = built.sample(2000, asked, generator())
    for code in (0, 1):
        # Each drawn code lies on its own moon, and every part of the moon is drawn.
        own, other = z[y == code], z[y != code]
        made = drawn[asked == code]
        nearer = torch.cdist(made, own).min(1).values < torch.cdist(made, other).min(1).values
        assert float(nearer.float().mean()) > 0.95
        assert float((torch.cdist(own, made).min(1).values < 0.5).float().mean()) > 0.9


def test_no_gradient_passes_from_a_prior_to_the_codes():
    for prior in (FlowPrior(), DiffusionPrior()):
        z = torch.randn(16, 4, requires_grad=True)
        prior.build(Spec((9,)), 4).train().loss(z, None, generator()).backward()
        assert z.grad is None


@pytest.mark.slow
@pytest.mark.parametrize(("cls", "prior"), [(VAE, "mixture"), (Autoencoder, "flow")])
def test_samples_follow_the_rows_where_codes_do_not_follow_the_standard_normal(cls, prior):
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 600)
    X = np.column_stack([np.cos(angle), np.sin(angle), np.cos(2 * angle)])
    X += 0.05 * rng.normal(size=X.shape)
    given = {"latent_dim": 2, "budget": "400 steps", "precision": "float32", "random_state": 0}
    made = np.asarray(cls(prior=prior, **given).fit(X).sample(2000))
    radius = np.hypot(made[:, 0], made[:, 1])
    assert np.median(np.abs(radius - 1)) < 0.15
    if cls is VAE:
        standard = np.asarray(cls(prior="standard", **given).fit(X).sample(2000))
        off = np.median(np.abs(np.hypot(standard[:, 0], standard[:, 1]) - 1))
        assert np.median(np.abs(radius - 1)) < off


def test_the_bound_of_the_vae_is_of_the_prior_that_samples_come_from():
    X = np.random.default_rng(0).normal(size=(400, 3)) @ np.diag([3.0, 1.0, 0.2])
    given = {"latent_dim": 2, "budget": "200 steps", "precision": "float32", "random_state": 0}
    model = VAE(prior="mixture", **given).fit(X)
    bound = model.score(X)
    model.net_.prior = StandardPrior().build(model.spec_, 2)
    assert model.score(X) != pytest.approx(bound, abs=1e-4)
