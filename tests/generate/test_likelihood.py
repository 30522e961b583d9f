"""Likelihoods against torch.distributions, by summing to one, and by what is drawn from them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import logistic
from torch import distributions

from further.data.spec import Block, Spec
from further.errors import InputError
from further.generate.likelihood import (
    LIKELIHOODS,
    Bernoulli,
    Categorical,
    DiscretizedLogistic,
    Gaussian,
    Table,
    make_likelihood,
)
from further.nn.wavelet import wavelet_transform

BLOCKS = (
    Block("age", 0, 1, "numeric"),
    Block("colour", 1, 4, "categorical"),
    Block("height", 4, 5, "numeric"),
)
TABLE = Spec((5,), blocks=BLOCKS)


def pixel(levels):
    return Spec((1, 1, 1), levels=levels)


def every_level(levels):
    return torch.linspace(0, 1, levels).view(-1, 1, 1, 1)


def draw(likelihood, eta, n=20_000):
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        return likelihood.sample(eta.expand(n, -1), generator)


@pytest.mark.parametrize("levels", [2, 5, 17, 256])
@pytest.mark.parametrize("name", ["discretized_logistic", "categorical"])
def test_probabilities_of_the_grey_levels_sum_to_one(name, levels):
    likelihood = make_likelihood(name, pixel(levels))
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        eta = 3 * torch.randn(1, likelihood.outputs, generator=generator)
        for parameter in likelihood.parameters():
            torch.nn.init.uniform_(parameter, -5, 1, generator=generator)
        log_prob = likelihood.log_prob(eta.expand(levels, -1), every_level(levels))
        assert log_prob.exp().sum().item() == pytest.approx(1, abs=2e-4)


def test_bernoulli_of_two_levels_sums_to_one():
    likelihood = make_likelihood("auto", pixel(2))
    assert isinstance(likelihood, Bernoulli)
    assert likelihood.discrete
    eta = torch.tensor([[0.7], [0.7]])
    x = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)
    assert likelihood.log_prob(eta, x).exp().sum().item() == pytest.approx(1)
    assert not make_likelihood("bernoulli", pixel(17)).discrete


def test_bernoulli_as_torch():
    spec = Spec((1, 2, 3), levels=2)
    eta, x = torch.randn(4, 6), torch.randint(0, 2, (4, 1, 2, 3)).float()
    expected = distributions.Bernoulli(logits=eta).log_prob(x.flatten(1)).sum(1)
    torch.testing.assert_close(Bernoulli(spec).log_prob(eta, x), expected)


def test_gaussian_as_torch():
    likelihood = Gaussian(Spec((1, 2, 3)))
    with torch.no_grad():
        likelihood.log_scale.copy_(torch.linspace(-2, 1, 6))
    eta, x = torch.randn(4, 6), torch.randn(4, 1, 2, 3)
    expected = distributions.Normal(eta, likelihood.log_scale.exp()).log_prob(x.flatten(1)).sum(1)
    torch.testing.assert_close(likelihood.log_prob(eta, x), expected)


def test_categorical_as_torch():
    spec = Spec((1, 2, 3), levels=4)
    likelihood = Categorical(spec)
    eta, codes = torch.randn(5, 4 * 6), torch.randint(0, 4, (5, 6))
    logits = eta.unflatten(1, (4, 6)).transpose(1, 2)
    expected = distributions.Categorical(logits=logits).log_prob(codes).sum(1)
    log_prob = likelihood.log_prob(eta, codes.view(5, 1, 2, 3) / 3)
    torch.testing.assert_close(log_prob, expected)
    mean = (logits.softmax(-1) * torch.arange(4) / 3).sum(-1)
    torch.testing.assert_close(likelihood.mean(eta).flatten(1), mean)


def test_discretized_logistic_as_differences_of_the_distribution_function():
    levels = 17
    likelihood = DiscretizedLogistic(pixel(levels))
    eta = torch.tensor([[0.1]])
    centre, inverse = 0.6, torch.exp(-likelihood.log_scale).item()
    edges = (np.arange(levels - 1) + 0.5) / (levels - 1)
    below = logistic.cdf(edges, loc=centre, scale=1 / inverse)
    expected = torch.from_numpy(np.log(np.diff([0.0, *below, 1.0]))).float()
    log_prob = likelihood.log_prob(eta.expand(levels, -1), every_level(levels))
    torch.testing.assert_close(log_prob, expected, atol=1e-4, rtol=1e-4)


def test_gaussian_starts_from_the_deviations_of_the_rows():
    likelihood = Gaussian(Spec((1, 2, 3)))
    deviations = torch.tensor([0.01, 0.1, 0.2, 0.5, 1.0, 2.0])
    likelihood.fit(torch.zeros(4000, 6), (deviations * torch.randn(4000, 6)).view(-1, 1, 2, 3))
    torch.testing.assert_close(likelihood.log_scale.exp().detach(), deviations, rtol=0.1, atol=0.01)


SMOOTH = Spec((1, 16, 16), levels=256)


def smooth_noise(n, seed):
    """Deviations of pictures of 16x16 from their mean that are the same over four by four."""
    draws = np.random.default_rng(seed).normal(0, 0.08, (n, 1, 4, 4))
    fine = np.random.default_rng(seed + 1).normal(0, 0.004, (n, 1, 16, 16))
    return torch.from_numpy(draws.repeat(4, 2).repeat(4, 3) + fine).float()


def test_smooth_noise_takes_wavelets_and_is_drawn_smooth():
    likelihood = DiscretizedLogistic(SMOOTH)
    x = ((0.5 + smooth_noise(300, 0)) * 255).round().clamp(0, 255) / 255
    eta = torch.zeros(300, 256)
    likelihood.fit(eta, x)
    assert likelihood.by_wavelets
    drawn = draw(likelihood, eta[:1], 500) - 0.5
    beside = (drawn[..., 1:] * drawn[..., :-1]).mean() / drawn.square().mean()
    assert beside > 0.5  # of single pixels 0, of the rows 0.75
    # The noise of the training rows, by size and by what is new.
    assert drawn.std().item() == pytest.approx((x - 0.5).std().item(), rel=0.15)
    new = ((0.5 + smooth_noise(300, 7)) * 255).round().clamp(0, 255) / 255
    bits = -likelihood.log_prob(eta, new).mean().item() / 256 / math.log(2)
    pixels = DiscretizedLogistic(SMOOTH)
    with torch.no_grad():
        pixels.log_scale.copy_((x - 0.5).flatten(1).std(0).log() - 0.6)
    assert bits < -pixels.log_prob(eta, new).mean().item() / 256 / math.log(2) - 1


def test_the_probability_of_wavelet_coefficients_is_a_product_of_logistics():
    likelihood = DiscretizedLogistic(SMOOTH)
    likelihood.by_wavelets.fill_(True)
    x = torch.randint(0, 256, (3, 1, 16, 16)).float() / 255
    eta = 0.1 * torch.randn(3, 256)
    values = wavelet_transform(x * 255).numpy()
    centre = wavelet_transform((eta.view(x.shape) + 0.5) * 255, whole=False).numpy()
    scale = 255 * likelihood.log_scale.exp().detach().numpy()
    upper, lower = (logistic.cdf(values + half, centre, scale) for half in (0.5, -0.5))
    expected = np.log(upper - lower).sum(1)
    np.testing.assert_allclose(likelihood.log_prob(eta, x).detach(), expected, rtol=1e-3)


def test_noise_of_each_pixel_alone_and_black_margins_take_pixels():
    likelihood = DiscretizedLogistic(SMOOTH)
    x = (torch.rand(300, 1, 16, 16) > 0.7).float()
    x[..., :3, :] = 0
    likelihood.fit(x.mean(0).flatten().expand(300, -1) - 0.5, x)
    assert not likelihood.by_wavelets
    # A margin that was never anything but black may be grey elsewhere.
    assert likelihood.log_scale[:48].min() > -7


@pytest.mark.parametrize("size", [10.0, 100.0, 1e4])
@pytest.mark.parametrize("name", ["discretized_logistic", "categorical", "bernoulli"])
def test_far_out_it_is_finite_and_so_is_its_gradient(name, size):
    levels = 17
    likelihood = make_likelihood(name, pixel(levels))
    for sign in (-1, 1):
        eta = torch.full((levels, likelihood.outputs), sign * size, requires_grad=True)
        log_prob = likelihood.log_prob(eta, every_level(levels))
        assert log_prob.isfinite().all()
        assert (log_prob <= 0).all()
        (gradient,) = torch.autograd.grad(log_prob.sum(), eta)
        assert gradient.isfinite().all()


@pytest.mark.parametrize("name", ["discretized_logistic", "categorical"])
def test_what_is_drawn_has_these_probabilities(name):
    levels, n = 9, 20_000
    likelihood = make_likelihood(name, pixel(levels))
    eta = torch.randn(1, likelihood.outputs, generator=torch.Generator().manual_seed(2))
    expected = (
        likelihood.log_prob(eta.expand(levels, -1), every_level(levels)).exp().detach().numpy()
    )
    drawn = (draw(likelihood, eta, n).flatten() * (levels - 1)).numpy()
    np.testing.assert_allclose(drawn, drawn.round(), atol=1e-5)
    counts = np.bincount(drawn.round().astype(int), minlength=levels)
    # Five standard deviations of each count.
    spread = 5 * np.sqrt(n * expected * (1 - expected)) + 1
    assert (np.abs(counts - n * expected) < spread).all()


def test_table_is_gaussian_and_categorical():
    likelihood = make_likelihood("auto", TABLE)
    assert isinstance(likelihood, Table)
    with torch.no_grad():
        likelihood.log_scale.copy_(torch.tensor([-1.0, 0.5]))
    eta = torch.randn(6, 5)
    codes = torch.randint(0, 3, (6,))
    x = torch.randn(6, 5)
    x[:, 1:4] = torch.nn.functional.one_hot(codes, 3).float()
    numeric = distributions.Normal(eta[:, [0, 4]], likelihood.log_scale.exp())
    expected = numeric.log_prob(x[:, [0, 4]]).sum(1)
    expected = expected + distributions.Categorical(logits=eta[:, 1:4]).log_prob(codes)
    torch.testing.assert_close(likelihood.log_prob(eta, x), expected)


def test_table_draws_one_hots_and_scores():
    likelihood = make_likelihood("auto", TABLE)
    eta = torch.tensor([[0.5, 0.0, math.log(2), math.log(3), -2.0]])
    rows = draw(likelihood, eta)
    assert set(rows[:, 1:4].unique().tolist()) == {0.0, 1.0}
    assert (rows[:, 1:4].sum(1) == 1).all()
    np.testing.assert_allclose(rows[:, 1:4].mean(0), [1 / 6, 2 / 6, 3 / 6], atol=0.02)
    scale = likelihood.log_scale[0].exp().item()
    np.testing.assert_allclose(rows[:, [0, 4]].mean(0), [0.5, -2.0], atol=0.03)
    np.testing.assert_allclose(rows[:, [0, 4]].std(0), [scale, scale], atol=0.03)
    assert likelihood.mean(eta)[0].tolist() == [0.5, 0.0, 0.0, 1.0, -2.0]


def test_gaussian_pictures_are_drawn_around_their_mean():
    likelihood = Gaussian(Spec((1, 1, 2)))
    rows = draw(likelihood, torch.tensor([[0.2, 0.8]])).flatten(1)
    np.testing.assert_allclose(rows.mean(0), [0.2, 0.8], atol=0.02)
    np.testing.assert_allclose(rows.std(0), [math.exp(-1)] * 2, atol=0.02)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (TABLE, "table"),
        (Spec((1, 8, 8), levels=2), "bernoulli"),
        (Spec((1, 8, 8), levels=17), "discretized_logistic"),
        (Spec((1, 8, 8)), "gaussian"),
    ],
)
def test_what_fits_the_data_is_taken(spec, kind):
    assert type(make_likelihood("auto", spec)) is LIKELIHOODS[kind]


def test_what_does_not_fit_is_refused():
    for name in ("categorical", "discretized_logistic"):
        with pytest.raises(InputError, match="needs pictures with grey levels"):
            make_likelihood(name, Spec((1, 8, 8)))
    with pytest.raises(
        InputError, match='likelihood="bernoulli" does not fit a table; take "auto"'
    ):
        make_likelihood("bernoulli", TABLE)
