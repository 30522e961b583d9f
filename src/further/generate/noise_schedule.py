r"""Noise schedules: how fast a diffusion process turns data into noise.

The process adds Gaussian noise in T steps (Ho et al. 2020),

.. math:: q(x_t \mid x_0) = N(\alpha_t x_0, \sigma_t^2 I), \qquad
          \alpha_t = \sqrt{\bar\alpha_t}, \quad \sigma_t = \sqrt{1 - \bar\alpha_t}, \quad
          \bar\alpha_t = \prod_{s=1}^{t} (1 - \beta_s), \quad t = 1, \ldots, T.

========  ==================================================================  ================
name      definition                                                          reference
========  ==================================================================  ================
linear    β from ``first`` to ``last`` in equal steps                         Ho et al. 2020
cosine    ᾱ_t = f(t) / f(0), f(t) = cos²(π/2 · (t/T + s) / (1 + s)),          Nichol and
          β at most 0.999                                                     Dhariwal 2021
========  ==================================================================  ================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from further.errors import InputError

MAX_BETA = 0.999


@dataclass(frozen=True)
class NoiseSchedule:
    """A variance-preserving noise schedule.

    Parameters
    ----------
    steps : int, default=1000
        T, the length of the process; not the number of evaluations of a sampler.
    """

    steps: int = 1000

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InputError(f"{type(self).__name__}: steps={self.steps!r} must be at least 1.")

    def alpha_bar(self) -> np.ndarray:
        """Return ᾱ_1, ..., ᾱ_T, float64, decreasing."""
        out: np.ndarray = np.cumprod(1 - self.beta())
        return out

    def beta(self) -> np.ndarray:
        """Return β_1, ..., β_T, float64."""
        raise TypeError(f"{type(self).__name__} does not say what its variances are.")


@dataclass(frozen=True)
class Linear(NoiseSchedule):
    """Variances that grow in equal steps, as published by Ho et al. (2020).

    Use it to reproduce the paper. It spends many of its steps where hardly any signal is left.

    Parameters
    ----------
    steps : int, default=1000
        T.
    first, last : float, default=1e-4 and 0.02
        β_1 and β_T.

    Examples
    --------
    >>> Linear().alpha_bar()[[0, -1]].round(6).tolist()
    [0.9999, 4e-05]
    """

    first: float = 1e-4
    last: float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.first <= self.last < 1:
            raise InputError(
                f"Linear: first={self.first!r} and last={self.last!r} must satisfy "
                f"0 < first <= last < 1."
            )

    def beta(self) -> np.ndarray:
        """Return β_1, ..., β_T."""
        return np.linspace(self.first, self.last, self.steps)


@dataclass(frozen=True)
class Cosine(NoiseSchedule):
    """Signal that falls as a squared cosine (Nichol and Dhariwal 2021).

    Use it by default: steps are spread evenly over the angle between signal and noise, which suits
    small pictures. At high resolution it leaves too little time at high noise.

    Parameters
    ----------
    steps : int, default=1000
        T.
    offset : float, default=0.008
        s, which keeps the first steps from being too small.

    Examples
    --------
    >>> Cosine().alpha_bar()[[0, 499]].round(4).tolist()
    [1.0, 0.4938]
    """

    offset: float = 0.008

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.offset >= 0:
            raise InputError(f"Cosine: offset={self.offset!r} must be at least 0.")

    def beta(self) -> np.ndarray:
        """Return β_1, ..., β_T."""
        time = np.arange(self.steps + 1) / self.steps
        signal = np.cos(0.5 * np.pi * (time + self.offset) / (1 + self.offset)) ** 2
        out: np.ndarray = np.minimum(1 - signal[1:] / signal[:-1], MAX_BETA)
        return out


SCHEDULES: dict[str, NoiseSchedule] = {"linear": Linear(), "cosine": Cosine()}
