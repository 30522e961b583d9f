"""The autoencoders: losses by hand, the density of the codes, and reconstruction of digits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from torch import nn

from further.data.dataset import as_dataset
from further.data.spec import Block, Spec
from further.errors import InputError
from further.generate.autoencoder import Autoencoder, _reconstruction_loss
from further.generate.denoising import DenoisingAutoencoder
from further.generate.latent_density import LatentDensity

PICTURE = Spec((1, 1, 2), levels=256)
TABLE = Spec((4,), blocks=(Block("a", 0, 1, "numeric"), Block("b", 1, 4, "categorical")))


def small(cls=Autoencoder, **parameters):
    given = {"latent_dim": 2, "budget": "20 steps", "precision": "float32", "random_state": 0}
    return cls(**{**given, **parameters})


@pytest.mark.parametrize(
    ("activation", "loss", "expected"),
    [
        # eta = (0, ln 3), so that the sigmoids are 1/2 and 3/4; x = (1, 0).
        ("linear", "mean_squared_error", (1 + np.log(3) ** 2) / 2),
        ("sigmoid", "mean_squared_error", (0.25 + 0.75**2) / 2),
        ("sigmoid", "binary_cross_entropy", (np.log(2) + np.log(4)) / 2),
        ("sigmoid", "auto", (0.25 + 0.75**2) / 2),
    ],
)
def test_losses_of_pictures_by_hand(activation, loss, expected):
    net = small(hidden=(3,), output_activation=activation).build(PICTURE)
    eta = torch.tensor([[0.0, np.log(3.0)]])
    x = torch.tensor([1.0, 0.0]).view(1, 1, 1, 2)
    assert float(_reconstruction_loss(loss, net, eta, x)) == pytest.approx(expected, rel=1e-5)


def test_the_loss_of_a_table_by_hand():
    net = small(hidden=(3,)).build(TABLE)
    eta = torch.tensor([[0.5, 0.0, np.log(2.0), np.log(3.0)]])
    x = torch.tensor([[2.0, 0.0, 1.0, 0.0]])
    expected = (1.5**2 - np.log(2 / 6)) / 4
    assert float(_reconstruction_loss("auto", net, eta, x)) == pytest.approx(expected, rel=1e-5)


def test_layers_are_mirrored():
    net = small(hidden=(64, 16), latent_dim=4).build(Spec((1, 28, 28), levels=256))
    sizes = [
        (layer.in_features, layer.out_features)
        for layer in net.modules()
        if isinstance(layer, nn.Linear)
    ]
    assert sizes == [(784, 64), (64, 16), (16, 4), (4, 16), (16, 64), (64, 784)]


def test_cross_entropy_of_a_table_is_refused():
    with pytest.raises(InputError, match=r'is for pictures, .*; take "auto" for a table'):
        small(loss="binary_cross_entropy").fit(np.random.default_rng(0).normal(size=(20, 3)))


def test_the_optimizer_that_was_asked_for_is_taken():
    X = np.random.default_rng(0).normal(size=(60, 3))
    weights = []
    for optimizer in ("auto", "adamw", "sgd", "adadelta"):
        net = small(optimizer=optimizer).fit(X).net_
        weights.append(torch.cat([p.flatten() for p in net.parameters()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[2], weights[3])


def test_the_linear_autoencoder_finds_the_principal_subspace():
    """Without hidden layers and to the end, squared error is minimised by the subspace of PCA."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2)) @ rng.normal(size=(2, 6)) + 0.05 * rng.normal(size=(400, 6))
    model = small(
        hidden=(), budget="600 steps", training={"learning_rate": 2e-2, "averaging": 0.9}
    ).fit(X)
    x = model.encoding_.encode(as_dataset(X))
    rebuilt = model.inverse_transform_encoded(model.transform_encoded(x), None)
    pca = PCA(2).fit(x)
    best = ((pca.inverse_transform(pca.transform(x)) - x) ** 2).mean()
    assert best <= ((rebuilt - x) ** 2).mean() < 1.15 * best


@pytest.fixture(scope="module")
def digits_split():
    images, y = load_digits().images.astype(int), load_digits().target
    data = as_dataset(images, y)
    split = data.split(seed=0)
    return tuple(data.take(rows) for rows in (split.train, split.validation, split.test))


@pytest.mark.slow
def test_it_rebuilds_digits_better_than_principal_components(digits_split):
    train, validation, test = digits_split
    model = Autoencoder(latent_dim=8, budget="500 steps", precision="float32", random_state=0)
    model.fit(train, validation=validation)
    x = {
        name: part.values.reshape(-1, 64) / 16 for name, part in (("train", train), ("test", test))
    }
    pca = PCA(8).fit(x["train"])
    by_pca = ((pca.inverse_transform(pca.transform(x["test"])) - x["test"]) ** 2).mean()
    codes = model.transform(test)
    assert codes.shape == (len(test), 8)
    rebuilt = model.inverse_transform(codes, test.codes).reshape(-1, 64) / 16
    error = ((rebuilt - x["test"]) ** 2).mean()
    assert error < by_pca < x["test"].var(axis=0).mean()


