r"""Wilson's interval of a share: the shares p that a test would not tell from the one seen,

.. math:: |\hat p - p| \le z \sqrt{p (1 - p) / n}.

It stays within 0 and 1 and is not empty where the share is 0 or 1.
"""

from __future__ import annotations

import math

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
    z = NORMAL_QUANTILE
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
