r"""Risk and coverage: how often a classifier errs if it answers only where it is sure.

Rows in descending order of the probability of their predicted class; of the first k, which are a
share of k/n (the coverage), the share of wrong ones is the risk :math:`r_k`. The area

.. math:: A = \frac1n \sum_{k=1}^n r_k

is small where errors come last. An order at random has the error of all rows, :math:`\bar r`, and
an oracle that puts all errors last has the least area, :math:`A^*`; how much of the way from the
one to the other the classifier's own probabilities go is

.. math:: \frac{\bar r - A}{\bar r - A^*} \le 1 .

Rows of equal probability are accepted together, and each counts as wrong as they are on average.

References
----------
El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification". Geifman,
Uziel and El-Yaniv 2019, "Bias-reduced uncertainty estimation for deep neural classifiers".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.errors import InputError
from further.evaluate.estimate import Estimate
from further.evaluate.interval import score_from_resamples
from further.evaluate.share import share_intervals

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """The risk at each coverage.

    Attributes
    ----------
    threshold : array of shape (m,)
        Each probability of a predicted class, descending.
    coverage : array of shape (m,)
        Share of the rows that have at least that.
    risk : array of shape (m,)
        Share of wrong predictions among them.
    low, high : array of shape (m,)
        Its interval of 95 % (:mod:`further.evaluate.share`), each point on its own.
    oracle : array of shape (m,)
        Risk at that coverage if all errors came last.
    area : Estimate
        Under the risk, with its interval.
    area_random, area_oracle : float
        Of an order at random, and of the best one.
    """

    threshold: Floats
    coverage: Floats
    risk: Floats
    low: Floats
    high: Floats
    oracle: Floats
    area: Estimate
    area_random: float
    area_oracle: float

    @property
    def ranking(self) -> float | None:
        """Share of the way from random to the oracle; None where no order matters."""
        span = self.area_random - self.area_oracle
        return (self.area_random - self.area.value) / span if span > 1e-12 else None

    @property
    def told(self) -> str:
        """Say it in a sentence."""
        area = f"The area under risk and coverage is {self.area.value:.4f}"
        if self.area.low is not None:
            area += f" ({self.area.low:.4f} to {self.area.high:.4f})"
        area += f"; at random it would be {self.area_random:.4f}, at best {self.area_oracle:.4f}"
        share = "" if self.ranking is None else f": {self.ranking:.0%} of the way"
        return f"{area}{share}."

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each threshold."""
        names = ("threshold", "coverage", "risk", "low", "high", "oracle")
        frame = pd.DataFrame({name: getattr(self, name) for name in names})
        return frame.assign(random=self.area_random)


def risk_coverage(probabilities: Floats, wrong: NDArray[np.bool_], seed: int = 0) -> RiskCoverage:
    """Return the curve of risk and coverage.

    When to use: to see what abstaining would gain, on rows that the model was not fitted to. When
    it fails: a threshold that is read off the curve promises nothing; that is what
    :mod:`further.trust.safety.fixed_sequence` is for.

    Parameters
    ----------
    probabilities : array of shape (n,)
        Of the predicted class.
    wrong : array of shape (n,), bool
        Whether the prediction is.
    seed : int
        Of the bootstrap of the area.

    Returns
    -------
    RiskCoverage
        A point for each distinct probability.

    Raises
    ------
    InputError
        If there are no rows.

    Examples
    --------
    >>> curve = risk_coverage(np.array([0.9, 0.8, 0.7, 0.6]), np.array([False, False, True, False]))
    >>> curve.risk.round(3).tolist(), round(curve.area.value, 3)
    ([0.0, 0.0, 0.333, 0.25], 0.146)
    >>> round(curve.area_oracle, 4), round(curve.ranking, 2)
    (0.0625, 0.56)
    """
    n = len(probabilities)
    if not n:
        raise InputError("There are no rows, so that there is no risk; give at least one.")
    order = np.argsort(-probabilities, kind="stable")
    threshold, first = np.unique(-probabilities[order], return_index=True)
    errors = wrong[order].astype(np.float64)

    def area(weights: Floats) -> float:
        return _area(errors, first, weights[order])

    accepted = np.append(first[1:], n)
    k = np.cumsum(errors)[accepted - 1]
    risk = share_intervals(k, accepted)
    sorted_errors = np.sort(errors)
    return RiskCoverage(
        -threshold, accepted / n, risk.values, risk.low, risk.high,
        np.cumsum(sorted_errors)[accepted - 1] / accepted,
        score_from_resamples(area, n, limits=(0.0, 1.0), seed=seed).estimate,
        float(errors.mean()), _area(sorted_errors, np.arange(n), np.ones(n)),
    )  # fmt: skip


def _area(errors: Floats, first: NDArray[np.int64], weights: Floats) -> float:
    """Return the mean risk of rows in order; ``first`` is where equal probabilities begin."""
    weight = np.add.reduceat(weights, first)
    rate = np.add.reduceat(weights * errors, first) / np.maximum(weight, 1e-300)
    of_row = np.repeat(rate, np.diff(np.append(first, len(errors))))
    total = np.cumsum(weights)
    drawn = total > 0
    risk = np.cumsum(weights * of_row)[drawn] / total[drawn]
    return float(weights[drawn] @ risk / total[-1])
