"""The latent diffusion model on digits and on a table of numbers and categories."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from further import VAE, LatentDiffusion

GIVEN = {"precision": "float32", "random_state": 0}


@pytest.mark.slow
def test_samples_of_digits_teach_a_classifier():
    X, y = load_digits(return_X_y=True)
    pictures = X.reshape(-1, 8, 8).astype(np.uint8)
    model = LatentDiffusion(budget="300 steps", **GIVEN).fit(pictures[::2], y[::2])
    made, labels = model.sample(1000, return_y=True)
    taught = LogisticRegression(max_iter=300).fit(np.reshape(made, (1000, -1)), labels)
    assert taught.score(X[1::2], y[1::2]) > 0.85


@pytest.mark.slow
def test_a_table_of_numbers_and_categories_keeps_what_belongs_together():
    rng = np.random.default_rng(0)
    kind = rng.choice(["low", "high"], 800, p=[0.7, 0.3])
    size = np.where(kind == "high", 10.0, 2.0) + rng.normal(size=800)
    table = pd.DataFrame({"kind": kind, "size": size, "double": 2 * size + rng.normal(size=800)})
    model = LatentDiffusion(latent_dim=6, budget="600 steps", **GIVEN).fit(table)
    made = model.sample(1500)
    assert list(made.columns) == list(table.columns)
    assert made.kind.eq("high").mean() == pytest.approx(0.3, abs=0.08)
    means = made.groupby("kind")["size"].mean()
    assert means["high"] == pytest.approx(10, abs=1.2)
    assert means["low"] == pytest.approx(2, abs=1)
    assert np.corrcoef(made["size"], made["double"])[0, 1] > 0.7


def test_it_defines_no_likelihood_and_has_a_latent_space():
    X = np.random.default_rng(0).normal(size=(200, 3))
    model = LatentDiffusion(latent_dim=2, budget="20 steps", **GIVEN).fit(X)
    assert not hasattr(model, "score_samples")
    assert model.transform(X).shape == (200, 2)
    assert "prior" not in model.get_params()


def test_expected_samples_are_those_of_the_same_codes_without_noise():
    X = np.random.default_rng(0).normal(size=(300, 3))
    model = VAE(latent_dim=2, budget="200 steps", **GIVEN).fit(X)
    drawn = model.sample_encoded(2000, {}, seed=3)
    expected = model.expected_encoded(2000, {}, seed=3)
    noise = drawn - expected
    scale = model.net_.likelihood.log_scale.exp().detach().numpy()
    np.testing.assert_allclose(noise.std(0), scale, rtol=0.1)
    assert np.abs(noise.mean(0)).max() < 0.1
