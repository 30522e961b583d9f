r"""Gradient boosting: small trees added one after the other, each to what the others left.

.. math:: f_m(x) = f_{m-1}(x) + \eta\, t_m(x), \qquad
          t_m \approx \arg\min_t \sum_i g_i t(x_i) + \tfrac12 h_i t(x_i)^2,

with g and h the first and second derivatives of the loss at f: log loss for classes, squared error
for numbers. Columns are cut into 255 bins, and no tree is added once the loss of a tenth of the
rows, which no tree was fitted to, has not fallen for 20 trees.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further._sklearn import Interval
from further.data.spec import Spec
from further.supervised.classical import Classical, ClassicalClassifier, ClassicalRegressor, Floats
from further.supervised.explanation import Importance
from further.train.parameters import hyperparameters

#: Below so many rows a tenth of them says nothing about when to stop.
ROWS_TO_STOP_BY = 200
TREES_WITHOUT = 100
PATIENCE = 20


@hyperparameters
class _Boosting(Classical):
    """What classifier and regressor have in common.

    Parameters
    ----------
    learning_rate : float, default=0.1
        The share η of each tree that is added.
    max_iter : int, default=500
        Most trees; how many there are is chosen on a tenth of the training rows. Below 200 rows
        there are 100 at most.
    max_leaf_nodes : int, default=31
        Most answers of a tree.
    min_samples_leaf : int, default=20
        Fewest training rows of an answer.
    l2_regularization : float, default=0.0
        Penalty of the squared answers.
    """

    learning_rate: float = 0.1
    max_iter: int = 500
    max_leaf_nodes: int = 31
    min_samples_leaf: int = 20
    l2_regularization: float = 0.0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Classical._parameter_constraints,
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "max_leaf_nodes": [Interval(Integral, 2, None, closed="left")],
        "min_samples_leaf": [Interval(Integral, 1, None, closed="left")],
        "l2_regularization": [Interval(Real, 0, None, closed="left")],
    }

    def _settings(self, seed: int, **chosen: Any) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "max_iter": self.max_iter,
            "max_leaf_nodes": self.max_leaf_nodes,
            "min_samples_leaf": self.min_samples_leaf,
            "l2_regularization": self.l2_regularization,
            "early_stopping": True,
            "validation_fraction": 0.1,
            "n_iter_no_change": PATIENCE,
            "random_state": seed,
            **chosen,
        }

    def _fitted(self, x: Floats, y: NDArray[Any], chosen: dict[str, Any]) -> Any:
        if len(y) < ROWS_TO_STOP_BY or self._has_single(y):
            trees = min(self.max_iter, TREES_WITHOUT)
            chosen = {**chosen, "early_stopping": False, "max_iter": trees}
        return super()._fitted(x, y, chosen)

    def _has_single(self, y: NDArray[Any]) -> bool:
        """Whether a class has one row, which cannot be on both sides of a split."""
        strata = self._strata(y)
        return strata is not None and 1 in np.bincount(strata)

    def _after(self, dataset: Any, validation: Any, x: Floats, y: Any) -> None:
        super()._after(dataset, validation, x, y)
        trees, stopped = self.model_.n_iter_, bool(self.model_.do_early_stopping_)
        how = (
            "as a tenth of the training rows chose, to which none was fitted"
            if stopped
            else "without rows to stop by, which were too few"
        )
        self.notes_.append(f"{trees} trees were added one after the other, {how}.")

    def count_parameters(self) -> int:
        """Return the number of thresholds and answers."""
        return sum(len(tree.nodes) for step in self.model_._predictors for tree in step)

    def explain(self) -> Importance:
        """Return the columns; what each is worth is measured on held-out rows."""
        return self._opaque()


@hyperparameters
class GradientBoostingClassifier(_Boosting, ClassicalClassifier):
    """Gradient boosting of trees, for classes.

    Use it where accuracy on a table counts most. It fails to be read, needs some hundred rows, and
    its probabilities are too sure where it is trained for long on few rows.

    Parameters
    ----------
    random_state
        See :class:`~further.supervised.classical.Classical`.

    References
    ----------
    Friedman 2001, "Greedy function approximation: a gradient boosting machine". Ke et al. 2017,
    "LightGBM".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import GradientBoostingClassifier
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1] > 0
    >>> model = GradientBoostingClassifier(random_state=0).fit(X[:300], y[:300])
    >>> bool(model.score(X[300:], y[300:]) > 0.9)
    True
    """

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's histogram-based boosting."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(**self._settings(seed, **chosen))


@hyperparameters
class GradientBoostingRegressor(_Boosting, ClassicalRegressor):
    """Gradient boosting of trees, for numbers.

    Use it where accuracy on a table counts most. It fails to be read, needs some hundred rows, and
    predicts no number beyond those of the training.

    Parameters
    ----------
    random_state
        See :class:`~further.supervised.classical.Classical`.

    References
    ----------
    Friedman 2001, "Greedy function approximation: a gradient boosting machine". Ke et al. 2017,
    "LightGBM".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import GradientBoostingRegressor
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1]
    >>> model = GradientBoostingRegressor(random_state=0).fit(X[:300], y[:300])
    >>> bool(model.score(X[300:], y[300:]) > 0.7)
    True
    """

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's histogram-based boosting."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        return HistGradientBoostingRegressor(**self._settings(seed, **chosen))
