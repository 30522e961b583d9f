r"""The Gaussian mixture as a control: what a deep model has to beat.

scikit-learn's mixture on the principal components that keep 99 % of the variance, one for each
class, with full covariances and the number of components chosen by BIC:

.. math:: p(x \mid y) = \sum_k \pi_{yk}\, N(x; \mu_{yk}, \Sigma_{yk}).

The directions left out are given their mean and no variance.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from further.data.dataset import Dataset
from further.generate.generative_estimator import Condition, GenerativeEstimator
from further.generate.latent_density import LatentDensity
from further.train.energy import EnergyMeter
from further.train.fit import Fit

VARIANCE_KEPT = 0.99
RIDGE = 1e-3


class GaussianMixtureDensity(GenerativeEstimator):
    """Gaussian mixture a class: the simple control in every comparison.

    Use it where data are few: it is hard to beat there. It fails where the data lie on curved
    surfaces, which pictures do.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of the fit and of the samples.

    References
    ----------
    Dempster, Laird and Rubin 1977, "Maximum likelihood from incomplete data via the EM algorithm".

    Examples
    --------
    >>> import numpy as np
    >>> from further.generate.gaussian_mixture import GaussianMixtureDensity
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> GaussianMixtureDensity(random_state=0).fit(X).sample(5).shape
    (5, 3)
    """

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        from sklearn.decomposition import PCA

        start, meter = time.perf_counter(), EnergyMeter()
        x = self.encoding_.encode(dataset).reshape(len(dataset), -1)
        pca = PCA(n_components=VARIANCE_KEPT, svd_solver="full").fit(x)
        self.mean_, self.directions_ = pca.mean_, pca.components_
        self.density_ = LatentDensity(self.spec_.n_classes, len(pca.components_))
        conditional = self.spec_.n_classes > 0 and dataset.codes is not None
        labels = torch.from_numpy(dataset.codes) if conditional else None
        z = torch.from_numpy(pca.transform(x))
        self.n_parameters_ = self.mean_.size + self.directions_.size
        self.n_parameters_ += self.density_.fit(z, labels, seed, RIDGE)
        seconds = time.perf_counter() - start
        self.cost_ = Fit(flops=None, seconds=seconds, energy=meter.read()).to_json()

    def _draw(self, n: int, condition: Condition, seed: int) -> np.ndarray:
        y = torch.from_numpy(condition["y"]) if "y" in condition else None
        z = self.density_.sample(n, y, torch.Generator().manual_seed(seed)).numpy()
        x = self.mean_ + z @ self.directions_
        if self.spec_.is_image:
            x = x.clip(0, 1)
        return x.reshape(n, *self.spec_.shape).astype(np.float32)

    def _rebuild(self) -> None:
        super()._rebuild()
        self.density_ = LatentDensity(self.spec_.n_classes, len(self.directions_))
