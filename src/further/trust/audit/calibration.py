r"""Whether scores of a group are probabilities: calibration curve, its error, and the whole gap.

Rows are put into bins of equally many rows of all groups together, so that a bin means the same in
each. With :math:`g_b` the mean score minus the share of positive rows in bin b of a group, which
has :math:`n_b` of its n rows,

.. math:: \mathrm{ECE} = \sum_b \frac{n_b}{n} |g_b|, \qquad
          \text{calibration in the large} = \sum_b \frac{n_b}{n} g_b .

ECE is the greatest of the sums with any signs before the :math:`g_b`, so chance alone makes it too
large. Its interval is made as that of the largest difference (:mod:`further.evaluate.largest`): the
upper end is that of the sum with the signs seen; the lower one is corrected for the bins whose sign
the data leave open. It holds the truth at least as often as it says.

References
----------
Nixon et al. 2019, "Measuring calibration in deep learning". Fang and Santos 2019, "Inference on
directionally differentiable functions", Review of Economic Studies 86.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from further.evaluate.ranking import NOT_DEFINED, Ranked
from further.evaluate.reliability import equal_bins
from further.evaluate.resampling import LEVEL
from further.evaluate.share import Intervals, share_intervals

Floats = NDArray[np.floating[Any]]

DRAWS = 2000


@dataclass(frozen=True, eq=False)
class CalibrationCurve:
    """The bins of one group that have rows in them."""

    rows: Annotated[Floats, "In each bin, (bins,)."]
    scores: Annotated[Floats, "The mean score, (bins,)."]
    shares: Annotated[Intervals, "Of positive rows."]

    def to_json(self) -> list[dict[str, Any]]:
        """Return a record a bin."""
        columns = (self.rows, self.scores, self.shares.values, self.shares.low, self.shares.high)
        return [
            {"n": int(n), "score": s, "share": p, "low": low, "high": high}
            for n, s, p, low, high in zip(*(c.tolist() for c in columns), strict=True)
        ]


def calibration_curves(
    scores: Floats, truth: NDArray[np.bool_], codes: NDArray[np.int64], groups: int
) -> list[CalibrationCurve]:
    """Return the calibration curve of each group.

    Parameters
    ----------
    scores : array of shape (n,)
        Probabilities.
    truth : array of bool, shape (n,)
        Which rows are positive.
    codes : array of int, shape (n,)
        The group of each row.
    groups : int
        Number of groups.

    Returns
    -------
    list of CalibrationCurve
        One a group.
    """
    bins = equal_bins(scores)
    width = int(bins.max()) + 1
    place, size = codes * width + bins, groups * width
    shape = (groups, width)
    rows = np.bincount(place, minlength=size).reshape(shape).astype(np.float64)
    sums = np.bincount(place, scores, size).reshape(shape)
    positives = np.bincount(place, truth.astype(np.float64), size).reshape(shape)
    found = []
    for n, total, k in zip(rows, sums, positives, strict=True):
        some = n > 0
        found.append(
            CalibrationCurve(n[some], total[some] / n[some], share_intervals(k[some], n[some]))
        )
    return found


def calibration_error(curve: CalibrationCurve, level: float = LEVEL, seed: int = 0) -> Ranked:
    """Return the expected calibration error of a group with its interval.

    Parameters
    ----------
    curve : CalibrationCurve
        Of the group.
    level : float, default=0.95
        Of the interval.
    seed : int
        Of the draws.

    Returns
    -------
    Ranked
        Not defined without rows.
    """
    n = curve.rows.sum()
    if not n:
        return NOT_DEFINED
    weights = curve.rows / n
    gaps = curve.scores - curve.shares.values
    # One success and one failure are added, so that a bin of one kind has a spread too.
    share = (curve.rows * curve.shares.values + 1) / (curve.rows + 2)
    errors = np.sqrt(share * (1 - share) / curve.rows)
    z = float(ndtri((1 + level) / 2))
    value = float(weights @ np.abs(gaps))
    high = value + z * float(np.sqrt(np.square(weights * errors).sum()))
    off = np.random.default_rng(seed).standard_normal((DRAWS, len(gaps))) * errors
    # A sign is plain where it would be so in all bins together.
    plain = np.abs(gaps) > errors * float(ndtri(1 - (1 - level) / 2 / len(gaps)))
    beyond = np.where(plain, np.sign(gaps) * off, np.abs(off)) @ weights
    low = value - float(np.quantile(beyond, (1 + level) / 2))
    return Ranked(value, max(0.0, min(low, value)), min(1.0, high))
