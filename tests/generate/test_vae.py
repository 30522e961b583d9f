"""The VAE: its two terms against torch, its bound against a model that is solved in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import distributions, nn

from further.data import load
from further.data.dataset import as_dataset
from further.data.spec import Block, Spec
from further.generate.vae import VAE, BetaVAE, _noise_of_rows
from further.train.batch import Batch

SIZE, LATENT = 5, 2
SPEC = Spec((SIZE,), blocks=tuple(Block(f"x{i}", i, i + 1, "numeric") for i in range(SIZE)))


def small(cls=VAE, **parameters):
    given = {"latent_dim": LATENT, "width": 16, "depth": 1, "budget": "20 steps",
             "precision": "float32", "random_state": 0}  # fmt: skip
    return cls(**{**given, **parameters})


def random_net(model, spec=SPEC):
    """Return a net whose last layers are not at zero."""
    torch.manual_seed(0)
    net = model.build(spec)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
    return net


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_loss_is_distortion_plus_weighted_rate(beta):
    model = small(BetaVAE, beta=beta)
    net = random_net(model)
    x = torch.randn(64, SIZE)
    logged = model.objectives(net)[0].loss(Batch(x=x), torch.Generator().manual_seed(5))

    mean, log_scale = net.encode(x)
    posterior = distributions.Normal(mean, log_scale.exp())
    rate = distributions.kl_divergence(posterior, distributions.Normal(0.0, 1.0)).sum(1).mean()
    z = mean + log_scale.exp() * torch.randn(64, LATENT, generator=torch.Generator().manual_seed(5))
    likelihood = distributions.Normal(net.decode(z, None), net.likelihood.log_scale.exp())
    distortion = -likelihood.log_prob(x).sum(1).mean()

    torch.testing.assert_close(logged["rate"], rate)
    torch.testing.assert_close(logged["reconstruction"], distortion)
    torch.testing.assert_close(logged["loss"], distortion + beta * rate)


class LinearGaussian:
    """Probabilistic principal components: x = W z + s e, whose likelihood is known.

    The columns of W are orthogonal, so that the posterior of z has a diagonal covariance, as the
    encoder's has.
    """

    def __init__(self, posterior_off_by=0.0):
        generator = torch.Generator().manual_seed(0)
        basis, _ = torch.linalg.qr(torch.randn(SIZE, LATENT, generator=generator))
        self.W = basis * torch.tensor([1.5, 0.7])
        self.s = 0.5
        self.model = small()
        net = random_net(self.model)
        # Posterior: covariance (I + W'W / s²)⁻¹, mean that times W'x / s².
        precision = 1 + (self.W.square().sum(0)) / self.s**2
        encoder = nn.Linear(SIZE, 2 * LATENT)
        decoder = nn.Linear(LATENT, SIZE, bias=False)
        with torch.no_grad():
            encoder.weight.zero_()
            encoder.weight[:LATENT] = self.W.T / self.s**2 / precision[:, None]
            encoder.bias.zero_()
            encoder.bias[LATENT:] = -0.5 * precision.log() + posterior_off_by
            decoder.weight.copy_(self.W)
            net.likelihood.log_scale.fill_(math.log(self.s))
        net.encoder = encoder
        net.decoder = nn.Module()
        net.decoder.forward = lambda z, c: decoder(z)
        self.net = net
        self.x = torch.randn(200, LATENT, generator=generator) @ self.W.T
        self.x += self.s * torch.randn(200, SIZE, generator=generator)

    def log_likelihood(self):
        covariance = self.W @ self.W.T + self.s**2 * torch.eye(SIZE)
        normal = distributions.MultivariateNormal(torch.zeros(SIZE), covariance)
        return normal.log_prob(self.x)

    def elbo(self, seed=0):
        loss = self.model.objectives(self.net)[0].loss
        with torch.no_grad():
            logged = loss(Batch(x=self.x), torch.Generator().manual_seed(seed))
        return -float(logged["loss"])

    def bound(self, draws, monkeypatch, seed=0):
        monkeypatch.setattr("further.generate.vae.IMPORTANCE_SAMPLES", draws)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            return self.model.log_likelihood(self.net, Batch(x=self.x), generator)


@pytest.mark.parametrize("draws", [1, 7])
def test_with_the_true_posterior_the_bound_is_the_likelihood(draws, monkeypatch):
    solved = LinearGaussian()
    bound = solved.bound(draws, monkeypatch)
    torch.testing.assert_close(bound, solved.log_likelihood(), atol=1e-3, rtol=1e-3)


def test_with_the_true_posterior_the_elbo_is_the_likelihood():
    solved = LinearGaussian()
    # Only the mean over draws of z is; the sampled distortion varies.
    elbo = np.mean([solved.elbo(seed) for seed in range(300)])
    assert elbo == pytest.approx(float(solved.log_likelihood().mean()), abs=0.02)


def test_more_draws_make_the_bound_tighter(monkeypatch):
    solved = LinearGaussian(posterior_off_by=0.5)
    true = float(solved.log_likelihood().mean())
    bounds = [float(solved.bound(draws, monkeypatch).mean()) for draws in (1, 8, 64, 512)]
    elbo = np.mean([solved.elbo(seed) for seed in range(300)])
    one_draw = [float(solved.bound(1, monkeypatch, seed).mean()) for seed in range(50)]
    assert elbo == pytest.approx(np.mean(one_draw), abs=0.05)
    assert elbo < true - 0.3
    assert bounds == sorted(bounds)
    assert bounds[-1] < true + 0.02
    assert true - bounds[-1] < 0.2 * (true - bounds[0])


def test_noise_depends_on_the_row_and_the_seed_alone():
    x = torch.randn(6, 3)
    generator = torch.Generator().manual_seed(1)
    noise = _noise_of_rows(x, (4, 2), generator)
    assert noise.shape == (4, 6, 2)
    order = torch.tensor([3, 1, 5])
    assert torch.equal(_noise_of_rows(x[order], (4, 2), generator), noise[:, order])
    other = _noise_of_rows(x, (4, 2), torch.Generator().manual_seed(2))
    assert not torch.equal(noise, other)
    many = _noise_of_rows(torch.randn(2000, 3), (4, 2), generator)
    assert abs(float(many.mean())) < 0.02
    assert float(many.std()) == pytest.approx(1, abs=0.02)


def test_beta_of_one_is_the_vae():
    X = np.random.default_rng(0).normal(size=(100, SIZE))
    vae, beta = small().fit(X), small(BetaVAE, beta=1.0).fit(X)
    for name, value in vae.net_.state_dict().items():
        assert torch.equal(beta.net_.state_dict()[name], value)
    np.testing.assert_array_equal(vae.sample(5), beta.sample(5))


@pytest.mark.slow
def test_beta_trades_rate_for_reconstruction():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2)) @ rng.normal(size=(2, SIZE))
    rates, distortions = [], []
    for beta in (0.1, 1.0, 10.0):
        last = small(BetaVAE, beta=beta, budget="150 steps").fit(X).history_.iloc[-1]
        rates.append(last["val_rate"])
        distortions.append(last["val_reconstruction"])
    assert rates == sorted(rates, reverse=True)
    assert distortions == sorted(distortions)


def test_the_bound_is_no_more_than_a_density():
    """Over all values its exponential integrates to at most one, and after training to not much
    less."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(-2, 0.5, 200), rng.normal(1, 0.3, 200)])[:, None]
    model = small(latent_dim=1, width=32, budget="300 steps").fit(X)
    grid = np.linspace(-8, 8, 2001, dtype=np.float32)[:, None]
    density = np.exp(model.log_likelihoods_encoded(grid, None))
    total = float(density.sum() * (grid[1, 0] - grid[0, 0]))
    assert 0.9 < total < 1.02


