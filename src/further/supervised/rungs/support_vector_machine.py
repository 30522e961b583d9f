r"""The support vector machine with a Gaussian kernel.

.. math:: f(x) = b + \sum_i \alpha_i k(z_i, z), \quad k(z, z') = e^{-\gamma \lVert z - z' \rVert^2},
          \quad 0 \le |\alpha_i| \le C,

where only rows at the margin (for numbers: outside a tube around f) have an α. Probabilities come
from the values f of rows that were left out of the fit, by a logistic regression on them (Platt
1999; of more than two classes a multinomial one). Time grows with the square of the number of
rows and more, so at most 4,000 of them are used, drawn at random.
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.spec import Spec
from further.supervised.classical import Classical, ClassicalClassifier, ClassicalRegressor, Floats
from further.supervised.explanation import Importance
from further.supervised.selection import folds_of, out_of_fold
from further.train.parameters import hyperparameters

COSTS = (0.3, 1.0, 10.0, 100.0)
#: Factors of 1 / p, with p the sum of the variances of the encoded columns.
WIDTHS = (0.1, 0.3, 1.0)
MOST_ROWS = 4000


@hyperparameters
class _SupportVectors(Classical):
    """What classifier and regressor have in common.

    Parameters
    ----------
    C : float or "auto", default="auto"
        Largest weight of a row; "auto" takes 0.3, 1, 10 or 100, together with gamma, by the lowest
        loss in 3-fold cross-validation on at most 1,500 of the training rows.
    gamma : float or "auto", default="auto"
        How narrow the kernel is, with numbers as standard scores; "auto" takes 0.1, 0.3 or 1 times
        the inverse of the sum of the variances of the encoded columns.
    """

    C: float | str = "auto"
    gamma: float | str = "auto"

    n_folds: ClassVar[int] = 3
    rows_to_choose: ClassVar[int] = 1500
    rows_to_fit: ClassVar[int | None] = MOST_ROWS
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Classical._parameter_constraints,
        "C": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "gamma": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
    }

    def candidates(self, spec: Spec, n: int) -> list[dict[str, Any]]:
        """Return the pairs of C and gamma to choose from, the smoothest first."""
        total = float((self.spread_**2).sum()) or 1.0
        costs = COSTS if self.C == "auto" else (float(self.C),)
        gammas = (
            [width / total for width in WIDTHS] if self.gamma == "auto" else [float(self.gamma)]
        )
        return [{"C": C, "gamma": gamma} for C in costs for gamma in gammas]

    def count_parameters(self) -> int:
        """Return the number of support vectors' values and weights."""
        model = self.model_
        return int(model.support_vectors_.size + model.dual_coef_.size + model.intercept_.size)

    def explain(self) -> Importance:
        """Return the columns; what each is worth is measured on held-out rows."""
        return self._opaque()


@hyperparameters
class SupportVectorClassifier(_SupportVectors, ClassicalClassifier):
    """A support vector machine for classes, with probabilities.

    Use it on tables of some thousand rows or fewer whose classes are divided by a smooth surface.
    It fails to be read, to use more than 4,000 rows, and where many columns say nothing, which blur
    its distances.

    Parameters
    ----------
    random_state
        See :class:`~further.supervised.classical.Classical`.

    Attributes
    ----------
    calibration_ : LogisticRegression of scikit-learn
        From decision values to probabilities.

    References
    ----------
    Cortes and Vapnik 1995, "Support-vector networks". Platt 1999, "Probabilistic outputs for
    support vector machines".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import SupportVectorClassifier
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> y = (X**2).sum(axis=1) > 1.4
    >>> model = SupportVectorClassifier(random_state=0).fit(X[:200], y[:200])
    >>> bool(model.score(X[200:], y[200:]) > 0.9)
    True
    """

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's support vector classifier."""
        from sklearn.svm import SVC

        return SVC(**chosen, cache_size=500)

    def _values(self, model: Any, x: Floats) -> Floats:
        """Return decision values (n, 1 or classes), far below 0 for a class that a fold lacks."""
        k = len(self.classes_)
        if not hasattr(model, "decision_function"):  # one class in a fold
            return (1.0 if k > 2 else 0.5) * (2 * super()._outputs(model, x) - 1)[:, -(k == 2) :][
                :, : 1 if k == 2 else k
            ]
        found: Floats = np.asarray(model.decision_function(x), dtype=np.float64)
        if k == 2:
            return found.reshape(-1, 1)
        if found.ndim == 1:
            found = np.stack([-found, found], axis=1)
        values = np.full((len(x), k), float(found.min()) - 1.0)
        values[:, model.classes_] = found
        return values

    def _losses(self, y: NDArray[Any], outputs: Floats) -> Floats:
        return super()._losses(y, self._calibrate(outputs, y).predict_proba(outputs))

    def _outputs(self, model: Any, x: Floats) -> Floats:
        values = self._values(model, x)
        if model is not getattr(self, "model_", None) or not hasattr(self, "calibration_"):
            return values
        p: Floats = self.calibration_.predict_proba(values)
        return p

    @staticmethod
    def _calibrate(values: Floats, y: NDArray[Any]) -> Any:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=10.0, max_iter=1000).fit(values, y)

    def _begin(self, x: Floats, y: NDArray[Any]) -> None:
        if hasattr(self, "calibration_"):  # of an earlier fit
            del self.calibration_

    def _after(self, dataset: Dataset, validation: Dataset | None, x: Floats, y: Any) -> None:
        folds = folds_of(len(y), self.n_folds, self._drawn, strata=y, groups=dataset.groups)
        rows, values = out_of_fold(self._fit_on(x, y, self.chosen_), x, folds)
        self.calibration_ = self._calibrate(values, y[rows])


@hyperparameters
class SupportVectorRegressor(_SupportVectors, ClassicalRegressor):
    """A support vector machine for numbers.

    Use it on tables of some thousand rows or fewer whose number changes smoothly. It fails to be
    read, to use more than 4,000 rows, and where many columns say nothing, which blur its distances.

    Parameters
    ----------
    random_state
        See :class:`~further.supervised.classical.Classical`.

    References
    ----------
    Drucker et al. 1996, "Support vector regression machines".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import SupportVectorRegressor
    >>> X = np.random.default_rng(0).uniform(-3, 3, size=(200, 1))
    >>> model = SupportVectorRegressor(random_state=0).fit(X, np.sin(X[:, 0]))
    >>> bool(abs(model.predict([[1.0]])[0] - np.sin(1.0)) < 0.2)
    True
    """

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's support vector regressor."""
        from sklearn.svm import SVR

        return SVR(**chosen, epsilon=0.05, cache_size=500)
