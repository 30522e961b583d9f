r"""Polynomial regression: the number is a weighted sum of powers of the columns.

.. math:: \hat y = b + \sum_j \sum_{m=1}^{d} w_{jm} z_j^m + \sum_c w_c [c],

with the degree d that has the lowest squared error in cross-validation, for columns of numbers; the
categories c enter as they do in linear regression. There are no products of columns.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.polynomial import Polynomial

from further._sklearn import Interval, StrOptions
from further.data.spec import Spec
from further.supervised.classical import ClassicalRegressor
from further.supervised.explanation import Coefficient, Coefficients
from further.train.parameters import hyperparameters

DEGREES = tuple(range(1, 9))
#: What keeps high powers of few rows apart, per row.
PENALTY = 1e-9


@hyperparameters
class PolynomialRegression(ClassicalRegressor):
    """Polynomial regression, of the degree that cross-validation chooses.

    Use it for one or a few columns and a curve whose formula is wanted. It fails at the ends of the
    range and beyond it, where high powers run away; an additive model of splines does not.

    Parameters
    ----------
    degree : int or "auto", default="auto"
        The highest power; "auto" takes that of 1 to 8 with the lowest squared error in 5-fold
        cross-validation on at most 5,000 of the training rows.
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    References
    ----------
    Gergonne 1815, "The application of the method of least squares to the interpolation of
    sequences" (translated in Historia Mathematica 1, 1974).

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import PolynomialRegression
    >>> x = np.linspace(-2, 3, 60)[:, None]
    >>> y = x[:, 0] ** 3 - 2 * x[:, 0] ** 2 + 5
    >>> model = PolynomialRegression(degree=3).fit(x, y)
    >>> sorted((line.power, round(line.value, 3) + 0.0) for line in model.explain().coefficients)
    [(1, 0.0), (2, -2.0), (3, 1.0)]
    """

    #: Each column has a meaning of its own, which a pixel has not.
    takes: ClassVar[tuple[str, ...]] = ("table",)

    degree: int | str = "auto"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ClassicalRegressor._parameter_constraints,
        "degree": [StrOptions({"auto"}), Interval(Integral, 1, 20, closed="both")],
    }

    def candidates(self, spec: Spec, n: int) -> list[dict[str, Any]]:
        """Return the degrees to choose from, the lowest first."""
        degrees = DEGREES if self.degree == "auto" else (int(self.degree),)
        return [{"degree": degree} for degree in degrees]

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's powers of each number and ridge regression, hardly penalised."""
        from sklearn.compose import ColumnTransformer
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import PolynomialFeatures, StandardScaler

        places = self._places()
        powers = [
            (f"{i}", PolynomialFeatures(chosen["degree"], include_bias=False), [i])
            for i, place in enumerate(places)
            if place.category is None
        ]
        others = [i for i, place in enumerate(places) if place.category is not None]
        columns = ColumnTransformer([*powers, ("categories", "passthrough", others)])
        return Pipeline(
            [("powers", columns), ("scores", StandardScaler()), ("model", Ridge(alpha=PENALTY))]
        )

    def explain(self) -> Coefficients:
        """Return the coefficients of the powers in the units of the source."""
        places, degree = self._places(), self.chosen_["degree"]
        scores, ridge = self.model_[1], self.model_[-1]
        weights = ridge.coef_ / scores.scale_
        constant = float(ridge.intercept_ - weights @ scores.mean_)
        lines, at = [], 0
        for place in places:
            if place.category is not None:
                continue
            of = slice(at, at + degree)
            at += degree
            z = Polynomial([-place.mean / place.deviation, 1 / place.deviation])
            inner = Polynomial([0.0, *weights[of]])(z)
            constant += float(inner.coef[0])
            for power in range(1, degree + 1):
                value = float(inner.coef[power]) if power < len(inner.coef) else 0.0
                lines.append(
                    Coefficient(
                        place.column, None, None, value * self.scale_,
                        float(ridge.coef_[of][power - 1]), power=power,
                    )
                )  # fmt: skip
        spread = self.spread_[[i for i, place in enumerate(places) if place.category is not None]]
        categories = [place for place in places if place.category is not None]
        for place, b, size in zip(categories, weights[at:], spread, strict=True):
            value = float(b) * self.scale_
            lines.append(Coefficient(place.column, place.category, None, value, float(b * size)))
        lines.sort(key=lambda line: -abs(line.standardised))
        intercept = {self.target_name_: self.center_ + self.scale_ * constant}
        return Coefficients(
            intercept, tuple(lines), notes=("Standardised sizes are those of powers of scores.",)
        )

    def count_parameters(self) -> int:
        """Return the number of coefficients."""
        return int(np.size(self.model_[-1].coef_)) + 1