@pytest.mark.slow
def test_denoising_makes_digits_cleaner(digits_split):
    train, validation, test = digits_split
    clean = test.values / 16
    for noise, level in (("gaussian", 0.3), ("masking", 0.3), ("salt_and_pepper", 0.2)):
        model = DenoisingAutoencoder(
            noise=noise, noise_level=level, budget="300 steps", precision="float32", random_state=0
        ).fit(train, validation=validation)
        noisy = model.add_noise(test, random_state=1)
        repaired = model.denoise(noisy)
        assert ((repaired - clean) ** 2).mean() < 0.6 * ((noisy - clean) ** 2).mean(), noise


def test_noises_do_what_they_say():
    x = torch.full((400, 1, 8, 8), 0.5)
    spec, seed = Spec((1, 8, 8), levels=17), lambda: torch.Generator().manual_seed(0)
    gaussian = DenoisingAutoencoder(noise="gaussian", noise_level=0.2).corrupt(x, spec, seed())
    assert float((gaussian - x).std()) == pytest.approx(0.2, abs=0.01)
    masked = DenoisingAutoencoder(noise="masking", noise_level=0.25).corrupt(x, spec, seed())
    assert set(masked.unique().tolist()) == {0.0, 0.5}
    assert float((masked == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    salted = DenoisingAutoencoder(noise="salt_and_pepper", noise_level=0.4).corrupt(x, spec, seed())
    for value in (0.0, 1.0):
        assert float((salted == value).float().mean()) == pytest.approx(0.2, abs=0.02)
    none = DenoisingAutoencoder(noise="masking", noise_level=0.0).corrupt(x, spec, seed())
    assert torch.equal(none, x)


def density_of(z, y=None, n_classes=0):
    density = LatentDensity(n_classes, z.shape[1])
    n_parameters = density.fit(torch.from_numpy(z).float(), y, seed=0)
    return density, n_parameters


def test_the_density_of_codes_matches_their_moments():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2000, 3)) @ rng.normal(size=(3, 3)) + [1.0, -2.0, 3.0]
    density, n_parameters = density_of(z)
    made = density.sample(20_000, None, torch.Generator().manual_seed(0)).numpy()
    np.testing.assert_allclose(made.mean(0), z.mean(0), atol=0.1)
    np.testing.assert_allclose(np.cov(made.T), np.cov(z.T), atol=0.25)
    assert int((density.weights > 0).sum()) == 1
    assert n_parameters == 3 + 6


def test_two_clouds_get_two_components():
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(-5, 1, (300, 2)), rng.normal(5, 0.5, (100, 2))])
    density, _ = density_of(z)
    made = density.sample(4000, None, torch.Generator().manual_seed(0)).numpy()
    left = made[:, 0] < 0
    assert left.mean() == pytest.approx(0.75, abs=0.03)
    np.testing.assert_allclose(made[left].std(0), 1, atol=0.1)
    np.testing.assert_allclose(made[~left].std(0), 0.5, atol=0.05)
    # Between the clouds there is nothing.
    assert (np.abs(made[:, 0]) < 2).mean() < 0.01


def test_every_class_has_its_own_density():
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    z = rng.normal(size=(300, 2)) + 10 * y[:, None]
    density, _ = density_of(z, torch.from_numpy(y), n_classes=3)
    asked = torch.tensor([2, 0, 1] * 200)
    made = density.sample(600, asked, torch.Generator().manual_seed(0))
    for label in range(3):
        mean = made[asked == label].mean(0)
        np.testing.assert_allclose(mean, [10 * label] * 2, atol=0.4)


def test_fewer_rows_than_dimensions_and_a_class_of_one_row():
    z = np.random.default_rng(0).normal(size=(9, 16))
    y = torch.tensor([0] * 8 + [1])
    density, _ = density_of(z, y, n_classes=3)
    made = density.sample(30, torch.tensor([0, 1, 2] * 10), torch.Generator().manual_seed(0))
    assert made.isfinite().all()
    assert float(made.abs().max()) < 10
    constant, _ = density_of(np.ones((20, 4)))
    made = constant.sample(5, None, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(made, 1.0, atol=1e-2)


def test_the_density_is_kept_with_the_network():
    density, _ = density_of(np.random.default_rng(0).normal(size=(100, 2)))
    again = LatentDensity(0, 2)
    again.load_state_dict(density.state_dict())
    a, b = (d.sample(5, None, torch.Generator().manual_seed(0)) for d in (density, again))
    assert torch.equal(a, b)
