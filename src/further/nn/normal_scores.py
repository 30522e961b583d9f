r"""First layers of a flow: discrete and bounded values become continuous and standard normal.

Each is an invertible map fitted to the marginal distribution of one value, so that a flow that
does nothing after it is already the product of the marginals, and what the flow learns is the
dependence alone. They return z and the term that changes the flow's density of z into the
log-likelihood of the value,

.. math:: \log p(x) \ge E_{q(z \mid x)} \left[ \log p(z) - \log N(z; 0, I) + s(x) \right].

**Grey levels** k of K are dequantised uniformly, v = (k + u) / K (Theis et al. 2016), and pass
through a piecewise linear distribution function F with learned bins, :math:`z = \Phi^{-1}(F(v))`;
s sums the logarithms of F's slopes, less log K a value. Continuous values take no u, and then
the bound is the density.

**Categories** k of K are dequantised by a race of exponential variables, which is the Gumbel
argmax of Hoogeboom et al. (2021): the times :math:`t_j \sim \mathrm{Exp}(\pi_j)` given that
:math:`t_k` is the shortest. Without that condition :math:`1 - e^{-\pi_j t_j}` is uniform, hence
:math:`z_j = \Phi^{-1}(1 - e^{-\pi_j t_j})` and :math:`s = \log \pi_k`.

References
----------
Theis, van den Oord and Bethge 2016, "A note on the evaluation of generative models".
Hoogeboom et al. 2021, "Argmax flows and multinomial diffusion".
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from further.nn.device import exponential_like

MAX_BINS = 32
# A bin keeps at least this probability, so that no value is impossible.
SMALLEST = 1e-5
# So many rows of a uniform distribution are added to the training rows' frequencies.
PRIOR_ROWS = 2.0
# Distribution functions are kept this far from 0 and 1, where the normal score is infinite.
MARGIN = 1e-6
# A continuous value in [0, 1] is moved off the ends by this much.
ENDS = 1e-3
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


class PictureScores(nn.Module):
    """Normal scores of pictures in [0, 1].

    Parameters
    ----------
    size : int
        Number of values of a picture.
    levels : int or None
        Number of grey levels; None for continuous values.
    """

    edges: Tensor
    widths: Tensor
    columns: Tensor
    fitted: Tensor

    def __init__(self, size: int, levels: int | None) -> None:
        super().__init__()
        self.levels = levels
        edges = _bin_edges(levels)
        self.register_buffer("edges", edges, persistent=False)
        self.register_buffer("widths", edges.diff(), persistent=False)
        self.register_buffer("columns", torch.arange(size), persistent=False)
        # Weight decay pulls what is learned back to the frequencies, not to equal bins.
        self.register_buffer("fitted", self.widths.log().repeat(size, 1))  # (size, bins)
        self.learned = nn.Parameter(torch.zeros_like(self.fitted))

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """Set the bins to their frequencies in the rows ``x`` (n, size), the prior added."""
        if self.levels is None:
            v = x * (1 - 2 * ENDS) + ENDS
        else:
            v = ((x * (self.levels - 1)).round() + 0.5) / self.levels
        bins = self._bin(v)
        counts = torch.zeros_like(self.fitted).scatter_add_(1, bins.t(), torch.ones_like(x.t()))
        self.fitted.copy_(((counts + PRIOR_ROWS * self.widths) / len(x)).log())

    def forward(self, x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Return z (n, size) and s (n,) of x (n, size)."""
        if self.levels is None:
            v = x * (1 - 2 * ENDS) + ENDS
            constant = x.shape[1] * math.log(1 - 2 * ENDS)
        else:
            u = torch.rand(x.shape, generator=generator, device=x.device)
            v = ((x * (self.levels - 1)).round() + u) / self.levels
            constant = -x.shape[1] * math.log(self.levels)
        bins = self._bin(v)
        probability, below = self._distribution()
        mass = probability[self.columns, bins]
        width = self.widths[bins]
        uniform = below[self.columns, bins] + mass * ((v - self.edges[bins]) / width)
        z = torch.special.ndtri(uniform.clamp(MARGIN, 1 - MARGIN))
        return z, (mass / width).log().sum(1) + constant

    def inverse(self, z: Tensor) -> Tensor:
        """Return x (n, size) in [0, 1]; grey levels are returned exactly."""
        probability, below = self._distribution()
        uniform = torch.special.ndtr(z).clamp(MARGIN, 1 - MARGIN)
        found = torch.searchsorted(below, uniform.t().contiguous(), right=True).t() - 1
        bins = found.clamp(0, len(self.widths) - 1)
        within = (uniform - below[self.columns, bins]) / probability[self.columns, bins]
        v = self.edges[bins] + within.clamp(0, 1) * self.widths[bins]
        if self.levels is None:
            return ((v - ENDS) / (1 - 2 * ENDS)).clamp(0, 1)
        level = (v * self.levels).floor().clamp(0, self.levels - 1)
        return level / (self.levels - 1)

    def _bin(self, v: Tensor) -> Tensor:
        found = torch.bucketize(v.contiguous(), self.edges, right=True) - 1
        return found.clamp(0, len(self.widths) - 1)

    def _distribution(self) -> tuple[Tensor, Tensor]:
        """Return the probability of each bin and of all bins below it, each (size, bins)."""
        share = 1 - SMALLEST * len(self.widths)
        probability = share * F.softmax(self.fitted + self.learned.float(), dim=1) + SMALLEST
        return probability, probability.cumsum(1) - probability


