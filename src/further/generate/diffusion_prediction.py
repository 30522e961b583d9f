r"""What the network of a diffusion model predicts.

Given :math:`x_t = \alpha_t x_0 + \sigma_t \epsilon`, with estimates marked by a hat:

==========  ===========================  ==================================  =====================
name        target                       estimate of x_0                     reference
==========  ===========================  ==================================  =====================
noise       ε                            (x_t - σ_t ε̂) / α_t                 Ho et al. 2020
velocity    v = α_t ε - σ_t x_0          α_t x_t - σ_t v̂                     Salimans and Ho 2022
==========  ===========================  ==================================  =====================
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Prediction:
    """The target of the network and what it says about the data."""

    def target(self, x: Tensor, noise: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """Return the target of the network for ``alpha * x + sigma * noise``.

        Parameters
        ----------
        x, noise : Tensor of shape (n, *shape)
            Rows and noise.
        alpha, sigma : Tensor of shape (n, 1, ...)
            Their shares.

        Returns
        -------
        Tensor of shape (n, *shape)
            The target.
        """
        raise TypeError(f"{type(self).__name__} does not say what it predicts.")

    def data(self, output: Tensor, x_t: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """Return the estimate of x_0 that the network's output stands for.

        Parameters
        ----------
        output, x_t : Tensor of shape (n, *shape)
            The network's output for the noisy rows, and these rows.
        alpha, sigma : Tensor of shape (n, 1, ...)
            Shares of signal and noise in them.

        Returns
        -------
        Tensor of shape (n, *shape)
            The estimate.
        """
        raise TypeError(f"{type(self).__name__} does not say how it estimates the data.")


@dataclass(frozen=True)
class Noise(Prediction):
    """Predict the noise, as published by Ho et al. (2020).

    It fails at high noise, where the estimate of the data divides by a small α.
    """

    def target(self, x: Tensor, noise: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """Return ε."""
        return noise

    def data(self, output: Tensor, x_t: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """Return (x_t - σ ε̂) / α."""
        return (x_t - sigma * output) / alpha


@dataclass(frozen=True)
class Velocity(Prediction):
    """Predict the velocity along the circle from data to noise (Salimans and Ho 2022).

    Use it by default: the target keeps unit variance at every noise level, for data of unit
    variance, and no estimate divides by a small number.
    """

    def target(self, x: Tensor, noise: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """Return α ε - σ x_0."""
        return alpha * noise - sigma * x

    def data(self, output: Tensor, x_t: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """Return α x_t - σ v̂."""
        return alpha * x_t - sigma * output


PREDICTIONS: dict[str, Prediction] = {"noise": Noise(), "velocity": Velocity()}
