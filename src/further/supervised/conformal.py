r"""Intervals around predictions, from the residuals of rows that the model was not fitted to.

.. math:: C(x) = \hat y(x) \pm r_{(\lceil (1 - \alpha)(n + 1) \rceil)},
          \qquad r_i = |y_i - \hat y(x_i)|,

with the residuals in ascending order. Where new rows are exchangeable with these n, the interval
holds at least the share 1 - α of them (Papadopoulos et al. 2002; Lei et al. 2018). It is equally
wide for all rows, and what it promises holds on average over them, not for each kind of row.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from further.errors import InputError


def sorted_residuals(
    values: NDArray[np.float64], predicted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distances of predictions from the numbers, each column in ascending order.

    Parameters
    ----------
    values, predicted : array of shape (n, k)
        Of rows that the model was not fitted to.

    Returns
    -------
    array of shape (n, k)
        At least 0.

    Examples
    --------
    >>> sorted_residuals(np.array([[1.0], [2.0]]), np.array([[4.0], [1.0]])).ravel().tolist()
    [1.0, 3.0]
    """
    return np.sort(np.abs(values - predicted), axis=0)


def interval_around(
    predicted: NDArray[np.float64], residuals: NDArray[np.float64], coverage: float
) -> NDArray[np.float64]:
    """Return the interval around each prediction that holds so large a share of new rows.

    Parameters
    ----------
    predicted : array of shape (m, k)
        Predictions of new rows.
    residuals : array of shape (n, k)
        From :func:`sorted_residuals`.
    coverage : float
        Share of the rows, in (0, 1).

    Returns
    -------
    array of shape (m, 2), or (m, k, 2) for several numbers
        Lower and upper end.

    Raises
    ------
    InputError
        If there are too few residuals for such a coverage.

    Examples
    --------
    >>> interval_around(np.array([[10.0]]), np.arange(1.0, 10.0)[:, None], 0.8).tolist()
    [[2.0, 18.0]]
    """
    if not 0 < coverage < 1:
        raise InputError(f"coverage={coverage} must lie between 0 and 1.")
    n = len(residuals)
    place = math.ceil(coverage * (n + 1)) - 1
    if place >= n:
        least = math.ceil(coverage / (1 - coverage))
        raise InputError(
            f"An interval that covers {coverage:.0%} needs {least} held-out rows, but there "
            f"were {n}; give more rows, or ask for less."
        )
    width = residuals[place]
    ends = np.stack([predicted - width, predicted + width], axis=-1)
    return ends[:, 0] if ends.shape[1] == 1 else ends