def test_grey_levels_that_are_no_likelihood_have_none():
    X = load_digits().images[:60].astype(int)
    bernoulli = small(likelihood="bernoulli", budget="2 steps").fit(X)
    assert not hasattr(bernoulli, "score_samples")
    assert (
        bernoulli.log_likelihoods_encoded(bernoulli.encoding_.encode(as_dataset(X)), None) is None
    )
    assert hasattr(small(likelihood="categorical", budget="2 steps").fit(X), "score_samples")


@pytest.fixture(scope="module")
def trained():
    data = as_dataset(*load_digits(return_X_y=True))
    images = as_dataset(load_digits().images.astype(int), data.codes)
    split = images.split(seed=0)
    train, test = images.take(split.train), images.take(split.test)
    model = VAE(
        width=128, budget="400 steps", precision="float32", random_state=0,
        training={"batch_size": 128},
    )  # fmt: skip
    return model.fit(train, validation=images.take(split.validation)), train, test


def test_it_codes_digits_in_fewer_bits_than_a_histogram_of_every_pixel(trained):
    model, train, test = trained
    bits = -model.score_samples(test).mean() / 64 / math.log(2)
    # The control: a probability for each grey level of each pixel in each class, by counting.
    counts = np.full((10, 64, 17), 0.1)
    for label, row in zip(train.codes, train.values.reshape(-1, 64), strict=True):
        counts[label, np.arange(64), row] += 1
    probabilities = counts / counts.sum(-1, keepdims=True)
    pixels = test.values.reshape(-1, 64)
    by_counting = probabilities[test.codes[:, None], np.arange(64), pixels]
    assert bits < -np.log2(by_counting).mean() - 0.1
    assert bits < math.log2(17)


def test_its_samples_are_of_the_class_that_was_asked_for(trained):
    from sklearn.svm import SVC

    model, train, _ = trained
    judge = SVC().fit(train.values.reshape(-1, 64), train.codes)
    y = np.repeat(model.classes_, 20)
    made = model.sample(y=y)
    assert (judge.predict(made.reshape(-1, 64)) == y.astype(int)).mean() > 0.8


def test_reconstructions_are_near_and_codes_are_spread_as_the_prior(trained):
    model, _, test = trained
    codes = model.transform(test)
    rebuilt = model.inverse_transform(codes, test.codes)
    error = ((rebuilt.astype(float) - test.values) ** 2).mean()
    assert error < 0.5 * test.values.astype(float).var(axis=0).mean()
    assert np.abs(codes.mean(0)).max() < 0.7
    assert codes.std(0).max() < 1.5


def test_faces_are_drawn_without_grain_from_the_first_step(real_data):
    """Photographs take wavelet coefficients: what lies side by side is alike, as in the rows."""
    faces = load(real_data / "olivetti_faces").take(np.arange(0, 300, 3))
    model = VAE(budget="1 step", precision="float32", random_state=0).fit(faces)
    assert model.likelihood_told == "discretized logistic distributions of wavelet coefficients"
    assert model.transform(faces).shape == (100, 128)

    def roughness(pictures):
        values = np.asarray(pictures, dtype=float).reshape(-1, 64, 64)
        return np.abs(np.diff(values, axis=2)).mean() / values.std()

    drawn = model.sample(100, random_state=0)
    assert roughness(drawn) < 2 * roughness(faces.values)
    grain = np.random.default_rng(0).normal(0, 20, drawn.shape)
    assert roughness(faces.values + grain) > 2 * roughness(faces.values)
