r"""An interval within limits: symmetric on the scale of log-odds.

A figure v with the standard error s that lies between a and b has on the scale of
:math:`\log \frac{v - a}{b - v}` the standard error

.. math:: s \, \frac{b - a}{(v - a)(b - v)}.

Near a limit the step that this gives grows without bound: what is 0.999 give or take 0.011 would
reach down to 0.02. So it is at most 2 long; where it would be longer, the side that is far from the
limit is at least as long as it is without the scale.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

#: On the scale of log-odds.
LONGEST_STEP = 2.0


def log_odds_interval(
    value: float, half_width: float, limits: tuple[float, float]
) -> tuple[float, float]:
    """Return the interval of a figure that lies between limits.

    Parameters
    ----------
    value : float
        The figure, between the limits and not one of them.
    half_width : float
        Half the width of its interval where it has no limits.
    limits : tuple of float
        The least and the greatest that it can be.

    Returns
    -------
    low, high : float
        Its interval, within the limits unless ``half_width`` is wider than they are.

    Examples
    --------
    >>> [round(limit, 3) for limit in log_odds_interval(0.9, 0.08, (0.0, 1.0))]
    [0.787, 0.956]
    >>> [round(limit, 3) for limit in log_odds_interval(0.999, 0.008, (0.0, 1.0))]
    [0.991, 1.0]
    """
    bottom, span = limits[0], limits[1] - limits[0]
    place = (value - bottom) / span
    step = half_width / span / (place * (1.0 - place))
    both_ways = logit(place) + min(step, LONGEST_STEP) * np.array([-1.0, 1.0])
    low, high = (bottom + span * expit(both_ways)).tolist()
    if step > LONGEST_STEP and place > 0.5:
        low = min(low, value - half_width)
    elif step > LONGEST_STEP:
        high = max(high, value + half_width)
    return low, high