class CategoryScores(nn.Module):
    """Normal scores of one-hot vectors.

    Parameters
    ----------
    sizes : list of int
        Number of categories of each vector; the vectors stand one after another.
    """

    owner: Tensor
    fitted: Tensor

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.sizes = sizes
        owner = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
        self.register_buffer("owner", owner, persistent=False)
        self.register_buffer("fitted", torch.zeros(sum(sizes)))
        self.learned = nn.Parameter(torch.zeros(sum(sizes)))

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """Set the rates to the frequencies in the rows ``x`` (n, sum of sizes)."""
        self.fitted.copy_((x.sum(0) + PRIOR_ROWS / len(self.fitted)).log())

    def forward(self, x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Return z and s of one-hot vectors x (n, sum of sizes)."""
        log_rates = self._log_rates()
        shortest = exponential_like(x.new_empty(len(x), len(self.sizes)), generator)
        later = exponential_like(x, generator)
        # rate times time: the winner takes the shortest time, the others start from it anew.
        hazard = log_rates.exp() * shortest[:, self.owner] + later * (1 - x)
        return _score_of_hazard(hazard), (log_rates * x).sum(1)

    def inverse(self, z: Tensor) -> Tensor:
        """Return the one-hot vectors whose category has the shortest time."""
        log_times = (-torch.special.log_ndtr(-z)).clamp_min(1e-30).log() - self._log_rates()
        parts = [
            F.one_hot(part.argmin(1), part.shape[1]) for part in log_times.split(self.sizes, dim=1)
        ]
        return torch.cat(parts, dim=1).to(z.dtype)

    def _log_rates(self) -> Tensor:
        logits = self.fitted + self.learned.float()
        return torch.cat([F.log_softmax(part, 0) for part in logits.split(self.sizes)])


class NumericScores(nn.Module):
    """Continuous values, shifted and scaled by mean and standard deviation of the training rows.

    Parameters
    ----------
    size : int
        Number of values.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """Take mean and standard deviation of the rows ``x`` (n, size); 1 for a constant."""
        scale = x.std(0, correction=0)
        self.mean.copy_(x.mean(0))
        self.scale.copy_(torch.where(scale > 1e-6, scale, torch.ones_like(scale)))

    def forward(self, x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Return z (n, size) and s (n,), for which no random numbers are needed."""
        z = (x - self.mean) / self.scale
        constant = x.shape[1] * HALF_LOG_TWO_PI + self.scale.log().sum()
        return z, -0.5 * z.square().sum(1) - constant

    def inverse(self, z: Tensor) -> Tensor:
        """Return x (n, size)."""
        return z * self.scale + self.mean


def _score_of_hazard(hazard: Tensor) -> Tensor:
    """Return Φ⁻¹(1 - exp(-h)), accurate at both ends."""
    small = hazard < math.log(2)
    low = torch.special.ndtri((-torch.expm1(-hazard)).clamp(MARGIN, 0.75))
    high = -torch.special.ndtri(torch.exp(-hazard).clamp(MARGIN, 0.75))
    return torch.where(small, low, high)


def _bin_edges(levels: int | None) -> Tensor:
    """Return the edges of the bins in [0, 1].

    One bin a level up to 32 levels; with more the first and the last level, which pile up in
    pictures, have a bin of their own between which the others are equal.
    """
    if levels is not None and levels <= MAX_BINS:
        return torch.linspace(0, 1, levels + 1)
    end = 2 * ENDS if levels is None else 1 / levels
    inner = torch.linspace(end, 1 - end, MAX_BINS - 1)
    return torch.cat([torch.zeros(1), inner, torch.ones(1)])
