r"""The random forest: the mean of many trees, each of a bootstrap sample of the rows.

.. math:: \hat f(x) = \frac{1}{B} \sum_{b=1}^{B} t_b(x),

where each split of a tree :math:`t_b` is chosen among a random subset of the columns: of √p for
classes, of p / 3 for numbers. Rows that a tree has not seen, a third of them, show what it is worth
(Breiman 2001).
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.spec import Spec
from further.supervised.classical import Classical, ClassicalClassifier, ClassicalRegressor, Floats
from further.supervised.explanation import Importance
from further.train.parameters import hyperparameters

LEAVES = (5, 1)
TREES_TO_CHOOSE = 50


@hyperparameters
class _Forest(Classical):
    """What classifier and regressor have in common.

    Parameters
    ----------
    n_estimators : int, default=200
        Trees.
    max_features : float or "auto", default="auto"
        Share of the columns that a split chooses from; "auto" takes the square root of their number
        for classes, a third of them for numbers.
    min_samples_leaf : int or "auto", default="auto"
        Fewest training rows of an answer; "auto" takes 1 or 5, whichever has the lower loss in
        3-fold cross-validation of 50 trees on at most 3,000 of the training rows.
    """

    n_estimators: int = 200
    max_features: float | str = "auto"
    min_samples_leaf: int | str = "auto"

    n_folds: ClassVar[int] = 3
    rows_to_choose: ClassVar[int] = 3000
    usual_features: ClassVar[float | str]
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Classical._parameter_constraints,
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "max_features": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="right")],
        "min_samples_leaf": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    }

    def candidates(self, spec: Spec, n: int) -> list[dict[str, Any]]:
        """Return the sizes of leaves to choose from, the larger first."""
        leaves = LEAVES if self.min_samples_leaf == "auto" else (int(self.min_samples_leaf),)
        return [{"min_samples_leaf": leaf} for leaf in leaves]

    def _settings(self, seed: int, **chosen: Any) -> dict[str, Any]:
        features = self.usual_features if self.max_features == "auto" else float(self.max_features)
        return {
            "n_estimators": self.n_estimators,
            "max_features": features,
            "random_state": seed,
            **chosen,
        }

    def _choose(
        self, candidates: list[dict[str, Any]], x: Floats, y: NDArray[Any], groups: Any
    ) -> int:
        few = {"n_estimators": min(TREES_TO_CHOOSE, self.n_estimators)}
        place = super()._choose([{**c, **few} for c in candidates], x, y, groups)
        return place

    def count_parameters(self) -> int:
        """Return the number of thresholds and answers."""
        return sum(tree.tree_.node_count for tree in self.model_.estimators_)

    def explain(self) -> Importance:
        """Return the columns; what each is worth is measured on held-out rows."""
        return self._opaque()


@hyperparameters
class RandomForestClassifier(_Forest, ClassicalClassifier):
    """A random forest, for classes.

    Use it where a good answer is wanted without settings: it hardly overfits. It fails to be read,
    and its probabilities are drawn towards the middle.

    Parameters
    ----------
    random_state
        See :class:`~further.supervised.classical.Classical`.

    References
    ----------
    Breiman 2001, "Random forests".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import RandomForestClassifier
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1] > 0
    >>> model = RandomForestClassifier(random_state=0, n_estimators=50).fit(X[:300], y[:300])
    >>> bool(model.score(X[300:], y[300:]) > 0.9)
    True
    """

    usual_features: ClassVar[float | str] = "sqrt"

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's forest."""
        from sklearn.ensemble import RandomForestClassifier as Model

        return Model(**self._settings(seed, **chosen))


@hyperparameters
class RandomForestRegressor(_Forest, ClassicalRegressor):
    """A random forest, for numbers.

    Use it where a good answer is wanted without settings: it hardly overfits. It fails to be read,
    and predicts no number beyond those of the training. Its intervals come from the trees that have
    not seen a row, at no further cost.

    Parameters
    ----------
    random_state
        See :class:`~further.supervised.classical.Classical`.

    References
    ----------
    Breiman 2001, "Random forests". Johansson et al. 2014, "Regression conformal prediction with
    random forests".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import RandomForestRegressor
    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> y = X[:, 0] * X[:, 1]
    >>> model = RandomForestRegressor(random_state=0, n_estimators=50).fit(X[:300], y[:300])
    >>> bool(model.score(X[300:], y[300:]) > 0.7)
    True
    """

    usual_features: ClassVar[float | str] = 1 / 3

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's forest."""
        from sklearn.ensemble import RandomForestRegressor as Model

        return Model(**self._settings(seed, **chosen))

    def _left_out(
        self, dataset: Dataset, x: Floats, y: NDArray[Any]
    ) -> tuple[NDArray[np.int64], Floats]:
        if dataset.groups is not None:
            return super()._left_out(dataset, x, y)
        total, trees = np.zeros(len(y)), np.zeros(len(y))
        for tree, drawn in zip(
            self.model_.estimators_, self.model_.estimators_samples_, strict=True
        ):
            unseen = np.ones(len(y), dtype=bool)
            unseen[drawn] = False
            total[unseen] += tree.predict(x[unseen])
            trees += unseen
        rows = np.flatnonzero(trees)
        return rows, total[rows] / trees[rows]
