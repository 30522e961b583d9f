r"""How well scores rank: area under the ROC curve and average precision, each with its variance.

Both depend on the data only through how many positive and negative rows have each score. With
:math:`P` positive and N negative rows, and :math:`p_t` and :math:`n_t` of them at score t,

.. math:: \mathrm{AUC} = \frac{1}{PN} \sum_t p_t \Bigl(n_{<t} + \frac{n_t}{2}\Bigr), \qquad
          \mathrm{AP} = \frac1P \sum_t p_t \, \frac{p_{\ge t}}{p_{\ge t} + n_{\ge t}}.

The variance of the area is that of DeLong, from the share of negative rows below each positive one
and of positive rows above each negative one. Average precision has no such form; its variance is
that of its derivative with respect to the weight of each row (the infinitesimal jackknife). A row
counts itself among those above it, so AP is too high on average, by at most about
:math:`\frac1P \sum_t p_t (1 - \mathrm{prec}_t) / (p_{\ge t} + n_{\ge t})`; the lower limit starts
from there, the upper one from the figure. Limits come from Student's t on the scale of log-odds.
Below 100 rows, and where no resample would vary, the area has the wider of this interval and
Newcombe's, which solves :math:`|\hat\theta - \theta| = z \sqrt{V(\theta)}` as Wilson's does.

References
----------
DeLong, DeLong and Clarke-Pearson 1988, "Comparing the areas under two or more correlated receiver
operating characteristic curves", Biometrics 44. Newcombe 2006, "Confidence intervals for an effect
size measure based on the Mann-Whitney statistic, part 2", Statistics in Medicine 25 (method 5).
Efron 1982, "The jackknife, the bootstrap and other resampling plans".
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri, stdtrit

from further.evaluate.resampling import LEVEL
from further.evaluate.share import EXACT_BELOW

Floats = NDArray[np.floating[Any]]


class Ranked(NamedTuple):
    """A figure with its interval; NaN where there is none."""

    value: float
    low: float
    high: float


NOT_DEFINED = Ranked(math.nan, math.nan, math.nan)
#: Average precision of fewer positive rows depends on a handful of places.
LEAST_POSITIVES = 20


def area_under_curve(positives: Floats, negatives: Floats, level: float = LEVEL) -> Ranked:
    """Return the area under the ROC curve with its interval.

    Parameters
    ----------
    positives, negatives : array of shape (scores,)
        How many rows of either kind have each score, the highest score first.
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    Ranked
        Not defined without rows of both kinds.

    Examples
    --------
    >>> area = area_under_curve(np.array([3, 1, 1, 0]), np.array([0, 1, 2, 2]))
    >>> round(area.value, 2), round(area.low, 2), round(area.high, 2)
    (0.9, 0.43, 0.99)
    """
    p, n = float(positives.sum()), float(negatives.sum())
    if p == 0 or n == 0:
        return NOT_DEFINED
    below = n - np.cumsum(negatives) + negatives / 2
    above = np.cumsum(positives) - positives / 2
    value = float(positives @ below / (p * n))
    variances = [
        _variance(below / n, positives, p) / p,
        _variance(above / p, negatives, n) / n,
    ]
    freedom = _freedom(variances, (p, n))
    low, high = _log_odds(value, 0.0, math.sqrt(sum(variances)), freedom, level)
    if p + n < EXACT_BELOW or sum(variances) == 0:
        least, most = _newcombe(value, p, n, level)
        low, high = float(np.fmin(low, least)), float(np.fmax(high, most))
    return Ranked(value, low, high)


def average_precision(positives: Floats, negatives: Floats, level: float = LEVEL) -> Ranked:
    """Return the average precision with its interval.

    Parameters
    ----------
    positives, negatives, level
        As of :func:`area_under_curve`.

    Returns
    -------
    Ranked
        Without an interval where there are fewer than 20 positive rows or 100 rows.
    """
    p, n = float(positives.sum()), float(negatives.sum())
    if p == 0 or n == 0:
        return NOT_DEFINED
    keep = positives + negatives > 0
    positives, negatives = positives[keep], negatives[keep]
    seen = np.cumsum(positives + negatives)
    found = np.cumsum(positives)
    precision = found / seen
    value = float(positives @ precision / p)
    if p < LEAST_POSITIVES or p + n < EXACT_BELOW:
        return Ranked(value, math.nan, math.nan)
    of_all = -np.cumsum((positives * found / seen**2)[::-1])[::-1] / p
    of_positives = of_all + (np.cumsum((positives / seen)[::-1])[::-1] + precision - value) / p
    rows = p + n
    sums = [positives @ of_positives**2, negatives @ of_all**2]
    variances = [float(part * rows / (rows - 1)) for part in sums]
    bias = float(positives @ ((1 - precision) / seen)) / p
    freedom = _freedom(variances, (p, n))
    return Ranked(value, *_log_odds(value, bias, math.sqrt(sum(variances)), freedom, level))


def _variance(values: Floats, counts: Floats, total: float) -> float:
    if total < 2:
        return 0.0
    mean = counts @ values / total
    return float(counts @ np.square(values - mean) / (total - 1))


def _freedom(variances: list[float], rows: tuple[float, float]) -> float:
    """Return Satterthwaite's degrees of freedom of a sum of two variances."""
    parts = sum(v * v / max(k - 1, 1) for v, k in zip(variances, rows, strict=True))
    return max(1.0, sum(variances) ** 2 / parts) if parts > 0 else 1.0


def _log_odds(
    value: float, bias: float, error: float, freedom: float, level: float
) -> tuple[float, float]:
    """Return limits on the scale of log-odds; NaN where there is no spread."""
    if error == 0 or not 0 < value < 1:
        return math.nan, math.nan
    step = float(stdtrit(freedom, (1 + level) / 2)) * error
    lower = max(value - bias, value / 2)
    low = expit(logit(lower) - step / (lower * (1 - lower)))
    return float(low), float(expit(logit(value) + step / (value * (1 - value))))


def _newcombe(value: float, p: float, n: float, level: float) -> tuple[float, float]:
    """Return Newcombe's limits: the areas that a test would not tell from the one seen."""
    z = float(ndtri((1 + level) / 2))
    area = np.linspace(0.0, 1.0, 4001)
    spread = 1 + ((p + n) / 2 - 1) * ((1 - area) / (2 - area) + area / (1 + area))
    alike = np.square(value - area) <= z * z * area * (1 - area) * spread / (p * n) + 1e-12
    return float(area[alike].min()), float(area[alike].max())
