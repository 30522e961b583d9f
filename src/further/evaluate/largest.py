r"""The largest difference among several groups, with an interval that knows that it was looked for.

Of figures :math:`\theta_g` of groups, here also of several kinds at once (as equalized odds takes
false positive and false negative rates), the largest difference is

.. math:: \Delta = \max_j \delta_j, \qquad \delta_j = \theta_{a_j} - \theta_{b_j}

over all ordered pairs. The one seen is too large on average, since it is the largest of many that
vary, and no bootstrap of it mends that where pairs are tied. Its two ends are found apart:

* :math:`\Delta` is one of the :math:`\delta_j`, so the greatest of their upper ends lies below it
  no more often than the one upper end does;
* :math:`\hat\Delta - \Delta \le \max_j (\hat\delta_j - \delta_j)` over the pairs that contend,
  those whose interval reaches the interval of the largest; the quantile of the right side is
  found from normal draws of all figures, as wide on either side as their intervals are.

Where one pair stands out this is the interval of its difference; where all are alike it is wider,
and holds the truth more often than it says.

References
----------
Fang and Santos 2019, "Inference on directionally differentiable functions", Review of Economic
Studies 86. Zou and Donner 2008 (see :mod:`further.evaluate.recovery`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy.special import ndtri

from further.evaluate.recovery import difference, logs
from further.evaluate.resampling import LEVEL
from further.evaluate.share import Intervals

DRAWS = 2000
_FAR = 1e9
METHOD = "largest over pairs of groups; lower end corrected for the search"


@dataclass(frozen=True)
class Largest:
    """The largest difference among groups, or the smallest ratio."""

    value: Annotated[float, "The figure."]
    low: Annotated[float, "Lower end of its interval."]
    high: Annotated[float, "Upper end; infinite where nothing limits it."]
    kind: Annotated[int, "Which of the given figures it is of."]
    highest: Annotated[int, "The group with the higher figure."]
    lowest: Annotated[int, "The group with the lower one."]


def largest_difference(
    kinds: Sequence[Intervals], seed: int = 0, level: float = LEVEL
) -> Largest | None:
    """Return the largest difference among groups.

    When to use: for what is a maximum, such as demographic parity or equalized odds. When it fails:
    a single small group, whose interval is wide, makes the upper end large; leave it out and say
    so.

    Parameters
    ----------
    kinds : sequence of Intervals
        One figure or several, each of the same groups; groups with NaN take no part in that one.
    seed : int
        Of the draws.
    level : float, default=0.95
        Of the given intervals, and of the result.

    Returns
    -------
    Largest or None
        None where fewer than two groups have the figure.

    Examples
    --------
    >>> from further.evaluate.share import share_intervals
    >>> found = largest_difference([share_intervals([45, 23, 30], [100, 100, 100])])
    >>> found.highest, found.lowest
    (0, 1)
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (0.22, 0.07, 0.34)
    """
    pairs = [
        (kind, a, b)
        for kind, of in enumerate(kinds)
        for a in np.flatnonzero(np.isfinite(of.values))
        for b in np.flatnonzero(np.isfinite(of.values))
        if a != b
    ]
    if not pairs:
        return None
    places = np.array(pairs)
    kind, a, b = places.T
    every = Intervals(*(np.stack([getattr(of, end) for of in kinds]) for end in _ENDS))
    each = difference(every[kind, a], every[kind, b])
    top = int(each.values.argmax())
    value = float(each.values[top])
    contends = each.high >= each.low[top]
    z = np.random.default_rng(seed).standard_normal((DRAWS, *every.values.shape))
    # Half a normal distribution on either side, each as wide as the interval is there.
    width = np.where(z > 0, every.high - every.values, every.values - every.low)
    off = width / float(ndtri((1 + level) / 2)) * z
    # The logarithm of what may be 0 has no lower end.
    off = np.nan_to_num(off, posinf=_FAR, neginf=-_FAR)
    beyond = np.full(DRAWS, -np.inf)
    for m in range(len(kinds)):
        here = contends & (kind == m)
        for group in np.unique(a[here]):
            others = b[here & (a == group)]
            beyond = np.maximum(beyond, off[:, m, group] - off[:, m, others].min(axis=1))
    excess = float(np.quantile(beyond, (1 + level) / 2))
    low = max(0.0, min(value - excess, float(each.low[top])))
    high = float(each.high[contends].max())
    return Largest(value, low, high, int(kind[top]), int(a[top]), int(b[top]))


_ENDS = ("values", "low", "high")


def smallest_ratio(kinds: Sequence[Intervals], seed: int = 0) -> Largest | None:
    """Return the smallest ratio of two groups' figures.

    Parameters
    ----------
    kinds : sequence of Intervals
        As of :func:`largest_difference`, of figures that are not negative.
    seed : int
        Of the draws.

    Returns
    -------
    Largest or None
        From 0 to 1; None where no two groups have a figure that is not 0 in both.
    """
    compared = []
    for kind, of in enumerate(kinds):
        known = np.flatnonzero(np.isfinite(of.values))
        if len(known) < 2 or not (of.values[known] > 0).any():
            continue
        least, most = (int(known[pick(of.values[known])]) for pick in (np.argmin, np.argmax))
        if of.values[least] <= 0:
            high = of.high[least] / of.low[most] if of.low[most] > 0 else 1.0
            return Largest(0.0, 0.0, min(1.0, float(high)), kind, most, least)
        compared.append(kind)
    if not compared:
        return None
    found = largest_difference([logs(kinds[kind]) for kind in compared], seed)
    assert found is not None
    low, value, high = (float(np.exp(-x)) for x in (found.high, found.value, found.low))
    return Largest(value, low, high, compared[found.kind], found.highest, found.lowest)
