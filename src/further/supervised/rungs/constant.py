r"""The constant: the same answer for every row, which every other model has to beat.

.. math:: \hat p_k = \frac{1}{n} \sum_i [y_i = k], \qquad \hat y = \frac{1}{n} \sum_i y_i,

the constants with the lowest log loss and the lowest squared error on the training rows.
"""

from __future__ import annotations

from typing import Any

from further.data.spec import Spec
from further.supervised.classical import ClassicalClassifier, ClassicalRegressor
from further.supervised.explanation import Constant
from further.train.parameters import hyperparameters


@hyperparameters
class ConstantClassifier(ClassicalClassifier):
    """The shares of the classes, whatever the row.

    Use it as the lower end of every scale: where 90 % of the rows are of one class it is right in
    90 %. It fails to rank rows: its AUC is 0.5.

    Parameters
    ----------
    random_state
        See :class:`~further.supervised.classical.Classical`; nothing is drawn.

    References
    ----------
    Hastie, Tibshirani and Friedman 2009, "The elements of statistical learning", section 2.4.

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import ConstantClassifier
    >>> model = ConstantClassifier().fit(np.zeros((4, 1)), ["no", "no", "no", "yes"])
    >>> model.predict_proba([[1.0]]).tolist(), model.predict([[1.0]]).tolist()
    ([[0.75, 0.25]], ['no'])
    """

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's dummy with the shares of the classes."""
        from sklearn.dummy import DummyClassifier

        return DummyClassifier(strategy="prior")

    def explain(self) -> Constant:
        """Return the shares."""
        return Constant(self._shares(self.model_.class_prior_))

    def count_parameters(self) -> int:
        """Return the number of free shares."""
        return len(self.classes_) - 1

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


@hyperparameters
class ConstantRegressor(ClassicalRegressor):
    """The mean of the training rows, whatever the row.

    Use it as the lower end of every scale: its R² is 0 by definition. It fails where the target has
    far outliers, which move a mean.

    Parameters
    ----------
    random_state
        See :class:`~further.supervised.classical.Classical`; it draws the folds of the intervals.

    References
    ----------
    Hastie, Tibshirani and Friedman 2009, "The elements of statistical learning", section 2.4.

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import ConstantRegressor
    >>> ConstantRegressor().fit(np.zeros((3, 1)), [1.0, 2.0, 6.0]).predict([[5.0]]).tolist()
    [3.0]
    """

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's dummy with the mean."""
        from sklearn.dummy import DummyRegressor

        return DummyRegressor(strategy="mean")

    def explain(self) -> Constant:
        """Return the mean."""
        return Constant(float(self.center_))

    def count_parameters(self) -> int:
        """Return 1."""
        return 1

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags
