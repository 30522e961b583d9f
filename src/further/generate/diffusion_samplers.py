r"""Samplers: from noise to data with few evaluations of a denoiser.

All go down a grid of noise levels :math:`t_1 > t_2 > \ldots > t_K` and end at the data. With
:math:`\hat x = \hat x_0(x_t, t)`, :math:`\hat\epsilon = (x_t - \alpha_t \hat x) / \sigma_t` and the
next level s < t (Song et al. 2021),

.. math:: x_s = \alpha_s \hat x + \sqrt{\sigma_s^2 - \tau^2}\, \hat\epsilon + \tau z, \qquad
          \tau = \eta\, \frac{\sigma_s}{\sigma_t} \sqrt{1 - \frac{\alpha_t^2}{\alpha_s^2}},
          \quad z \sim N(0, I);

η = 0 is DDIM, a first-order solver of the probability-flow equation, and η = 1 the ancestral
sampler of Ho et al. (2020). DPM-Solver++(2M) (Lu et al. 2022) solves the same equation to second
order: with :math:`\lambda = \log(\alpha / \sigma)`, :math:`h = \lambda_s - \lambda_t` and
:math:`r = h_{\text{previous}} / h`,

.. math:: x_s = \frac{\sigma_s}{\sigma_t} x_t - \alpha_s (e^{-h} - 1)
          \left( \hat x + \frac{1}{2 r} (\hat x - \hat x_{\text{previous}}) \right).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from further.errors import InputError

#: Takes x_t and the index of its level, 0 for t = 1, and returns the estimate of x_0.
Denoise = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True)
class Sampler:
    """A way from noise to data.

    Parameters
    ----------
    steps : int
        K, the number of evaluations of the denoiser.
    """

    steps: int = 20

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InputError(f"{type(self).__name__}: steps={self.steps!r} must be at least 1.")

    def sample(
        self, denoise: Denoise, x: Tensor, alpha_bar: np.ndarray, generator: torch.Generator
    ) -> Tensor:
        """Turn noise into data.

        Parameters
        ----------
        denoise : callable
            Takes ``x_t`` and the index of its level in ``alpha_bar``; returns the estimate of x_0.
        x : Tensor of shape (n, ...)
            Standard normal noise.
        alpha_bar : array of shape (T,)
            ᾱ_1, ..., ᾱ_T.
        generator : torch.Generator
            Of the noise that is added on the way, if any.
        """
        raise TypeError(f"{type(self).__name__} does not say how it samples.")

    def levels(self, n_levels: int) -> list[int]:
        """Return the indices of the K levels, evenly spaced, from T - 1 downwards.

        Raises
        ------
        InputError
            If there are more evaluations than levels.
        """
        if self.steps > n_levels:
            raise InputError(
                f"{type(self).__name__}: steps={self.steps} but the noise schedule has "
                f"{n_levels} steps; choose at most {n_levels}."
            )
        grid = np.linspace(n_levels, 0, self.steps + 1)[:-1]
        return [int(level) - 1 for level in np.ceil(grid)]


@dataclass(frozen=True)
class DDIM(Sampler):
    """Denoising diffusion implicit model, of first order (Song et al. 2021).

    Use it for a deterministic map from noise to data. For the same accuracy it needs more
    evaluations than the second-order solver.

    Parameters
    ----------
    steps : int, default=50
        Evaluations of the network.
    eta : float, default=0.0
        Noise added on the way: 0 is deterministic, 1 ancestral.
    """

    steps: int = 50
    eta: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.eta <= 1:
            raise InputError(f"{type(self).__name__}: eta={self.eta!r} must be in [0, 1].")

    def sample(
        self, denoise: Denoise, x: Tensor, alpha_bar: np.ndarray, generator: torch.Generator
    ) -> Tensor:
        """Turn noise into data."""
        levels = self.levels(len(alpha_bar))
        for here, there in pairwise(levels):
            a, b = alpha_bar[here], alpha_bar[there]
            estimate = denoise(x, here)
            noise = (x - math.sqrt(a) * estimate) / math.sqrt(1 - a)
            tau = self.eta * math.sqrt((1 - b) / (1 - a) * (1 - a / b))
            x = math.sqrt(b) * estimate + math.sqrt(1 - b - tau**2) * noise
            if tau > 0:
                noise = torch.randn(x.shape, generator=generator, device=x.device)
                x = x + tau * noise
        return denoise(x, levels[-1])


@dataclass(frozen=True)
class Ancestral(DDIM):
    """Ancestral sampling, as published by Ho et al. (2020).

    Use it to reproduce the paper. It is slow: as published it takes as many evaluations as the
    process has steps.

    Parameters
    ----------
    steps : int, default=1000
        Evaluations of the network.
    eta : float, default=1.0
        1 is the posterior variance of the process.
    """

    steps: int = 1000
    eta: float = 1.0


@dataclass(frozen=True)
class DPMSolver(Sampler):
    """DPM-Solver++(2M), a deterministic multistep solver of second order (Lu et al. 2022).

    Use it by default: 10 to 25 evaluations are enough. With strong guidance it can overshoot;
    take more steps or :class:`DDIM` then.

    Parameters
    ----------
    steps : int, default=20
        Evaluations of the network.
    """

    def sample(
        self, denoise: Denoise, x: Tensor, alpha_bar: np.ndarray, generator: torch.Generator
    ) -> Tensor:
        """Turn noise into data."""
        levels = self.levels(len(alpha_bar))
        # λ = log(α / σ), half the log signal-to-noise ratio
        log_ratio = 0.5 * (np.log(alpha_bar) - np.log1p(-alpha_bar))
        previous: Tensor | None = None
        previous_h = 0.0
        for here, there in pairwise(levels):
            estimate = denoise(x, here)
            h = float(log_ratio[there] - log_ratio[here])
            slope = estimate
            if previous is not None:
                slope = estimate + 0.5 * h / previous_h * (estimate - previous)
            shrink = math.sqrt((1 - alpha_bar[there]) / (1 - alpha_bar[here]))
            x = shrink * x - math.sqrt(alpha_bar[there]) * math.expm1(-h) * slope
            previous, previous_h = estimate, h
        # The last step goes to σ = 0, where h is infinite and the solution is the estimate.
        return denoise(x, levels[-1])


SAMPLERS: dict[str, Sampler] = {
    "dpm_solver": DPMSolver(),
    "ddim": DDIM(),
    "ancestral": Ancestral(),
}
