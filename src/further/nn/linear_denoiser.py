r"""The best linear denoiser of pictures, which a diffusion network starts from.

Were pictures Gaussian with mean m and covariance Σ, the clean picture to expect of
:math:`x_t = \alpha x_0 + \sigma \epsilon` would be

.. math:: E[x_0 \mid x_t] = m + \alpha \Sigma (\alpha^2 \Sigma + \sigma^2 I)^{-1} (x_t - \alpha m).

Here Σ has the variances of the training rows along their principal components; across these, where
fewer rows than pixels know nothing, the variance of each spatial frequency (a cosine transform's)
in rows that the components were not fitted to, as smooth pictures have it.

References
----------
Wang and Vastola 2023, "The hidden linear structure in score-based models and its application".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from further.nn.cosine_transform import cosine_basis
from further.nn.device import full_precision
from further.nn.principal_components import principal_components

MOST_COMPONENTS = 256
# The components are fitted to three rows of four, the frequencies to the others.
FEWEST_TO_DIVIDE = 8
# Of the frequencies, for pictures in [-1, 1]: less than one of 256 grey levels.
SMALLEST_VARIANCE = 1e-6


class LinearDenoiser(nn.Module):
    """Noisy pictures to the expected clean ones, and how far these are off.

    Parameters
    ----------
    shape : tuple of int
        ``(channels, height, width)``.
    """

    mean: Tensor
    directions: Tensor
    variances: Tensor
    spectrum: Tensor
    rows: Tensor
    columns: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        size = torch.Size(shape).numel()
        k = min(size - 1, MOST_COMPONENTS)
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("directions", torch.zeros(k, size))
        self.register_buffer("variances", torch.zeros(k))
        self.register_buffer("spectrum", torch.ones(shape))
        for name, side in zip(("rows", "columns"), shape[1:], strict=True):
            self.register_buffer(name, cosine_basis(side), persistent=False)

    @torch.no_grad()
    def fit(self, x: Tensor, generator: torch.Generator) -> None:
        """Take mean, components and spectrum of the training rows.

        Parameters
        ----------
        x : Tensor of shape (n, *shape)
            Rows, scaled as they are diffused.
        generator : torch.Generator
            Divides them.
        """
        first = others = x[torch.randperm(len(x), generator=generator).to(x.device)]
        if len(x) >= FEWEST_TO_DIVIDE:
            first, others = first[len(x) // 4 :], first[: len(x) // 4]
        self.mean.copy_(first.mean(0))
        found = principal_components(first, len(self.variances))
        k = len(found.variances)
        self.directions[:k], self.variances[:k] = found.directions, found.variances
        off = others - self.mean
        off = off - self._inside(self._scores(off))
        self.spectrum.copy_(self._transform(off).square().mean(0).clamp_min(SMALLEST_VARIANCE))

    def forward(self, x_t: Tensor, alpha: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Return the expected clean pictures and the root mean square of what they lack.

        Parameters
        ----------
        x_t : Tensor of shape (n, channels, height, width)
            Noisy pictures.
        alpha, sigma : Tensor of shape (n, 1, 1, 1)
            Shares of signal and noise.

        Returns
        -------
        Tensor of shape (n, channels, height, width), Tensor of shape (n, 1, 1, 1)
            Pictures and deviations.
        """
        # Sums of thousands of products need more than half precision.
        with full_precision(x_t.device):
            off = x_t.float() - alpha * self.mean
            scores = self._scores(off)
            gain, lack = _shrinkage(self.variances, alpha.flatten(1), sigma.flatten(1))
            gain_across, lack_across = _shrinkage(self.spectrum, alpha, sigma)
            across = self._transform(off - self._inside(scores))
            across = self.rows.T @ (gain_across * across) @ self.columns
            across = across - self._inside(self._scores(across))
            out = self.mean + self._inside(gain * scores) + across
            total = lack.sum(1) + lack_across.flatten(1).sum(1)
            return out, (total / self.mean.numel()).sqrt().view_as(alpha)

    def _scores(self, off: Tensor) -> Tensor:
        return off.flatten(1) @ self.directions.T

    def _inside(self, scores: Tensor) -> Tensor:
        return (scores @ self.directions).unflatten(1, self.mean.shape)

    def _transform(self, x: Tensor) -> Tensor:
        return self.rows @ x @ self.columns.T


def _shrinkage(variance: Tensor, alpha: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """Return the factor from x_t to the expected x_0, and the variance that is left."""
    share = sigma.square() / (alpha.square() * variance + sigma.square())
    return alpha * variance / sigma.square() * share, variance * share
