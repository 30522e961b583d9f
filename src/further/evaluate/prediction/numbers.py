r"""Predicted numbers of held-out rows, and what they are worth.

With the target :math:`y_i`, the prediction :math:`\hat y_i` and the ends :math:`l_i, u_i` of an
interval that is to hold nine tenths of the rows,

.. math:: R^2 = 1 - \frac{\sum (y_i - \hat y_i)^2}{\sum (y_i - \bar y)^2}, \qquad
          \text{pinball} = \frac{1}{2n} \sum_i \rho_{0.05}(y_i - l_i) + \rho_{0.95}(y_i - u_i),
          \qquad \rho_q(e) = \max(q e, (q - 1) e).

References
----------
Gneiting and Raftery 2007, "Strictly proper scoring rules, prediction, and estimation" (quantiles).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from further.evaluate.estimate import Score
from further.evaluate.interval import score_from_examples, score_from_resamples

Floats = NDArray[np.floating[Any]]

#: Share of the rows that an interval is to hold.
COVERAGE = 0.9


@dataclass(frozen=True, eq=False)
class NumberPredictions:
    """Held-out rows, each predicted by a model that never saw it."""

    values: Annotated[Floats, "The target, (n,)."]
    predicted: Annotated[Floats, "Its prediction, (n,)."]
    interval: Annotated[Floats | None, "Ends that are to hold 90 % of the rows, (n, 2)."] = None
    groups: Annotated[ArrayLike | None, "Rows that depend on each other, (n,)."] = None
    seed: Annotated[int, "The same seed resamples the same rows, so that models are paired."] = 0

    @property
    def errors(self) -> Floats:
        """Target less prediction."""
        return self.values - self.predicted

    def scores(self) -> dict[str, Score | None]:
        """Return the scores by metric; None where one is not defined."""
        return {name: scorer(self) for name, scorer in SCORERS.items()}


def _r2(p: NumberPredictions) -> Score | None:
    if len(p.values) < 2 or np.ptp(p.values) == 0:
        return None
    # Near 0 for the sums, whatever the units.
    values, squares = p.values - p.values.mean(), np.square(p.errors)

    def explained(weights: Floats) -> float:
        total, mean = weights.sum(), weights @ values / weights.sum()
        variance = weights @ np.square(values) / total - mean**2
        return float(1 - weights @ squares / total / variance) if variance > 0 else np.nan

    return score_from_resamples(explained, len(values), groups=p.groups, seed=p.seed)


def _rmse(p: NumberPredictions) -> Score:
    squares = np.square(p.errors)
    return score_from_resamples(
        lambda weights: float(np.sqrt(weights @ squares / weights.sum())),
        len(squares), groups=p.groups, seed=p.seed,
    )  # fmt: skip


def _mae(p: NumberPredictions) -> Score:
    return score_from_examples(np.abs(p.errors), groups=p.groups, seed=p.seed)


def _pinball(p: NumberPredictions) -> Score | None:
    if p.interval is None:
        return None
    tail = (1 - COVERAGE) / 2
    lower, upper = p.values - p.interval[:, 0], p.values - p.interval[:, 1]
    loss = np.maximum(tail * lower, (tail - 1) * lower)
    loss = loss + np.maximum((1 - tail) * upper, -tail * upper)
    return score_from_examples(loss / 2, groups=p.groups, seed=p.seed)


def _coverage(p: NumberPredictions) -> Score | None:
    if p.interval is None:
        return None
    held = (p.interval[:, 0] <= p.values) & (p.values <= p.interval[:, 1])
    return score_from_examples(
        held.astype(np.float64), groups=p.groups, limits=(0.0, 1.0), seed=p.seed
    )


#: What is scored, in the order of the table of metrics.
SCORERS: dict[str, Callable[[NumberPredictions], Score | None]] = {
    "r2": _r2,
    "rmse": _rmse,
    "mae": _mae,
    "pinball": _pinball,
    "interval_coverage": _coverage,
}
