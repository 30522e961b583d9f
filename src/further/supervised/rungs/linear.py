r"""Logistic and linear regression, with a squared penalty whose strength the data choose.

.. math:: p(k \mid x) \propto e^{b_k + w_k^\top z}, \quad
          \min_{b, w}\; \frac12 \sum_k \lVert w_k \rVert^2 - C \sum_i \log p(y_i \mid x_i),

.. math:: \hat y = b + w^\top z, \quad
          \min_{b, w}\; \frac1n \sum_i (y_i - b - w^\top z_i)^2 + \alpha \lVert w \rVert^2,

with z the row as standard scores and one-hot vectors, and y in units of its standard deviation. Of
two classes only the second has a w. The coefficients of the categories of a column sum to 0: each
says how far the category is from their middle.

Ridge regression is chosen by leaving out one row at a time, which takes a single decomposition:

.. math:: y_i - \hat y^{(-i)}(x_i) = \frac{y_i - \hat y(x_i)}{1 - h_{ii}}, \quad
          H = \tfrac1n 1 1^\top + Z (Z^\top Z + n \alpha I)^{-1} Z^\top \quad (Z \text{ centred}).
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.spec import Spec
from further.supervised.classical import ClassicalClassifier, ClassicalRegressor, Floats
from further.supervised.explanation import Coefficient, Coefficients
from further.supervised.places import Place, missing_values
from further.supervised.selection import best_of
from further.train.parameters import hyperparameters

STRENGTHS = tuple(10.0**i for i in range(-3, 4))
#: Penalties a row, the strongest first.
PENALTIES = tuple(10.0 ** (i / 2) for i in range(2, -13, -1))
#: Up to so many coefficients Newton's method is faster than gradients.
NEWTON_COEFFICIENTS = 500


@hyperparameters
class LogisticRegression(ClassicalClassifier):
    """Logistic regression: the log odds of the classes are a weighted sum of the columns.

    Use it first for classes: it is fast, its probabilities are calibrated where the model is right,
    and each coefficient can be read as an odds ratio. It fails where a column works in both
    directions or only together with another, unless such columns are made by hand.

    Parameters
    ----------
    C : float or "auto", default="auto"
        Inverse strength of the penalty; "auto" takes the one of 0.001 to 1000 with the lowest log
        loss in 5-fold cross-validation on at most 5,000 of the training rows.
    random_state
        See :class:`~further.supervised.classical.Classical`.

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
    [('x0', 3.1), ('x1', 1.0)]
    """

    C: float | str = "auto"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ClassicalClassifier._parameter_constraints,
        "C": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
    }

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's logistic regression."""
        from sklearn.linear_model import LogisticRegression as Model

        outputs = 1 if spec.n_classes == 2 else spec.n_classes
        solver = "newton-cholesky" if outputs * spec.size <= NEWTON_COEFFICIENTS else "lbfgs"
        return Model(C=chosen["C"], solver=solver, max_iter=1000)

    def candidates(self, spec: Spec, n: int) -> list[dict[str, Any]]:
        """Return the strengths to choose from."""
        return [{"C": C} for C in (STRENGTHS if self.C == "auto" else (float(self.C),))]

    def explain(self) -> Coefficients:
        """Return coefficients in log odds for each unit, with their odds ratios."""
        return coefficients(
            self._places(), self.model_.coef_, self.model_.intercept_, self.spread_,
            self._outcomes(), odds=True,
        )  # fmt: skip


@hyperparameters
class LinearRegression(ClassicalRegressor):
    """Linear regression with a squared penalty: the number is a weighted sum of the columns.

    Use it first for numbers: a coefficient says what a unit of its column adds. It fails on curves
    and on columns that work only together, and a single far outlier of the target can turn it.

    Parameters
    ----------
    alpha : float or "auto", default="auto"
        Penalty a row; "auto" takes the one of 1e-6 to 10 with the lowest squared error when each
        row is predicted without it.
    random_state
        See :class:`~further.supervised.classical.Classical`; nothing is drawn.

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

    alpha: float | str = "auto"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ClassicalRegressor._parameter_constraints,
        "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
    }

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's ridge regression."""
        from sklearn.linear_model import Ridge

        return Ridge(alpha=chosen["alpha"])

    def candidates(self, spec: Spec, n: int) -> list[dict[str, Any]]:
        """Return the penalties to choose from, the strongest first."""
        penalties = PENALTIES if self.alpha == "auto" else (float(self.alpha),)
        return [{"alpha": penalty} for penalty in penalties]

    def _fitted(self, x: Floats, y: NDArray[Any], chosen: dict[str, Any]) -> Any:
        return super()._fitted(x, y, {**chosen, "alpha": chosen["alpha"] * len(y)})

    def _choose(
        self, candidates: list[dict[str, Any]], x: Floats, y: NDArray[Any], groups: Any
    ) -> int:
        if groups is not None:
            return super()._choose(candidates, x, y, groups)
        penalties = [candidate["alpha"] for candidate in candidates]
        place = best_of((y - left_out_predictions(x, y, penalties)) ** 2)
        self.notes_.append(
            f"alpha={penalties[place]:.3g} was chosen from {len(penalties)} penalties by leaving "
            f"out one of {len(y)} rows at a time."
        )
        return place

    def _left_out(
        self, dataset: Dataset, x: Floats, y: NDArray[Any]
    ) -> tuple[NDArray[np.int64], Floats]:
        if dataset.groups is not None:
            return super()._left_out(dataset, x, y)
        return np.arange(len(y)), left_out_predictions(x, y, [self.chosen_["alpha"]])[0]

    def explain(self) -> Coefficients:
        """Return coefficients in units of the target for each unit of a column."""
        return coefficients(
            self._places(), self.model_.coef_[None], [self.model_.intercept_], self.spread_,
            [None], target=self.target_name_, center=self.center_, scale=self.scale_,
        )  # fmt: skip


def left_out_predictions(x: Floats, y: Floats, penalties: list[float]) -> Floats:
    """Return what ridge regression predicts for each row when it is fitted without it.

    Parameters
    ----------
    x : array of shape (n, p)
        All rows.
    y : array of shape (n,)
        The target.
    penalties : list of float
        Each a row, at least 0.

    Returns
    -------
    array of shape (len(penalties), n)
        A line for each penalty.
    """
    n = len(y)
    centred, about = x - x.mean(axis=0), y - y.mean()
    if x.shape[1] > n:
        u, s, _ = np.linalg.svd(centred, full_matrices=False)
        squares = s**2
    else:  # ten times faster than a singular value decomposition of many rows
        squares, v = np.linalg.eigh(centred.T @ centred)
        squares = np.maximum(squares, 0)
        u = centred @ (v / np.sqrt(np.where(squares > 0, squares, 1)))
    kept = squares > 1e-11 * squares.max(initial=0)
    u, squares = u[:, kept], squares[kept]
    along = u.T @ about
    found = []
    for penalty in penalties:
        shrunk = squares / (squares + n * penalty)
        leverage = np.minimum(1 / n + (u**2) @ shrunk, 1 - 1e-9)
        residuals = about - u @ (shrunk * along)
        found.append(y - residuals / (1 - leverage))
    return np.stack(found)


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
