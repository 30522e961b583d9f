r"""Wilson's interval of a share: the shares p that a test would not tell from the one seen,

.. math:: |\hat p - p| \le z \sqrt{p (1 - p) / n}.

It stays within 0 and 1 and is not empty where the share is 0 or 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from further.evaluate.resampling import NORMAL_QUANTILE

WILSON = "Wilson score interval"


def wilson(share: float, n: float) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share among n.

    Parameters
    ----------
    share : float
        The share, from 0 to 1.
    n : float
        Number of examples.

    Returns
    -------
    low, high : float
        Limits, within 0 and 1.

    Examples
    --------
    >>> [round(limit, 3) for limit in wilson(1.0, 10)]
    [0.722, 1.0]
    """
    low, high = wilson_limits(share, n, NORMAL_QUANTILE)
    return max(0.0, float(low)), min(1.0, float(high))


def wilson_limits(share: ArrayLike, n: ArrayLike, z: float) -> tuple[Any, Any]:
    """Return Wilson's limits of one share or of many, for any level.

    Parameters
    ----------
    share, n : float or array of shape (groups,)
        Shares, and examples of each.
    z : float
        The normal quantile of the level.

    Returns
    -------
    low, high : float or array of shape (groups,)
        Within 0 and 1 but for rounding.
    """
    p, m = np.asarray(share, dtype=np.float64), np.asarray(n, dtype=np.float64)
    centre = (p + z * z / (2 * m)) / (1 + z * z / m)
    half = z / (1 + z * z / m) * np.sqrt(p * (1 - p) / m + z * z / (4 * m * m))
    return centre - half, centre + half
