r"""Conformalized quantile regression: intervals that are promised, and as wide as the row asks for.

Quantile regressions predict the quantiles :math:`\hat q_{\alpha/2}(x)` and
:math:`\hat q_{1 - \alpha/2}(x)`. How far outside them the numbers of n other rows lie,

.. math:: e_i = \max\{ \hat q_{\alpha/2}(x_i) - y_i,\; y_i - \hat q_{1 - \alpha/2}(x_i) \},

less than 0 inside, says by how much they have to be moved:

.. math:: C(x) = \bigl[ \hat q_{\alpha/2}(x) - e_{(r)},\; \hat q_{1 - \alpha/2}(x) + e_{(r)} \bigr],
          \qquad r = \lceil (1 - \alpha)(n + 1) \rceil .

The promise is that of :mod:`further.trust.safety.conformal_regression`, however wrong the quantiles
are; how well widths fit the rows depends on them.

References
----------
Romano, Patterson and Candès 2019, "Conformalized quantile regression".
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor

from further._sklearn import HasMethods
from further.errors import InputError
from further.trust.safety.calibration import CalibrationRows, Floats
from further.trust.safety.conformal_regression import ConformalRegressor

#: How regressors of scikit-learn and its kin call the quantile that they predict.
NAMES = ("quantile", "alpha", "quantile_alpha")


class ConformalQuantileRegressor(ConformalRegressor):
    """Intervals that hold the number as often as promised, wide where rows are hard to predict.

    When to use: where the spread differs from row to row. When it fails: extreme quantiles of few
    rows are poor, and then the widths are; the promise is void for rows unlike those of the
    calibration, and a mean over rows, unless it is conditional.

    Parameters
    ----------
    estimator : regressor, default=None
        With a parameter for the quantile that it predicts (``quantile``, or ``alpha`` with
        ``loss="quantile"``); None is scikit-learn's histogram-based gradient boosting. It is fitted
        three times, for the two ends and the median.
    coverage : float, default=0.9
        Share of the intervals that hold the number.
    conditional_on : {None, "attribute"}, default=None
        Whether the promise is made for each value of the attribute that ``fit`` is given, too.
    calibration_share : float, default=0.3
        Share of the rows that calibrates.
    random_state : int, RandomState or None, default=None
        Seed of what is held out.

    Attributes
    ----------
    quantiles_ : dict
        By how much both ends are moved outwards, for each value (or all rows).
    estimators_ : list of regressor
        For the lower end and the upper end.
    estimator_ : regressor
        For the median, which ``predict`` returns.
    notes_ : tuple of str
        Which values are too rare to be promised anything but infinite intervals.
    n_calibration_ : int
        Rows that calibrated it.
    seed_ : int
        Of what was held out.

    References
    ----------
    Romano, Patterson and Candès 2019, "Conformalized quantile regression".

    Examples
    --------
    >>> from sklearn.linear_model import QuantileRegressor
    >>> x = np.random.default_rng(0).uniform(size=(400, 1))
    >>> y = x[:, 0] * (1 + np.random.default_rng(1).normal(size=400))
    >>> model = ConformalQuantileRegressor(QuantileRegressor(alpha=0), random_state=0).fit(x, y)
    >>> np.diff(model.predict_interval([[0.1], [0.9]])).round(1).ravel().tolist()
    [0.3, 2.6]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        name: limits
        for name, limits in ConformalRegressor._parameter_constraints.items()
        if name != "prefit"
    } | {"estimator": [HasMethods(["fit", "predict"]), None]}
    prefit = False

    def __init__(
        self,
        estimator: Any = None,
        *,
        coverage: float = 0.9,
        conditional_on: str | None = None,
        calibration_share: float = 0.3,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.coverage = coverage
        self.conditional_on = conditional_on
        self.calibration_share = calibration_share
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        if self.estimator is None:
            return type(self)(HistGradientBoostingRegressor()).__sklearn_tags__()
        return super().__sklearn_tags__()

    def _learn(self, rows: CalibrationRows | None) -> None:
        tail = (1 - self.coverage) / 2
        low, median, high = (
            self._fitted(self._for_quantile(quantile), rows) for quantile in (tail, 0.5, 1 - tail)
        )
        self.estimators_ = [low, high]
        self._take_on(median)

    def _for_quantile(self, quantile: float) -> Any:
        model = self.estimator
        if model is None:
            model = HistGradientBoostingRegressor(loss="quantile", random_state=self.seed_)
        known = model.get_params()
        name = next((name for name in NAMES if name in known), None)
        if name is None or ("loss" in known and known["loss"] != "quantile"):
            raise InputError(
                f"{model!r} predicts no quantile; give a regressor with a parameter "
                f'{" or ".join(NAMES[:2])}, and loss="quantile" if it has a loss.'
            )
        return clone(model).set_params(**{name: quantile})

    def _band(self, X: Any) -> tuple[Floats, Floats]:
        ends = np.sort([model.predict(X) for model in self.estimators_], axis=0)
        return ends[0], ends[1]
