r"""Intervals of differences, ratios and means of figures of separate groups, from their own.

A figure :math:`\hat\theta` with the limits l and u has near them, as it were, the variances
:math:`(\hat\theta - l)^2 / z^2` and :math:`(u - \hat\theta)^2 / z^2`. Those of separate rows add
up:

.. math:: L = \hat\theta_a - \hat\theta_b
              - \sqrt{(\hat\theta_a - l_a)^2 + (u_b - \hat\theta_b)^2}, \qquad
          U = \hat\theta_a - \hat\theta_b
              + \sqrt{(u_a - \hat\theta_a)^2 + (\hat\theta_b - l_b)^2}.

So a difference is as lopsided as what it is made of, and never without width. For shares with
Wilson's limits it is Newcombe's interval. That of a ratio is the difference of the logarithms.
Where both are measured on the same rows, each root loses twice the product of its two parts times
the correlation of the two figures.

References
----------
Zou and Donner 2008, "Construction of confidence limits about effect measures: a general approach",
Statistics in Medicine 27. Newcombe 1998, "Interval estimation for the difference between
independent proportions: comparison of eleven methods", Statistics in Medicine 17. Zou 2007, "Toward
using confidence intervals to compare correlations", Psychological Methods 12.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from further.evaluate.share import Floats, Intervals


def difference(a: Intervals, b: Intervals, correlation: Floats | float = 0.0) -> Intervals:
    """Return a - b with its intervals.

    Parameters
    ----------
    a, b : Intervals
        Of as many groups, or of one.
    correlation : float or array of shape (groups,), default=0.0
        Of the two figures over samples; 0 where their rows are not the same.

    Returns
    -------
    Intervals
        Of the differences.

    Examples
    --------
    >>> from further.evaluate.share import share_intervals
    >>> gap = difference(share_intervals([560], [700]), share_intervals([480], [800]))
    >>> [round(float(end[0]), 3) for end in (gap.values, gap.low, gap.high)]
    [0.2, 0.154, 0.244]
    """
    value = a.values - b.values
    down = _side(a.values - a.low, b.high - b.values, correlation)
    up = _side(a.high - a.values, b.values - b.low, correlation)
    return Intervals(value, value - down, value + up)


def _side(x: Floats, y: Floats, correlation: Floats | float) -> Floats:
    with np.errstate(invalid="ignore"):
        # Where one side is infinite, 0 times it is still nothing.
        both = np.where(np.equal(correlation, 0.0), 0.0, 2 * correlation * x * y)
        # A square above 0 but for rounding: |r| is at most 1.
        side: Floats = np.sqrt(np.maximum(x * x + y * y - both, 0.0))
    return side


def ratio(a: Intervals, b: Intervals) -> Intervals:
    """Return a / b, whose rows are not the same, with its intervals.

    Parameters
    ----------
    a, b : Intervals
        Of figures that are not negative, of as many groups, or of one.

    Returns
    -------
    Intervals
        Of the ratios: not defined (NaN) where b is 0, without an upper limit (infinite) where b may
        be 0. Where a is 0 the upper limit is that of a over the lower one of b.
    """
    a_logs, b_logs = logs(a), logs(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = difference(a_logs, b_logs)
        low, high = np.exp(found.low), np.exp(found.high)
        none = a.values <= 0
        low = np.where(none, 0.0, low)
        high = np.where(none, a.high / b.low, np.where(b.low > 0, high, np.inf))
        value = np.where(b.values > 0, a.values / b.values, np.nan)
    unknown = np.isnan(value)
    return Intervals(value, np.where(unknown, np.nan, low), np.where(unknown, np.nan, high))


def logs(of: Intervals) -> Intervals:
    """Return the logarithms of figures and limits, minus infinity of 0 and what lies below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return Intervals(*(np.log(np.maximum(end, 0.0)) for end in (of.values, of.low, of.high)))


def mean_of(parts: Sequence[Intervals]) -> Intervals:
    """Return the mean of several figures of each group, whose rows are not the same.

    Parameters
    ----------
    parts : sequence of Intervals
        Such as the share of right answers within each class.

    Returns
    -------
    Intervals
        Of the means.
    """
    n = len(parts)
    value = np.mean([part.values for part in parts], axis=0)
    down = np.sqrt(np.sum([np.square(part.values - part.low) for part in parts], axis=0)) / n
    up = np.sqrt(np.sum([np.square(part.high - part.values) for part in parts], axis=0)) / n
    return Intervals(value, value - down, value + up)
