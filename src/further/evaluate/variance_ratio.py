r"""How much settings matter in units of how much seeds do: the ratio of two variance components.

S settings, each with R seeds of its own, give figures

.. math:: y_{sr} = \mu + a_s + e_{sr}, \qquad a_s \sim (0, \sigma_a^2), \quad e_{sr} \sim (0,
\sigma_e^2).

With the mean squares between and within settings,

.. math:: F = \frac{MS_a}{MS_e}, \qquad
   \frac{F}{1 + R\,\sigma_a^2 / \sigma_e^2} \sim F_{S-1,\, S(R-1)}

where both are normal, so that :math:`\sigma_a^2 = 0` is tested by F alone, and the ratio of
variances :math:`\theta = \sigma_a^2 / \sigma_e^2` has exact limits

.. math:: \theta_{l,u} = \frac1R \Bigl( \frac{F}{F_{1-\alpha/2,\,\alpha/2}} - 1 \Bigr) .

The ratio of spreads is its root. The test needs only seeds to be normal; the limits need settings
to be, too, and seeds to spread alike at every setting.

References
----------
Searle, Casella and McCulloch 1992, "Variance components", section 3.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from further.evaluate.resampling import LEVEL

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class VarianceRatio:
    """The spread between settings in units of the spread between seeds."""

    value: Annotated[float | None, "Their ratio; None where seeds do not spread."]
    low: Annotated[float | None, "Lower limit."]
    high: Annotated[float | None, "Upper limit."]
    between: Annotated[float, "Standard deviation between settings, that of seeds taken out."]
    within: Annotated[float, "Standard deviation between seeds of one setting."]
    f: Annotated[float | None, "The F statistic of no spread between settings."]
    p: Annotated[float | None, "Its p-value."]
    degrees: Annotated[tuple[int, int], "Degrees of freedom of F."]
    method: Annotated[str, "How it was made."] = (
        "one-way variance components, F distribution, normal settings and seeds"
    )


def variance_ratio(figures: Floats, level: float = LEVEL) -> VarianceRatio:
    """Return the ratio of the spread between rows of a table to that within them.

    When to use: where a few settings were each repeated with seeds of their own. When it fails:
    where a few settings are far off and most are alike, the limits hold the ratio less often than
    they say (of normal settings in 95 of 100 sets).

    Parameters
    ----------
    figures : array of shape (settings, seeds)
        At least two of each.
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    VarianceRatio
        A spread between settings that is below that of chance counts as 0.

    Examples
    --------
    >>> found = variance_ratio(np.array([[0.90, 0.92], [0.70, 0.72], [0.80, 0.82]]))
    >>> round(found.value, 2), round(found.f, 1), found.degrees
    (7.04, 100.0, (2, 3))
    """
    settings, seeds = figures.shape
    degrees = (settings - 1, settings * (seeds - 1))
    within = float(np.mean(np.var(figures, axis=1, ddof=1)))
    over = float(seeds * np.var(figures.mean(axis=1), ddof=1))
    between = math.sqrt(max(0.0, (over - within) / seeds))
    if within <= 1e-24:
        return VarianceRatio(None, None, None, between, 0.0, None, None, degrees)
    f = over / within
    tail = (1 - level) / 2

    def spread(ratio: float) -> float:
        return math.sqrt(max(0.0, (ratio - 1) / seeds))

    return VarianceRatio(
        spread(f), spread(f / stats.f.ppf(1 - tail, *degrees)),
        spread(f / stats.f.ppf(tail, *degrees)), between, math.sqrt(within), f,
        float(stats.f.sf(f, *degrees)), degrees,
    )  # fmt: skip
