r"""The single best column: linear or logistic regression on one column alone.

.. math:: \hat\jmath = \arg\min_j \frac{1}{n} \sum_i \ell\bigl(y_i, b_j + w_j^\top z_{ij}\bigr)
          \quad \text{on held-out folds},

with :math:`z_{ij}` all that is encoded of column j: a number and whether it is missing, or its
categories.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further.data.spec import Spec
from further.supervised.classical import Classical, ClassicalClassifier, ClassicalRegressor, Floats
from further.supervised.explanation import Coefficients
from further.supervised.places import columns_of
from further.supervised.rungs.linear import coefficients
from further.train.parameters import hyperparameters

#: Of wide tables and pictures, the columns that are tried: those with the largest correlation.
MOST_COLUMNS = 30


@hyperparameters
class _Univariate(Classical):
    """What classifier and regressor have in common."""

    #: Each column has a meaning of its own, which a pixel has not.
    takes: ClassVar[tuple[str, ...]] = ("table",)

    def _begin(self, x: Floats, y: NDArray[Any]) -> None:
        self._columns = columns_of(self._places())
        if len(self._columns) <= MOST_COLUMNS:
            return
        about = x - x.mean(axis=0)
        values = y[:, None] == np.arange(y.max() + 1) if y.dtype.kind == "i" else y[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.abs((values - values.mean(axis=0)).T @ about) / np.sqrt((about**2).sum(axis=0))
        r = np.nan_to_num(r).max(axis=0)
        names = sorted(self._columns, key=lambda name: -max(r[self._columns[name]]))
        self.notes_.append(
            f"Of {len(names)} columns the {MOST_COLUMNS} that correlate most with the target were "
            "tried."
        )
        self._columns = {name: self._columns[name] for name in names[:MOST_COLUMNS]}

    def _learn_all(self, *given: Any) -> None:
        super()._learn_all(*given)
        del self._columns

    def candidates(self, spec: Spec, n: int) -> list[dict[str, Any]]:
        """Return the columns to choose from."""
        return [{"column": name} for name in self._columns]

    def _alone(self, model: Any, column: str) -> Any:
        """Return a model of one column, all of its encoded parts."""
        from sklearn.compose import ColumnTransformer
        from sklearn.pipeline import Pipeline

        chosen = ColumnTransformer([("column", "passthrough", self._columns[column])])
        return Pipeline([("column", chosen), ("model", model)])

    def _parts(self) -> list[int]:
        return columns_of(self._places())[self.chosen_["column"]]

    def count_parameters(self) -> int:
        """Return the number of coefficients."""
        last = self.model_[-1]
        return int(np.size(last.coef_) + np.size(last.intercept_))


@hyperparameters
class UnivariateClassifier(_Univariate, ClassicalClassifier):
    """Logistic regression on the single best column.

    Use it to see how far one column leads: where it is nearly as good as the others, ask whether
    that column is known when a prediction is needed. It fails where columns work together.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    Attributes
    ----------
    chosen_ : dict
        ``column``: which one has the lowest log loss in 5-fold cross-validation on at most 5,000 of
        the training rows.

    References
    ----------
    Holte 1993, "Very simple classification rules perform well on most commonly used datasets".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import UnivariateClassifier
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> UnivariateClassifier(random_state=0).fit(X, X[:, 1] > 0).chosen_
    {'column': 'x1'}
    """

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's logistic regression on one column."""
        from sklearn.linear_model import LogisticRegression

        several = len(self._columns[chosen["column"]]) > 1
        model = LogisticRegression(
            C=1.0 if several else 100.0, solver="newton-cholesky", max_iter=200
        )
        return self._alone(model, chosen["column"])

    def explain(self) -> Coefficients:
        """Return the coefficients of the column, in log odds, with their odds ratios."""
        parts, last = self._parts(), self.model_[-1]
        return coefficients(
            [self._places()[i] for i in parts], last.coef_, last.intercept_, self.spread_[parts],
            self._outcomes(), odds=True,
        )  # fmt: skip

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


@hyperparameters
class UnivariateRegressor(_Univariate, ClassicalRegressor):
    """Linear regression on the single best column.

    Use it to see how far one column leads: where it is nearly as good as the others, ask whether
    that column is known when a prediction is needed. It fails where columns work together.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    Attributes
    ----------
    chosen_ : dict
        ``column``: which one has the lowest squared error in 5-fold cross-validation on at most
        5,000 of the training rows.

    References
    ----------
    Hastie, Tibshirani and Friedman 2009, "The elements of statistical learning", section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import UnivariateRegressor
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> model = UnivariateRegressor(random_state=0).fit(X, 2 * X[:, 1] + X[:, 0] / 4)
    >>> model.chosen_, round(model.explain().coefficients[0].value, 1)
    ({'column': 'x1'}, 2.0)
    """

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's ridge regression on one column, hardly penalised."""
        from sklearn.linear_model import Ridge

        several = len(self._columns[chosen["column"]]) > 1
        return self._alone(Ridge(alpha=1.0 if several else 1e-6), chosen["column"])

    def explain(self) -> Coefficients:
        """Return the coefficients of the column, in units of the target."""
        parts, last = self._parts(), self.model_[-1]
        return coefficients(
            [self._places()[i] for i in parts], np.atleast_2d(last.coef_), [last.intercept_],
            self.spread_[parts], [None], target=self.target_name_, center=self.center_,
            scale=self.scale_,
        )  # fmt: skip

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags
