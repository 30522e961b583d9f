r"""Distributions of latent codes: what each can do, and the Gaussian mixture of each class.

The mixture is fitted after the training,

.. math:: p(z \mid y) = \sum_k \pi_{yk}\, N(z; \mu_{yk}, \Sigma_{yk}),

with the number of components chosen by BIC. It turns an autoencoder, which has no distribution of
its own, into a generator.

References
----------
Ghosh et al. 2020, "From variational to deterministic autoencoders".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

COMPONENTS = (1, 2, 4, 8)
ROWS_A_COMPONENT = 20


class LatentDistribution(nn.Module):
    """A distribution p(z | y) of codes, kept with the network."""

    def loss(self, z: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor | None:
        """Return what is minimised for codes of a batch; None for what the loop does not train.

        Parameters
        ----------
        z : Tensor of shape (n, latent_dim)
            Codes; no gradient passes to them.
        y : Tensor of shape (n,) or None
            Their classes.
        generator : torch.Generator
            Of random numbers.

        Returns
        -------
        Tensor or None
            A mean over the rows.
        """
        return None

    def fit(self, z: Tensor, y: Tensor | None, seed: int) -> int:
        """Fit to the codes of the training rows, once the network is trained.

        Parameters
        ----------
        z, y
            See :meth:`loss`.
        seed : int
            Of the fit.

        Returns
        -------
        int
            Number of fitted parameters.
        """
        return 0

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw codes.

        Parameters
        ----------
        n : int
            How many.
        y : Tensor of shape (n,) or None
            Class of each.
        generator : torch.Generator
            Source of the draws.

        Returns
        -------
        Tensor of shape (n, latent_dim)
            Codes.
        """
        raise TypeError(f"{type(self).__name__} does not say how it draws.")

    def log_prob(self, z: Tensor, y: Tensor | None) -> Tensor | None:
        """Return the log-density of codes.

        Parameters
        ----------
        z, y
            See :meth:`loss`.

        Returns
        -------
        Tensor of shape (n,) or None
            Nats; None where it is not known.
        """
        return None


class LatentDensity(LatentDistribution):
    """The mixtures, kept in buffers so that they are saved with the network.

    Parameters
    ----------
    n_classes : int
        0 for one mixture of all.
    latent_dim : int
        Size of the codes.
    components : sequence of int, default=(1, 2, 4, 8)
        Numbers of components to choose from.
    """

    weights: Tensor
    means: Tensor
    factors: Tensor

    def __init__(
        self, n_classes: int, latent_dim: int, components: Sequence[int] = COMPONENTS
    ) -> None:
        super().__init__()
        self.components = components
        shape = (max(1, n_classes), max(components))
        self.register_buffer("weights", torch.full(shape, 1 / shape[1]))
        self.register_buffer("means", torch.zeros(*shape, latent_dim))
        self.register_buffer("factors", torch.eye(latent_dim).repeat(*shape, 1, 1))

    def fit(self, z: Tensor, y: Tensor | None, seed: int, ridge: float = 1e-4) -> int:
        """Fit a mixture to the codes of each class.

        Parameters
        ----------
        z : Tensor of shape (n, latent_dim)
            Codes.
        y : Tensor of shape (n,) or None
            Their classes.
        seed : int
            Of the fits.
        ridge : float
            Added to the diagonal of the covariances, as a share of the mean variance, so that fewer
            rows than dimensions do not make them singular.

        Returns
        -------
        int
            Number of fitted parameters.
        """
        n_parameters = 0
        codes = z.double().cpu().numpy()
        labels = np.zeros(len(codes), dtype=int) if y is None else y.cpu().numpy()
        for label in range(len(self.weights)):
            rows = codes[labels == label]
            mixture = self._best_mixture(rows if len(rows) > 1 else codes, seed, ridge)
            n_parameters += int(mixture._n_parameters())
            k = mixture.n_components
            self.weights[label] = 0
            self.weights[label, :k] = torch.from_numpy(mixture.weights_)
            self.means[label, :k] = torch.from_numpy(mixture.means_)
            factors = np.linalg.cholesky(mixture.covariances_)
            self.factors[label, :k] = torch.from_numpy(factors).float()
        return n_parameters

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw codes from the mixture of each class."""
        device = self.means.device
        label = torch.zeros(n, dtype=torch.int64, device=device) if y is None else y
        k = torch.multinomial(self.weights[label], 1, generator=generator).squeeze(1)
        noise = torch.randn(n, self.means.shape[-1], generator=generator, device=device)
        offset = torch.einsum("nij,nj->ni", self.factors[label, k], noise)
        return self.means[label, k] + offset

    def log_prob(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Return the log-density of the mixture of each class, ``(n,)``."""
        label = torch.zeros(len(z), dtype=torch.int64, device=z.device) if y is None else y
        total = z.new_zeros(len(z))
        for code in label.unique():
            rows = label == code
            offset = z[rows][None] - self.means[code][:, None]  # (components, n, latent_dim)
            factors = self.factors[code]
            white = torch.linalg.solve_triangular(factors, offset.mT, upper=False)
            log_det = factors.diagonal(dim1=1, dim2=2).log().sum(1)
            log_normal = -0.5 * white.square().sum(1) - log_det[:, None]
            log_normal = log_normal - 0.5 * z.shape[1] * math.log(2 * math.pi)
            total[rows] = torch.logsumexp(self.weights[code].log()[:, None] + log_normal, dim=0)
        return total

    def _best_mixture(self, rows: np.ndarray, seed: int, ridge: float) -> Any:
        from sklearn.mixture import GaussianMixture

        # Codes of a decoder that ignores them are all alike, and cannot be told apart.
        distinct = len(np.unique(rows, axis=0))
        largest = max(1, min(len(rows) // ROWS_A_COMPONENT, distinct))
        variance = max(float(rows.var(axis=0).mean()), 1e-8)
        fits = [
            GaussianMixture(k, reg_covar=ridge * variance, random_state=seed % 2**32).fit(rows)
            for k in self.components
            if k <= largest
        ]
        return min(fits, key=lambda fit: fit.bic(rows))
