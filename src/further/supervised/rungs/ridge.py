r"""Ridge regression of rows in some basis, linear for numbers and logistic for classes.

.. math:: \hat y = b + w^\top z, \quad
          \min_{b, w}\; \frac1n \sum_i (y_i - b - w^\top z_i)^2 + \alpha \lVert w \rVert^2,

.. math:: p(k \mid x) \propto e^{b_k + w_k^\top z}, \quad
          \min_{b, w}\; \frac12 \sum_k \lVert w_k \rVert^2 - C \sum_i \log p(y_i \mid x_i) .

C is chosen by cross-validation. α is chosen by leaving out each row in turn, which takes a single
decomposition:

.. math:: y_i - \hat y^{(-i)}(x_i) = \frac{y_i - \hat y(x_i)}{1 - h_{ii}}, \quad
          H = \tfrac1n 1 1^\top + Z (Z^\top Z + n \alpha I)^{-1} Z^\top \quad (Z \text{ centred}).
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.spec import Spec
from further.supervised.classical import ClassicalClassifier, ClassicalRegressor, Floats
from further.supervised.selection import best_of
from further.train.parameters import hyperparameters

#: Penalties a row, the strongest first.
PENALTIES = tuple(10.0 ** (i / 2) for i in range(2, -13, -1))
#: Up to so many coefficients Newton's method is faster than gradients.
NEWTON_COEFFICIENTS = 500


@hyperparameters
class RidgeLogistic(ClassicalClassifier):
    """A classifier whose log odds are weighted sums of what ``_design`` makes of the columns.

    Parameters
    ----------
    C : float or "auto", default="auto"
        Inverse strength of the penalty; "auto" takes the one of ``strengths`` with the lowest log
        loss in cross-validation on at most 5,000 of the training rows.
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.
    """

    #: What "auto" chooses from.
    strengths: ClassVar[tuple[float, ...]] = tuple(10.0**i for i in range(-3, 4))

    C: float | str = "auto"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ClassicalClassifier._parameter_constraints,
        "C": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
    }

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's logistic regression."""
        from sklearn.linear_model import LogisticRegression

        outputs = 1 if spec.n_classes == 2 else spec.n_classes
        is_small = outputs * self._design_width(spec) <= NEWTON_COEFFICIENTS
        solver = "newton-cholesky" if is_small else "lbfgs"
        return LogisticRegression(C=chosen["C"], solver=solver, max_iter=1000)

    def _design_width(self, spec: Spec) -> int:
        """Return how many columns ``_design`` makes."""
        return spec.size

    def candidates(self, spec: Spec, n: int) -> list[dict[str, Any]]:
        """Return the strengths to choose from."""
        return [{"C": C} for C in (self.strengths if self.C == "auto" else (float(self.C),))]


@hyperparameters
class RidgeRegression(ClassicalRegressor):
    """A regressor whose number is a weighted sum of what ``_design`` makes of the columns.

    Parameters
    ----------
    alpha : float or "auto", default="auto"
        Penalty a row; "auto" takes the one of 1e-6 to 10 with the lowest squared error when each
        row is predicted without it.
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.
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
        place = best_of((y - left_out_predictions(self._design(x), y, penalties)) ** 2)
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
        predicted = left_out_predictions(self._design(x), y, [self.chosen_["alpha"]])
        return np.arange(len(y)), predicted[0]


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
