"""Digits, a evaluator of them, and samplers whose honesty is known."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split

from further.evaluate.generation.evaluator import EncodedRows, GenerativeEvaluator


@pytest.fixture(scope="session")
def digits() -> SimpleNamespace:
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    train, rest = train_test_split(np.arange(len(x)), train_size=1078, stratify=y, random_state=0)
    validation, test = train_test_split(rest, train_size=359, stratify=y[rest], random_state=0)
    return SimpleNamespace(
        train=EncodedRows(x[train], y[train]),
        validation=EncodedRows(x[validation], y[validation]),
        test=EncodedRows(x[test], y[test]),
    )


@pytest.fixture(scope="session")
def evaluator(digits: SimpleNamespace) -> GenerativeEvaluator:
    return GenerativeEvaluator(
        digits.train, digits.validation, digits.test, kind="images", integer_grid=17
    )


def on_grid(x: np.ndarray) -> np.ndarray:
    return (np.round(np.clip(x, 0, 1) * 16) / 16).astype(np.float32)


@pytest.fixture(scope="session")
def samplers(digits: SimpleNamespace) -> dict[str, Callable[[int, int], EncodedRows]]:
    """Return samplers of (number, seed): a copier, one with jitter, and two honest mixtures."""
    train = digits.train

    def copier(jitter: float, share: float = 1.0) -> Callable[[int, int], EncodedRows]:
        def sample(n: int, seed: int) -> EncodedRows:
            rng = np.random.default_rng(seed)
            chosen = rng.integers(0, len(train), n)
            copies = on_grid(train.x[chosen] + jitter * rng.normal(size=(n, 64)))
            if share == 1.0:
                return EncodedRows(copies, train.y[chosen])
            honest = mixture(1)(n, seed)
            copied = rng.random(n) < share
            return EncodedRows(
                np.where(copied[:, None], copies, honest.x),
                np.where(copied, train.y[chosen], honest.y),
            )

        return sample

    def mixture(components: int, dimensions: int = 30) -> Callable[[int, int], EncodedRows]:
        fitted = []
        for c in range(10):
            own = train.x[train.y == c]
            space = PCA(dimensions, random_state=0).fit(own)
            density = GaussianMixture(components, reg_covar=1e-4, random_state=0)
            fitted.append((space, density.fit(space.transform(own))))

        def sample(n: int, seed: int) -> EncodedRows:
            labels = np.random.default_rng(seed).integers(0, 10, n)
            x = np.empty((n, 64), dtype=np.float32)
            for c, (space, density) in enumerate(fitted):
                density.random_state = seed
                if count := int((labels == c).sum()):
                    x[labels == c] = on_grid(space.inverse_transform(density.sample(count)[0]))
            return EncodedRows(x, labels)

        return sample

    return {
        "copy": copier(0.0),
        "copy with jitter": copier(0.05),
        "copies half": copier(0.0, share=0.5),
        "mixture": mixture(1),
        "fine mixture": mixture(5),
        "blurred mixture": mixture(1, dimensions=5),
    }
