"""Schedules, predictions, samplers and the bound, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from further.errors import InputError
from further.generate.diffusion_bound import (
    BoundSettings,
    _discretised_gaussian,
    _interpolate,
    _prior_term,
    choose_settings,
    negative_bound,
    published_settings,
)
from further.generate.diffusion_prediction import PREDICTIONS
from further.generate.diffusion_samplers import DDIM, Ancestral, DPMSolver
from further.generate.noise_schedule import SCHEDULES, Cosine, Linear, NoiseSchedule


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# Schedules ---------------------------------------------------------------------------------------


def test_linear_schedule_is_the_published_one():
    schedule = Linear()
    beta = schedule.beta()
    assert (beta[0], beta[-1], len(beta)) == (1e-4, 0.02, 1000)
    np.testing.assert_allclose(np.diff(beta), (0.02 - 1e-4) / 999)
    # √ᾱ_T = 0.00635: "the KL of the prior is about 1e-5 bits per dimension" (Ho et al. 2020).
    assert schedule.alpha_bar()[-1] == pytest.approx(4.0358e-5, rel=1e-4)


def test_cosine_schedule_follows_its_closed_form():
    alpha_bar = Cosine().alpha_bar()
    t = np.arange(1, 1001) / 1000
    f = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2
    expected = f / np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    # Only the last variance is cut off.
    np.testing.assert_allclose(alpha_bar[:-1], expected[:-1], rtol=1e-9)
    assert Cosine().beta().max() == pytest.approx(0.999)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_alpha_bar_falls_from_one_to_zero(schedule):
    alpha_bar = schedule.alpha_bar()
    assert (np.diff(alpha_bar) < 0).all()
    assert alpha_bar[0] > 0.999
    assert alpha_bar[-1] < 1e-4


def test_forward_process_has_the_moments_of_its_closed_form():
    """Step by step, x_t = √(1 - β_t) x_{t-1} + √β_t z, as against N(α_t x_0, σ_t²)."""
    schedule = Cosine(steps=20)
    x = torch.full((200_000,), 2.0, dtype=torch.float64)
    for beta, alpha_bar in zip(schedule.beta(), schedule.alpha_bar(), strict=True):
        noise = torch.randn(x.shape, generator=generator(int(1e6 * beta)), dtype=torch.float64)
        x = math.sqrt(1 - beta) * x + math.sqrt(beta) * noise
        assert float(x.mean()) == pytest.approx(2 * math.sqrt(alpha_bar), abs=0.015)
        assert float(x.var()) == pytest.approx(1 - alpha_bar, abs=0.015)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Linear(steps=0), "steps=0 must be at least 1"),
        (lambda: Linear(first=0.5, last=0.1), "0 < first <= last < 1"),
        (lambda: Cosine(offset=-1), "offset=-1 must be at least 0"),
        (lambda: DPMSolver(steps=0), "steps=0 must be at least 1"),
        (lambda: DDIM(eta=2), r"eta=2 must be in \[0, 1\]"),
        (lambda: DDIM(steps=30).levels(20), "choose at most 20"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_schedule_must_say_what_it_is():
    with pytest.raises(TypeError, match="does not say"):
        NoiseSchedule().beta()


# Predictions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("prediction", PREDICTIONS.values(), ids=PREDICTIONS)
def test_the_true_target_gives_the_data_back(prediction):
    x, noise = torch.randn(2, 50, 3, generator=generator(), dtype=torch.float64)
    angle = torch.linspace(0.01, 1.5, 50, dtype=torch.float64)[:, None]
    alpha, sigma = angle.cos(), angle.sin()
    target = prediction.target(x, noise, alpha, sigma)
    found = prediction.data(target, alpha * x + sigma * noise, alpha, sigma)
    torch.testing.assert_close(found, x)


# Samplers, on x_0 ~ N(μ, s²), whose best denoiser and exact trajectories are known ----------------

MEAN, SCALE = 0.3, 0.5


def gaussian_denoiser(alpha_bar: np.ndarray):
    def denoise(x, level):
        a, variance = math.sqrt(alpha_bar[level]), 1 - alpha_bar[level]
        gain = a * SCALE**2 / (a**2 * SCALE**2 + variance)
        return MEAN + gain * (x - a * MEAN)

    return denoise


def exact_flow(x, alpha_bar):
    """Follow the probability-flow equation, which keeps standard scores, to the data."""
    a = math.sqrt(alpha_bar[-1])
    spread = math.sqrt(a**2 * SCALE**2 + 1 - alpha_bar[-1])
    return MEAN + SCALE * (x - a * MEAN) / spread


def error(sampler, schedule="cosine"):
    alpha_bar = SCHEDULES[schedule].alpha_bar()
    x = torch.linspace(-2.5, 2.5, 101, dtype=torch.float64)
    found = sampler.sample(gaussian_denoiser(alpha_bar), x, alpha_bar, generator())
    return float((found - exact_flow(x, alpha_bar)).abs().max())


def test_the_solvers_have_their_order():
    first = [error(DDIM(k)) for k in (10, 20, 40)]
    second = [error(DPMSolver(k)) for k in (10, 20, 40)]
    # Twice the steps: half the error for the first order, a quarter for the second.
    assert first[0] / first[2] == pytest.approx(4, rel=0.25)
    assert second[0] / second[2] > 11
    assert all(b < a / 3 for a, b in zip(first[1:], second[1:], strict=True))
    assert second[1] < 0.01


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("sampler", [DDIM(500), DPMSolver(100)], ids=repr)
def test_many_steps_reach_the_exact_solution(sampler, schedule):
    assert error(sampler, schedule) < 0.01


def test_two_steps_of_the_second_order_by_hand():
    alpha_bar = np.array([0.9, 0.6, 0.2])
    estimates = {2: 1.0, 1: 0.5, 0: -0.25}
    seen = []

    def denoise(x, level):
        seen.append((level, float(x)))
        return torch.full_like(x, estimates[level])

    start = torch.tensor(0.7, dtype=torch.float64)
    out = DPMSolver(3).sample(denoise, start, alpha_bar, generator())
    assert float(out) == -0.25
    lam = [0.5 * math.log(a / (1 - a)) for a in alpha_bar]
    h1, h2 = lam[1] - lam[2], lam[0] - lam[1]
    x1 = math.sqrt(0.4 / 0.8) * 0.7 - math.sqrt(0.6) * (math.exp(-h1) - 1) * 1.0
    slope = 0.5 + h2 / (2 * h1) * (0.5 - 1.0)
    x0 = math.sqrt(0.1 / 0.4) * x1 - math.sqrt(0.9) * (math.exp(-h2) - 1) * slope
    assert [level for level, _ in seen] == [2, 1, 0]
    assert [x for _, x in seen] == pytest.approx([0.7, x1, x0])


def test_ancestral_step_is_the_posterior_of_the_process():
    """q(x_{t-1} | x_t, x_0) of Ho et al. (2020), equations 6 and 7."""
    schedule = Linear(steps=2)
    beta, alpha_bar = schedule.beta(), schedule.alpha_bar()
    x, estimate = 0.4, -0.7
    last = []

    def denoise(x_t, level):
        last.append(x_t)
        return torch.full_like(x_t, estimate)

    start = torch.full((400_000,), x, dtype=torch.float64)
    Ancestral(2).sample(denoise, start, alpha_bar, generator())
    mean = (
        math.sqrt(alpha_bar[0]) * beta[1] / (1 - alpha_bar[1]) * estimate
        + math.sqrt(1 - beta[1]) * (1 - alpha_bar[0]) / (1 - alpha_bar[1]) * x
    )
    variance = (1 - alpha_bar[0]) / (1 - alpha_bar[1]) * beta[1]
    assert float(last[1].mean()) == pytest.approx(mean, abs=5 * math.sqrt(variance / 4e5))
    assert float(last[1].var()) == pytest.approx(variance, rel=0.01)


def test_ancestral_sampling_draws_from_the_target():
    alpha_bar = Linear().alpha_bar()
    x = torch.randn(20_000, generator=generator(), dtype=torch.float64)
    drawn = Ancestral().sample(gaussian_denoiser(alpha_bar), x, alpha_bar, generator(1))
    assert float(drawn.mean()) == pytest.approx(MEAN, abs=0.015)
    assert float(drawn.std()) == pytest.approx(SCALE, abs=0.015)


def test_levels_go_from_the_top_evenly_and_never_twice():
    assert DDIM(4).levels(1000) == [999, 749, 499, 249]
    assert DDIM(5).levels(5) == [4, 3, 2, 1, 0]
    assert DDIM(1).levels(7) == [6]
    levels = DDIM(37).levels(40)
    assert len(set(levels)) == 37
    assert min(levels) >= 0


# The bound ---------------------------------------------------------------------------------------


def test_discretised_gaussian_sums_to_one_and_stays_accurate_in_the_tails():
    grey = torch.linspace(-1, 1, 17).repeat(3, 1)
    mean = torch.tensor([[-1.4], [0.03], [0.99]]).expand(3, 17)
    p = _discretised_gaussian(grey, mean, 0.08, 17)
    torch.testing.assert_close(p.exp().sum(1), torch.ones(3, dtype=torch.float64))
    far = _discretised_gaussian(torch.tensor([0.0]), torch.tensor([1.0]), 0.01, 3, outliers=0)
    # log Φ(-50) = -1254.8313611...
    assert float(far) == pytest.approx(-1254.83136, abs=1e-3)


def test_prior_term_by_hand():
    x = torch.tensor([[0.5, -1.0]])
    a = 0.3
    expected = sum(0.5 * (a * v**2 + (1 - a) - 1 - math.log(1 - a)) for v in (0.5, -1.0))
    found = _prior_term(x, torch.tensor([0.9, a], dtype=torch.float64))
    assert float(found) == pytest.approx(expected)


def coin(alpha_bar):
    """Return the exact denoiser of pixels that are -1 or 1 with equal probability."""

    def denoise(x_t, index):
        a = alpha_bar[index].view(-1, 1)
        return torch.tanh(a.sqrt() * x_t / (1 - a)).float()

    return denoise


@pytest.mark.parametrize("settings", ["published", "chosen"])
def test_bound_of_fair_coins_is_one_bit_a_pixel(settings):
    """With the exact denoiser the bound is log 2 from above, up to the process's discreteness.

    A third grey level between the two never occurs, so a decoder alone, at t = T, is not enough.
    """
    alpha_bar = torch.from_numpy(Cosine().alpha_bar())
    x = torch.randint(0, 2, (400, 32), generator=generator()).float() * 2 - 1
    found = published_settings(alpha_bar)
    evaluations = 200
    if settings == "chosen":
        found = choose_settings(coin(alpha_bar), x[:200], alpha_bar, 3, generator(1))
        evaluations = 32
        assert 0 < found.start < 999
        assert found.proposal.sum() == pytest.approx(1)
        assert not found.proposal[: found.start + 1].any()
    nats = negative_bound(
        coin(alpha_bar), x, alpha_bar, 3, found, generator(2), evaluations=evaluations
    )
    assert float(nats.mean()) / (32 * math.log(2)) == pytest.approx(1, abs=0.03)


def test_bound_of_a_constant_is_zero():
    alpha_bar = torch.from_numpy(Linear().alpha_bar())
    x = torch.full((10, 4), 0.5)

    def know(x_t, index):
        return torch.full_like(x_t, 0.5)

    settings = published_settings(alpha_bar)
    found = negative_bound(know, x, alpha_bar, 5, settings, generator())
    # What is left is the prior, as the noise at T keeps a little of the signal, and the outliers.
    expected = _prior_term(x, alpha_bar) - 4 * math.log(1 - 0.001 + 0.001 / 5)
    torch.testing.assert_close(found.double(), expected, atol=1e-6, rtol=1e-4)


def test_the_estimate_does_not_depend_on_the_proposal():
    alpha_bar = torch.from_numpy(Linear(steps=50, first=1e-3, last=0.3).alpha_bar())
    denoise = coin(alpha_bar)
    x = torch.ones(4000, 2)
    uniform = published_settings(alpha_bar)
    tilted = torch.where(torch.arange(50) > 0, torch.linspace(1, 5, 50).double(), 0.0)
    other = BoundSettings(0, uniform.scale, tilted / tilted.sum())
    a = negative_bound(denoise, x, alpha_bar, 2, uniform, generator(1))
    b = negative_bound(denoise, x, alpha_bar, 2, other, generator(2))
    spread = math.sqrt(float(a.var() + b.var()) / 4000)
    assert float(a.mean() - b.mean()) == pytest.approx(0, abs=4 * spread)


def test_interpolation_between_measured_levels():
    found = _interpolate(torch.tensor([0.0, 10.0, 10.0]), torch.tensor([0, 2, 5]), 6)
    assert found.tolist() == [0, 5, 10, 10, 10, 10]
