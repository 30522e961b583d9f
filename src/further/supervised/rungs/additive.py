r"""The generalized additive model: a sum of smooth functions of one column each.

.. math:: \eta(x) = b + \sum_j f_j(x_j) + \sum_c w_c [c], \quad
          \min\; \sum_i \ell(y_i, \eta(x_i))
          + \lambda \sum_j \Bigl( \int f_j''(z)^2 dz + \epsilon \lVert f_j \rVert_n^2 \Bigr)
          + \lambda \epsilon \lVert w \rVert^2,

with η the number itself, or the log odds of a class, and ‖f‖ₙ² the mean square of f at its knots.
Each f is a linear spline: a line between knots at quantiles of the column, constant beyond the
first and the last; f'' stands for its changes of slope, divided by the distance of the knots
(penalised splines, Eilers and Marx 1996). One λ for all functions is chosen by the data. In a basis
in which the penalty is the squared length of the coefficients, this is a ridge regression, or a
logistic regression with such a penalty.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.spec import Spec
from further.supervised.classical import Classical, Floats
from further.supervised.explanation import ShapeFunction, ShapeFunctions
from further.supervised.places import GIVEN, MISSING, columns_of
from further.supervised.rungs.ridge import RidgeLogistic, RidgeRegression
from further.train.parameters import hyperparameters

#: The weight ε of the size of a function beside that of its curvature.
SIZE = 0.1
#: Values of all functions at most, so that wide tables stay fast.
MOST_VALUES = 800


@hyperparameters
class _Additive(Classical):
    """What classifier and regressor have in common.

    Parameters
    ----------
    n_knots : int, default=12
        Places of each column of numbers at which its function may bend; fewer where it has fewer
        distinct values, and in tables of more than 66 such columns.
    """

    #: Each column has a meaning of its own, which a pixel has not.
    takes: ClassVar[tuple[str, ...]] = ("table",)

    n_knots: int = 12

    n_folds: ClassVar[int] = 3
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Classical._parameter_constraints,
        "n_knots": [Interval(Integral, 2, 100, closed="both")],
    }

    def _begin(self, x: Floats, y: NDArray[Any]) -> None:
        numbers = [place.category is None for place in self._places()]
        most = min(self.n_knots, max(3, MOST_VALUES // max(1, sum(numbers))))
        shares = np.linspace(0, 1, most)
        #: The knots of each encoded column; none of categories.
        self.knots_: list[list[float]] = [
            np.unique(np.quantile(x[:, j], shares)).tolist() if number else []
            for j, number in enumerate(numbers)
        ]

    def _blocks(self) -> list[Floats]:
        """Return for each encoded column the map from coefficients to values at its knots."""
        return [_whitened(np.asarray(knots)) for knots in self.knots_]

    def _design(self, x: Floats) -> Floats:
        """Return the encoded rows in the basis in which the penalty is a squared length."""
        maps = self._blocks()
        parts = [
            _hats(x[:, j], np.asarray(knots)) @ maps[j] if knots else x[:, [j]] @ maps[j]
            for j, knots in enumerate(self.knots_)
        ]
        return np.concatenate(parts, axis=1)

    def _after(self, dataset: Dataset, validation: Dataset | None, x: Floats, y: Any) -> None:
        super()._after(dataset, validation, x, y)
        design, coef = self._design(x), np.atleast_2d(self.model_.coef_)
        added = [design[:, of] @ coef[:, of].T for of in self._parts().values()]
        # Of each column and outcome.
        self.means_: Floats = np.stack([values.mean(axis=0) for values in added])
        self.sizes_: Floats = np.stack([values.std(axis=0) for values in added])

    def _parts(self) -> dict[str, list[int]]:
        """Return which coefficients belong to each column of the source."""
        widths = [max(1, len(knots)) for knots in self.knots_]
        first = np.concatenate([[0], np.cumsum(widths)])
        return {
            name: [i for j in of for i in range(first[j], first[j + 1])]
            for name, of in columns_of(self._places()).items()
        }

    def _shapes(
        self, outcomes: list[Any], target: str = "", center: float = 0.0, scale: float = 1.0
    ) -> ShapeFunctions:
        places, maps = self._places(), self._blocks()
        widths = [m.shape[1] for m in maps]
        first = np.concatenate([[0], np.cumsum(widths)])
        functions, intercepts = [], {}
        rows = zip(
            outcomes, np.atleast_2d(self.model_.coef_), np.ravel(self.model_.intercept_),
            strict=True,
        )  # fmt: skip
        for k, (outcome, coef, start) in enumerate(rows):
            values = [scale * (maps[j] @ coef[first[j] : first[j + 1]]) for j in range(len(maps))]
            total = float(start) + self.means_[:, k].sum()
            intercepts[target if outcome is None else outcome] = center + scale * total
            for c, (name, of) in enumerate(columns_of(places).items()):
                middle = scale * self.means_[c, k]
                added = {places[j].category: float(values[j][0]) for j in of if not self.knots_[j]}
                x: tuple[float, ...] = ()
                y: tuple[float, ...] = ()
                if self.knots_[of[0]]:
                    knots, heights = np.asarray(self.knots_[of[0]]), values[of[0]]
                    x = tuple(places[of[0]].decoded(knots).tolist())
                    y = tuple((heights + added.get(GIVEN, 0.0) - middle).tolist())
                    if MISSING in added:  # a missing number is encoded as 0
                        added = {MISSING: added[MISSING] + float(np.interp(0, knots, heights))}
                categories = {str(name): value - middle for name, value in added.items()}
                size = float(self.sizes_[c, k])
                functions.append(ShapeFunction(name, outcome, x, y, categories, size))
        functions.sort(key=lambda function: -function.standardised)
        return ShapeFunctions(intercepts, tuple(functions))


@hyperparameters
class AdditiveClassifier(_Additive, RidgeLogistic):
    """A generalized additive model: the log odds are a sum of functions of one column each.

    Use it where effects bend but add up, which is often: it is then as accurate as boosting, and
    each function can be drawn. It fails where columns work only together.

    Parameters
    ----------
    C : float or "auto", default="auto"
        Inverse strength of the penalty; "auto" takes the one of 0.001 to 100 with the lowest log
        loss in 3-fold cross-validation on at most 5,000 of the training rows.
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    References
    ----------
    Hastie and Tibshirani 1986, "Generalized additive models". Eilers and Marx 1996, "Flexible
    smoothing with B-splines and penalties".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import AdditiveClassifier
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(400, 2))
    >>> y = np.abs(X[:, 0]) > 0.5
    >>> model = AdditiveClassifier(random_state=0).fit(X[:300], y[:300])
    >>> bool(model.score(X[300:], y[300:]) > 0.9), model.explain().functions[0].column
    (True, 'x0')
    """

    strengths: ClassVar[tuple[float, ...]] = tuple(10.0**i for i in range(-3, 3))

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RidgeLogistic._parameter_constraints,
        **_Additive._parameter_constraints,
    }

    def _design_width(self, spec: Spec) -> int:
        return sum(max(1, len(knots)) for knots in self.knots_)

    def explain(self) -> ShapeFunctions:
        """Return the functions, in log odds."""
        return self._shapes(self._outcomes())


@hyperparameters
class AdditiveRegressor(_Additive, RidgeRegression):
    """A generalized additive model: the number is a sum of functions of one column each.

    Use it where effects bend but add up, which is often: it is then as accurate as boosting, and
    each function can be drawn. It fails where columns work only together.

    Parameters
    ----------
    alpha : float or "auto", default="auto"
        Penalty a row; "auto" takes the one of 1e-6 to 10 with the lowest squared error when each
        row is predicted without it.
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    References
    ----------
    Hastie and Tibshirani 1986, "Generalized additive models". Eilers and Marx 1996, "Flexible
    smoothing with B-splines and penalties".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import AdditiveRegressor
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(300, 2))
    >>> model = AdditiveRegressor().fit(X, X[:, 0] ** 2 + X[:, 1])
    >>> bool(abs(model.predict([[0.5, 0.0]])[0] - 0.25) < 0.05)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RidgeRegression._parameter_constraints,
        **_Additive._parameter_constraints,
        "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
    }

    def explain(self) -> ShapeFunctions:
        """Return the functions, in units of the target."""
        return self._shapes([None], self.target_name_, self.center_, self.scale_)


def _hats(z: Floats, knots: Floats) -> Floats:
    """Return the weights of the knots (n, knots) in a line between them, constant beyond."""
    if len(knots) == 1:
        return np.ones((len(z), 1))
    z = np.clip(z, knots[0], knots[-1])
    left = np.clip(np.searchsorted(knots, z, side="right") - 1, 0, len(knots) - 2)
    share = (z - knots[left]) / (knots[left + 1] - knots[left])
    out = np.zeros((len(z), len(knots)))
    rows = np.arange(len(z))
    out[rows, left], out[rows, left + 1] = 1 - share, share
    return out


def _whitened(knots: Floats) -> Floats:
    """Return M with values = M coefficients, such that the penalty is the squared length."""
    n = len(knots)
    if n == 0:
        return np.full((1, 1), SIZE**-0.5)
    penalty = np.eye(n) * SIZE / n
    if n > 2:
        gaps = np.diff(knots)
        slopes = np.diff(np.eye(n), axis=0) / gaps[:, None]
        bends = np.diff(slopes, axis=0)
        penalty += bends.T @ (bends / ((gaps[:-1] + gaps[1:]) / 2)[:, None])
    root = np.linalg.cholesky(penalty)
    return np.asarray(np.linalg.inv(root).T)
