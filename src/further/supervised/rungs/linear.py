r"""Logistic and linear regression, with a squared penalty whose strength the data choose.

.. math:: p(k \mid x) \propto e^{b_k + w_k^\top z}, \quad
          \min_{b, w}\; \frac12 \sum_k \lVert w_k \rVert^2 - C \sum_i \log p(y_i \mid x_i),

.. math:: \hat y = b + w^\top z, \quad
          \min_{b, w}\; \frac1n \sum_i (y_i - b - w^\top z_i)^2 + \alpha \lVert w \rVert^2,

with z the row as standard scores and one-hot vectors, and y in units of its standard deviation. Of
two classes only the second has a w. The coefficients of the categories of a column sum to 0: each
says how far the category is from their middle. How α and C are chosen is in
:mod:`further.supervised.rungs.ridge`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from further.supervised.classical import Floats
from further.supervised.explanation import Coefficient, Coefficients
from further.supervised.places import Place, missing_values
from further.supervised.rungs.ridge import RidgeLogistic, RidgeRegression
from further.train.parameters import hyperparameters


@hyperparameters
class LogisticRegression(RidgeLogistic):
    """Logistic regression: the log odds of the classes are a weighted sum of the columns.

    Use it first for classes: it is fast, its probabilities are calibrated where the model is right,
    and each coefficient can be read as an odds ratio. It fails where a column works in both
    directions or only together with another, unless such columns are made by hand.

    Parameters
    ----------
    C : float or "auto", default="auto"
        Inverse strength of the penalty; "auto" takes the one of 0.001 to 1000 with the lowest log
        loss in 5-fold cross-validation on at most 5,000 of the training rows.
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    References
    ----------
    Cox 1958, "The regression analysis of binary sequences". Le Cessie and van Houwelingen 1992,
    "Ridge estimators in logistic regression".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 2)) * [1, 10]
    >>> y = X[:, 0] + rng.logistic(size=300) > 0
    >>> model = LogisticRegression(random_state=0).fit(X, y)
    >>> [(line.column, round(line.odds_ratio, 1)) for line in model.explain().coefficients]
    [('x0', 2.4), ('x1', 1.0)]
    """

    def explain(self) -> Coefficients:
        """Return coefficients in log odds for each unit, with their odds ratios."""
        return coefficients(
            self._places(), self.model_.coef_, self.model_.intercept_, self.spread_,
            self._outcomes(), odds=True,
        )  # fmt: skip


@hyperparameters
class LinearRegression(RidgeRegression):
    """Linear regression with a squared penalty: the number is a weighted sum of the columns.

    Use it first for numbers: a coefficient says what a unit of its column adds. It fails on curves
    and on columns that work only together, and a single far outlier of the target can turn it.

    Parameters
    ----------
    alpha : float or "auto", default="auto"
        Penalty a row; "auto" takes the one of 1e-6 to 10 with the lowest squared error when each
        row is predicted without it.
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    References
    ----------
    Hoerl and Kennard 1970, "Ridge regression". Allen 1974, "The relationship between variable
    selection and data augmentation and a method for prediction".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import LinearRegression
    >>> X = np.arange(20.0)[:, None]
    >>> model = LinearRegression().fit(X, 3 * X[:, 0] + 5)
    >>> model.predict([[100.0]]).round(1).tolist()
    [305.0]
    >>> [(line.column, round(line.value, 2)) for line in model.explain().coefficients]
    [('x0', 3.0)]
    """

    def explain(self) -> Coefficients:
        """Return coefficients in units of the target for each unit of a column."""
        return coefficients(
            self._places(), self.model_.coef_[None], [self.model_.intercept_], self.spread_,
            [None], target=self.target_name_, center=self.center_, scale=self.scale_,
        )  # fmt: skip


def coefficients(
    places: list[Place],
    coef: Any,
    intercept: Any,
    spread: Floats,
    outcomes: list[Any],
    *,
    target: str = "y",
    center: float = 0.0,
    scale: float = 1.0,
    odds: bool = False,
) -> Coefficients:
    """Return the coefficients of encoded columns in the units of the source.

    Parameters
    ----------
    places : list of Place
        The p encoded columns.
    coef : array of shape (k, p)
        Of each outcome.
    intercept : array of shape (k,)
        Likewise.
    spread : array of shape (p,)
        Standard deviations of the encoded columns.
    outcomes : list of str or None
        Names of the classes; None for a number.
    target : str
        Name of the number.
    center, scale : float
        Of the target: what was fitted is ``(y - center) / scale``.
    odds : bool
        Whether the coefficients are of log odds.

    Returns
    -------
    Coefficients
        The largest standardised size first.
    """
    lines, intercepts = [], {}
    for outcome, row, start in zip(outcomes, np.asarray(coef), np.ravel(intercept), strict=True):
        constant = float(start)
        for place, b, size in zip(places, row, spread, strict=True):
            number = place.category is None
            value = float(b) * scale / (place.deviation if number else 1.0)
            constant -= float(b) * (place.mean / place.deviation if number else 0.0)
            lines.append(
                Coefficient(
                    place.column, place.category, outcome, value, float(b * size),
                    _exp(value) if odds else None,
                )
            )  # fmt: skip
        intercepts[target if outcome is None else outcome] = center + scale * constant
    lines.sort(key=lambda line: -abs(line.standardised))
    stand_in = missing_values(places)
    notes = tuple(
        f"A missing number of {name} counts as its mean, {value:.6g}."
        for name, value in stand_in.items()
    )
    return Coefficients(intercepts, tuple(lines), notes=notes)


def _exp(value: float) -> float | None:
    return math.exp(value) if value < 700 else None
