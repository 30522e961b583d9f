"""Principal components against an eigendecomposition, the linear denoiser against the optimum."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from further.nn.linear_denoiser import LinearDenoiser
from further.nn.principal_components import principal_components

SIDE = 12


def smooth_pictures(n, seed):
    """Pictures of a Gaussian whose covariance falls with the distance; with that covariance."""
    place = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), -1).reshape(-1, 2)
    squared = np.square(place[:, None] - place[None]).sum(-1)
    covariance = 0.2 * np.exp(-squared / 18) + 1e-4 * np.eye(len(place))
    x = np.random.default_rng(seed).multivariate_normal(np.full(len(place), 0.3), covariance, n)
    return torch.from_numpy(x).float().view(n, 1, SIDE, SIDE), torch.from_numpy(covariance).float()


def test_components_as_an_eigendecomposition():
    x, _ = smooth_pictures(400, 0)
    found = principal_components(x, 5)
    values, vectors = np.linalg.eigh(np.cov(x.flatten(1).numpy().T.astype(float)))
    np.testing.assert_allclose(found.variances, values[::-1][:5], rtol=1e-3)
    assert found.rest == pytest.approx(values[:-5].mean(), rel=1e-3)
    assert np.abs((found.directions.numpy() @ vectors[:, ::-1][:, :5]).diagonal()).min() > 0.99


def test_codes_are_those_of_the_gaussian():
    x, _ = smooth_pictures(400, 0)
    found = principal_components(x, 5)
    loadings = found.loadings.double()
    total = loadings.T @ loadings + found.rest * torch.eye(SIDE**2)
    gain = loadings @ torch.linalg.inv(total)
    torch.testing.assert_close(found.scoring.double(), gain, atol=1e-3, rtol=1e-3)
    left = torch.eye(5) - gain @ loadings.T
    torch.testing.assert_close(
        found.log_scales.double(), 0.5 * left.diagonal().log(), atol=1e-3, rtol=0
    )


@pytest.mark.parametrize("sigma", [0.05, 0.3, 0.9])
@pytest.mark.parametrize(("n", "over"), [(2000, 1.1), (60, 1.6)])
def test_denoises_nearly_as_well_as_the_true_gaussian(n, over, sigma):
    x, covariance = smooth_pictures(n, 0)
    denoiser = LinearDenoiser((1, SIDE, SIDE))
    denoiser.fit(x, torch.Generator().manual_seed(0))
    clean, _ = smooth_pictures(500, 1)
    alpha = (1 - sigma**2) ** 0.5
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
    shares = [torch.full((500, 1, 1, 1), share) for share in (alpha, sigma)]
    made, lack = denoiser(alpha * clean + sigma * noise, *shares)
    error = (made - clean).square().mean()
    noisy = alpha**2 * covariance + sigma**2 * torch.eye(SIDE**2)
    least = (covariance - alpha**2 * covariance @ torch.linalg.solve(noisy, covariance)).trace()
    assert error < over * least / SIDE**2
    assert lack[0].item() == pytest.approx(error.sqrt().item(), rel=0.3)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_pictures_or_all_alike_give_finite_ones(n):
    denoiser = LinearDenoiser((1, SIDE, SIDE))
    denoiser.fit(torch.zeros(n, 1, SIDE, SIDE), torch.Generator().manual_seed(0))
    one = torch.ones(2, 1, 1, 1)
    made, lack = denoiser(torch.randn(2, 1, SIDE, SIDE), 0.6 * one, 0.8 * one)
    assert made.isfinite().all()
    assert lack.isfinite().all()
