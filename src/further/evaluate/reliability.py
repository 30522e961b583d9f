"""How often what was said with some confidence was right, confidence by confidence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.record import Measured, ReliabilityBin
from further.evaluate.wilson import WILSON, wilson

Floats = NDArray[np.floating[Any]]

#: Most bins of the calibration error, and least rows of one.
MOST_BINS, ROWS_A_BIN = 15, 20


def equal_bins(values: Floats) -> NDArray[np.int64]:
    """Return the bin of each value; bins hold equally many values, and equal values one bin.

    Parameters
    ----------
    values : array of shape (n,)
        Such as confidences.

    Returns
    -------
    array of shape (n,), int64
        From 0 on, in the order of the values.
    """
    n_bins = int(np.clip(len(values) // ROWS_A_BIN, 1, MOST_BINS))
    ends = np.quantile(values, np.arange(1, n_bins) / n_bins)
    bins = np.searchsorted(ends, values, side="right")
    return np.unique(bins, return_inverse=True)[1].astype(np.int64)


def reliability_bins(confidence: Floats, right: Floats) -> tuple[ReliabilityBin, ...]:
    """Return how often predictions of about the same confidence were right.

    Parameters
    ----------
    confidence : array of shape (n,)
        From 0 to 1.
    right : array of shape (n,)
        1 where a prediction was right, else 0.

    Returns
    -------
    tuple of ReliabilityBin
        Of equally many predictions each, by confidence; none of none.

    Examples
    --------
    >>> found = reliability_bins(np.full(20, 0.9), np.repeat([1.0, 0.0], [15, 5]))
    >>> [(round(one.confidence, 2), one.accuracy.value, one.rows) for one in found]
    [(0.9, 0.75, 20)]
    """
    if not len(confidence):
        return ()
    bins = equal_bins(confidence)
    found = []
    for b in range(int(bins.max()) + 1):
        here = bins == b
        n, share = int(here.sum()), float(right[here].mean())
        measured = Measured(share, *wilson(share, n), n, WILSON)
        found.append(ReliabilityBin(float(confidence[here].mean()), measured, n))
    return tuple(found)
