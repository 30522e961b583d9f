r"""Intervals that hold a number as often as promised, by split conformal prediction.

The residuals :math:`r_i = |y_i - \hat y(x_i)|` of n rows that the model was not fitted to, in
ascending order, give the interval
:math:`\hat y(x) \pm r_{(\lceil (1 - \alpha)(n + 1) \rceil)}` of
:mod:`further.supervised.conformal`; attribute by attribute each value has its own residuals (Vovk
2012), and so its own width. As for classes
(:mod:`further.trust.safety.conformal_classification`) the coverage of new rows that are
exchangeable with those n is the rank over n + 1, in the mean over calibrations, whatever the model.

References
----------
Papadopoulos, Proedrou, Vovk and Gammerman 2002, "Inductive confidence machines for regression".
Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018, "Distribution-free predictive inference for
regression". Vovk 2012, "Conditional validity of inductive conformal predictors".
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from further._sklearn import HasMethods, Interval, StrOptions, fit_context
from further.trust.safety.calibration import (
    ALL,
    CalibratedEstimator,
    CalibrationRows,
    Floats,
    conformal_quantiles,
    looked_up,
    values_of,
)


class ConformalRegressor(RegressorMixin, CalibratedEstimator):
    """A regressor whose intervals hold the number as often as promised.

    When to use: around any regressor, for intervals of one width. When it fails: where the spread
    of the errors differs from row to row, easy rows have intervals that are too wide and hard ones
    too narrow (:class:`~further.ConformalQuantileRegressor` fits them to the row); the promise is
    void for rows unlike those of the calibration, and a mean over rows, unless it is conditional.

    Parameters
    ----------
    estimator : regressor
        Of one number.
    coverage : float, default=0.9
        Share of the intervals that hold the number.
    conditional_on : {None, "attribute"}, default=None
        Whether the promise is made for each value of the attribute that ``fit`` is given, too.
    prefit : bool, default=False
        Whether the estimator is fitted, so that all rows calibrate.
    calibration_share : float, default=0.3
        Share of the rows that calibrates otherwise.
    random_state : int, RandomState or None, default=None
        Seed of what is held out.

    Attributes
    ----------
    quantiles_ : dict
        By how much an interval is wider than what is predicted, on each side, for each value (or
        all rows).
    notes_ : tuple of str
        Which values are too rare to be promised anything but infinite intervals.
    estimator_ : regressor
        The fitted model.
    n_calibration_ : int
        Rows that calibrated it.
    seed_ : int
        Of what was held out.

    References
    ----------
    Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018, "Distribution-free predictive inference for
    regression".

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import LinearRegression
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ConformalRegressor(LinearRegression(), random_state=0).fit(X, y)
    >>> model.predict_interval(X[:1]).round().tolist()
    [[120.0, 299.0]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CalibratedEstimator._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict"])],
        "conditional_on": [StrOptions({"attribute"}), None],
        "coverage": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        coverage: float = 0.9,
        conditional_on: str | None = None,
        prefit: bool = False,
        calibration_share: float = 0.3,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.coverage = coverage
        self.conditional_on = conditional_on
        self.prefit = prefit
        self.calibration_share = calibration_share
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, *, groups: Any = None, attribute: Any = None) -> Self:
        """Fit the regressor to some of the rows, and measure by the others how far off it is.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows that the regressor takes.
        y : array of shape (n,), optional
            Numbers; a Dataset brings its own.
        groups : array of shape (n,), optional
            Rows that depend on each other; one of each group calibrates.
        attribute : array of shape (n,), optional
            What the promise is conditional on; the regressor does not see it.

        Returns
        -------
        self
            Fitted and calibrated.

        Raises
        ------
        InputError
            If there are too few rows to hold some out, or an attribute is missing.
        """
        fit_to, rows = self._hold_out(X, y, groups, attribute)
        self._learn(fit_to)
        of = self._strata(rows.attribute, len(rows.y))
        self.quantiles_, self.notes_ = conformal_quantiles(
            self._nonconformity(rows), of, pd.unique(of).tolist() or [ALL], self.coverage
        )
        return self

    def _learn(self, rows: CalibrationRows | None) -> None:
        self._take_on(self._fitted(self.estimator, rows))

    def _nonconformity(self, rows: CalibrationRows) -> Floats:
        """Return how far each number is outside what is predicted."""
        low, high = self._band(rows.X)
        y = rows.y.astype(np.float64)
        return np.maximum(low - y, y - high)

    def _band(self, X: Any) -> tuple[Floats, Floats]:
        """Return what is predicted, before it is calibrated: the same number twice."""
        predicted = np.asarray(self.estimator_.predict(X), dtype=np.float64).ravel()
        return predicted, predicted

    def _strata(self, attribute: Any, n: int) -> pd.Series:
        return self._attribute_of(attribute, n) if self.conditional_on else pd.Series([ALL] * n)

    def predict(self, X: Any) -> Floats:
        """Return the predicted number of each row.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows.

        Returns
        -------
        array of shape (n,)
            In the units of the target.
        """
        check_is_fitted(self, "estimator_")
        found: Floats = np.asarray(self.estimator_.predict(values_of(X))).ravel()
        return found

    def predict_interval(self, X: Any, *, attribute: Any = None) -> Floats:
        """Return an interval for each row that holds its number as often as promised.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows.
        attribute : array of shape (n,), optional
            Where the promise is conditional on it; a value that did not calibrate has infinite
            intervals.

        Returns
        -------
        array of shape (n, 2)
            Lower and upper end.

        Raises
        ------
        InputError
            If the attribute is missing.
        """
        check_is_fitted(self, "estimator_")
        low, high = self._band(values_of(X))
        width = looked_up(self.quantiles_, self._strata(attribute, len(low)))
        # A band that was too wide is drawn in, though never beyond its middle.
        width = np.maximum(width, (low - high) / 2)
        return np.stack([low - width, high + width], axis=1)
