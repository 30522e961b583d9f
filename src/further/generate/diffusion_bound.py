r"""The evidence lower bound of a diffusion model on discrete data (Ho et al. 2020).

The process is read as a latent-variable model that starts at level s, with the ancestral posterior
as transitions and a discretised Gaussian as decoder,

.. math:: -\log p(x_0) \le \underbrace{\mathrm{KL}(q(x_T \mid x_0) \,\|\, N(0, I))}_{\text{prior}}
          + \sum_{t=s+1}^{T} \underbrace{\tfrac12 (\mathrm{SNR}_{t-1} - \mathrm{SNR}_t)\,
          E \lVert x_0 - \hat x_0(x_t, t) \rVert^2}_{\mathrm{KL}_t}
          \; \underbrace{- E \log p(x_0 \mid x_s)}_{\text{decoder}},

with :math:`\mathrm{SNR}_t = \alpha_t^2 / \sigma_t^2` and :math:`p(x_0 \mid x_s)` the mass of
:math:`N(\hat x_0(x_s, s), \tau^2 I)` between half a grey level below and above, and to infinity at
the two ends, with a thousandth spread evenly over the levels. The paper has s = 1 and τ = σ_1; any
s and τ give a bound, and where grey levels are coarse a later start is tighter, so both are chosen
on training rows. The sum is estimated without
bias by stratified importance sampling of t.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

#: Takes x_t (n, *shape) and the index of each row's level (n,), and returns the estimate of x_0.
DenoiseRows = Callable[[Tensor, Tensor], Tensor]

# Evaluations of the denoiser for the sum over t, for a row.
EVALUATIONS = 32
DECODER_DRAWS = 2
# Levels at which the errors of the denoiser are measured to choose s, τ and the proposal.
MEASURED_LEVELS = 40
# Scales of the decoder that are tried, as multiples of the root mean squared error.
SCALES = (0.4, 0.55, 0.75, 1.0, 1.3)
MIN_SCALE = 1e-4
# Share of the decoder that is uniform over the grey levels, so that no single wrong pixel decides.
OUTLIERS = 1e-3
# Share of the proposal that is uniform, so that no weight is large.
UNIFORM_SHARE = 0.1


@dataclass(frozen=True)
class BoundSettings:
    """What is free in the bound: it holds for any value.

    Attributes
    ----------
    start : int
        Index of the level s, 0 for t = 1.
    scale : float
        τ, in units of the data's range [-1, 1].
    proposal : Tensor of shape (T,)
        Probabilities with which t is drawn; 0 up to the start.
    """

    start: int
    scale: float
    proposal: Tensor


def published_settings(alpha_bar: Tensor) -> BoundSettings:
    """Return s = 1 and τ = σ_1, with t drawn uniformly."""
    proposal = torch.ones_like(alpha_bar)
    proposal[0] = 0
    total = proposal.sum().clamp_min(1)
    return BoundSettings(0, math.sqrt(1 - float(alpha_bar[0])), proposal / total)


def _signal_to_noise_drops(alpha_bar: Tensor) -> Tensor:
    """Return SNR_{t-1} - SNR_t for t = 2, ..., T at indices 1 to T - 1, and 0 at index 0."""
    ratio = alpha_bar / (1 - alpha_bar)
    return torch.cat([ratio.new_zeros(1), ratio[:-1] - ratio[1:]])


def negative_bound(
    denoise: DenoiseRows,
    x: Tensor,
    alpha_bar: Tensor,
    levels: int,
    settings: BoundSettings,
    generator: torch.Generator,
    *,
    evaluations: int = EVALUATIONS,
) -> Tensor:
    """Return an unbiased estimate of the negative bound of each row.

    Parameters
    ----------
    denoise : callable
        Estimates x_0 for rows at individual levels.
    x : Tensor of shape (n, *shape)
        Rows in [-1, 1], on ``levels`` equidistant values.
    alpha_bar : Tensor of shape (T,)
        float64.
    levels : int
        Number of grey levels.
    settings : BoundSettings
        Start, scale of the decoder, proposal.
    generator : torch.Generator
        Of the noise.
    evaluations : int
        Draws of t for each row.

    Returns
    -------
    Tensor of shape (n,), float32
        Nats.
    """
    n = len(x)
    total = _prior_term(x, alpha_bar) + _decoder_term(
        denoise, x, alpha_bar, levels, settings.start, settings.scale, generator
    )
    if settings.start >= len(alpha_bar) - 1:
        return total.float()
    drops = _signal_to_noise_drops(alpha_bar)
    cumulated = settings.proposal.double().cumsum(0)
    offset = torch.rand(n, generator=generator, dtype=torch.float64, device=x.device)
    for stratum in range(evaluations):
        position = (stratum + offset) / evaluations * cumulated[-1]
        index = torch.searchsorted(cumulated, position, right=True)
        index = index.clamp(settings.start + 1, len(alpha_bar) - 1)
        error = _squared_error(denoise, x, alpha_bar, index, generator)
        weight = 0.5 * drops[index] / (settings.proposal.double()[index] / cumulated[-1])
        total = total + weight * error / evaluations
    return total.float()


def choose_settings(
    denoise: DenoiseRows,
    x: Tensor,
    alpha_bar: Tensor,
    levels: int,
    generator: torch.Generator,
) -> BoundSettings:
    """Return the start, scale and proposal with the lowest bound on some training rows.

    Parameters
    ----------
    denoise, x, alpha_bar, levels, generator
        See :func:`negative_bound`.

    Returns
    -------
    BoundSettings
        The best of those that were tried.
    """
    n_levels = len(alpha_bar)
    # Half of the measured levels evenly spaced, half denser towards the data.
    grid = torch.linspace(0, 1, MEASURED_LEVELS // 2, dtype=torch.float64, device=x.device)
    measured = torch.cat([grid, grid**3]).mul(n_levels - 1).round().long().unique()
    errors, decoders = [], []
    for index in measured:
        rows = index.expand(len(x))
        mean = denoise(_diffuse(x, alpha_bar, rows, generator), rows)
        root = float((x - mean).double().square().mean().sqrt()) + MIN_SCALE
        errors.append((x - mean).double().square().flatten(1).sum(1).mean())
        nats = [
            (
                -_discretised_gaussian(x, mean, factor * root, levels).flatten(1).sum(1).mean(),
                factor,
            )
            for factor in SCALES
        ]
        lowest, factor = min(nats, key=lambda pair: float(pair[0]))
        decoders.append((float(lowest), factor * root))
    # In units of the noise the error is a smooth function of t, so that it can be interpolated.
    noise = (1 - alpha_bar) / alpha_bar
    smooth = _interpolate(torch.stack(errors) / noise[measured], measured, n_levels)
    kl = 0.5 * _signal_to_noise_drops(alpha_bar) * smooth * noise
    remaining = kl.sum() - kl.cumsum(0)  # of all t above an index
    totals = [
        decoder + float(remaining[index])
        for index, (decoder, _) in zip(measured, decoders, strict=True)
    ]
    chosen = min(range(len(totals)), key=totals.__getitem__)
    start, scale = int(measured[chosen]), decoders[chosen][1]
    above = (torch.arange(n_levels, device=x.device) > start).double()
    uniform = above / above.sum().clamp_min(1)
    likely = above * kl / (above * kl).sum().clamp_min(1e-12)
    proposal = (1 - UNIFORM_SHARE) * likely + UNIFORM_SHARE * uniform
    return BoundSettings(start, scale, proposal)


def _prior_term(x: Tensor, alpha_bar: Tensor) -> Tensor:
    """Return KL(q(x_T | x_0) || N(0, I)) of each row, float64."""
    last = alpha_bar[-1]
    squares = last * x.double().square().flatten(1)
    return 0.5 * (squares - last - torch.log1p(-last)).sum(1)


def _squared_error(
    denoise: DenoiseRows, x: Tensor, alpha_bar: Tensor, index: Tensor, generator: torch.Generator
) -> Tensor:
    """Return the squared error (n,) of the estimate of x_0 at the levels ``index`` (n,), float64.

    It is summed over the values of a row, from one draw of the noise.
    """
    difference = x - denoise(_diffuse(x, alpha_bar, index, generator), index)
    return difference.double().square().flatten(1).sum(1)


def _decoder_term(
    denoise: DenoiseRows,
    x: Tensor,
    alpha_bar: Tensor,
    levels: int,
    start: int,
    scale: float,
    generator: torch.Generator,
) -> Tensor:
    """Return -log p(x_0 | x_s) of each row, float64, averaged over draws of x_s."""
    index = torch.full((len(x),), start, dtype=torch.int64, device=x.device)
    total = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for _ in range(DECODER_DRAWS):
        mean = denoise(_diffuse(x, alpha_bar, index, generator), index)
        total = total - _discretised_gaussian(x, mean, scale, levels).flatten(1).sum(1)
    return total / DECODER_DRAWS


def _diffuse(x: Tensor, alpha_bar: Tensor, index: Tensor, generator: torch.Generator) -> Tensor:
    """Return a draw of x_t for each row at the level of its ``index``."""
    shape = (-1, *[1] * (x.ndim - 1))
    signal = alpha_bar[index].sqrt().float().view(shape)
    noise = (1 - alpha_bar[index]).sqrt().float().view(shape)
    return signal * x + noise * torch.randn(x.shape, generator=generator, device=x.device)


def _discretised_gaussian(
    x: Tensor, mean: Tensor, scale: float, levels: int, outliers: float = OUTLIERS
) -> Tensor:
    """Return the log-probability of each grey level in ``x`` under N(mean, scale²), float64.

    The share ``outliers`` is spread evenly over the levels.

    Examples
    --------
    >>> x = torch.tensor([-1.0, 0.0, 1.0])
    >>> p = _discretised_gaussian(x, torch.zeros(3), 0.5, levels=3, outliers=0).exp()
    >>> [round(value, 4) for value in p.tolist()]
    [0.1587, 0.6827, 0.1587]
    """
    half = 1 / (levels - 1)
    x, centred = x.double(), x.double() - mean.double()
    low = torch.where(x < -1 + half, -math.inf, (centred - half) / scale)
    high = torch.where(x > 1 - half, math.inf, (centred + half) / scale)
    # Both on the left of 0, where the logarithm of the normal distribution is accurate.
    flip = low + high > 0
    low, high = torch.where(flip, -high, low), torch.where(flip, -low, high)
    log_high = torch.special.log_ndtr(high)
    gaussian = log_high + torch.log1p(-torch.exp(torch.special.log_ndtr(low) - log_high))
    outlier = gaussian.new_tensor(math.log(outliers / levels) if outliers else -math.inf).float()
    return torch.logaddexp(gaussian + math.log1p(-outliers), outlier)


def _interpolate(values: Tensor, positions: Tensor, n: int) -> Tensor:
    """Interpolate values at ascending integer positions linearly to ``0, ..., n - 1``."""
    where = torch.arange(n, device=values.device)
    right = torch.searchsorted(positions, where).clamp(1, len(positions) - 1)
    left = right - 1
    span = (positions[right] - positions[left]).double()
    share = (where - positions[left]).double() / span
    return values[left] + share * (values[right] - values[left])
