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


def conformal_rank(n: int, coverage: float) -> int:
    """Return which of n scores, in ascending order from 1 on, new ones exceed seldom enough.

    Parameters
    ----------
    n : int
        Number of scores.
    coverage : float
        Share of the new ones that shall not exceed it, in (0, 1).

    Returns
    -------
    int
        :math:`\\lceil (1 - \\alpha)(n + 1) \\rceil`; n + 1 if there are too few for the coverage.

    Raises
    ------
    InputError
        If the coverage is no share.

    Examples
    --------
    >>> conformal_rank(99, 0.9), conformal_rank(8, 0.9)
    (90, 9)
    """
    if not 0 < coverage < 1:
        raise InputError(f"coverage={coverage} must lie between 0 and 1.")
    # 0.55 * 20 is 11.000000000000002 in floating point.
    return math.ceil(coverage * (n + 1) - 1e-9)


def least_calibration_rows(coverage: float) -> int:
    """Return how many scores such a coverage takes: the least n with a rank of at most n.

    Examples
    --------
    >>> least_calibration_rows(0.9), least_calibration_rows(0.95)
    (9, 19)
    """
    return math.ceil(coverage / (1 - coverage) - 1e-9)


def conformal_quantile(scores: NDArray[np.float64], coverage: float) -> float:
    """Return what so large a share of new scores does not exceed.

    Parameters
    ----------
    scores : array of shape (n,)
        In ascending order.
    coverage : float
        The share, in (0, 1).

    Returns
    -------
    float
        Infinite if there are too few scores for such a coverage.

    Examples
    --------
    >>> conformal_quantile(np.arange(1.0, 10.0), 0.8), conformal_quantile(np.arange(3.0), 0.8)
    (8.0, inf)
    """
    rank = conformal_rank(len(scores), coverage)
    return float(scores[rank - 1]) if rank <= len(scores) else math.inf


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
    n = len(residuals)
    rank = conformal_rank(n, coverage)
    if rank > n:
        least = least_calibration_rows(coverage)
        raise InputError(
            f"An interval that covers {coverage:.0%} needs {least} held-out rows, but there "
            f"were {n}; give more rows, or ask for less."
        )
    width = residuals[rank - 1]
    ends = np.stack([predicted - width, predicted + width], axis=-1)
    return ends[:, 0] if ends.shape[1] == 1 else ends
