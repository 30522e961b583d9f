"""How predictors read classes and numbers, and give them back: the same for networks and others."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from further.data.arrays import classes_of, numbers_of
from further.data.dataset import Dataset, with_target
from further.data.target import Numbers
from further.errors import InputError
from further.supervised.conformal import interval_around


class _Predictor:
    """What predictors of classes and of numbers have in common."""

    _dataset: Callable[..., Dataset]

    def _rows(self, X: Any) -> Dataset:
        check_is_fitted(self)
        return self._dataset(X, None, reset=False)

    def _refuse_no_target(self) -> None:
        raise InputError(
            f"{type(self).__name__} requires y to be passed, but the target y is None."
        )


class ClassPredictor(ClassifierMixin, _Predictor):
    """A predictor of classes: a subclass says how probable each is.

    Attributes
    ----------
    classes_ : array
        The classes.
    """

    classes_: NDArray[Any]

    @abstractmethod
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.

        Returns
        -------
        array of shape (n, classes)
            In the order of ``classes_``.
        """

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.

        Returns
        -------
        array of shape (n,)
            Of ``classes_``.
        """
        best = self.predict_proba(X).argmax(axis=1)
        classes: NDArray[Any] = self.classes_[best]
        return classes

    def _with_target(self, dataset: Dataset, y: Any) -> Dataset:
        if y is None:
            if dataset.classes is None:
                self._refuse_no_target()
            return dataset
        classes = classes_of(y, len(dataset), _name_of(y))
        check_classification_targets(_column(y))
        return with_target(dataset, classes)

    def _refuse_one_class(self) -> None:
        names = self.classes_
        if len(names) < 2:
            raise InputError(
                f"{type(self).__name__}: all rows are of the class {names[0]}; there have to be at "
                "least two classes to tell apart."
            )


class NumberPredictor(RegressorMixin, _Predictor):
    """A predictor of numbers: a subclass has ``_predicted``, and leaves ``residuals_``.

    Attributes
    ----------
    residuals_ : array of shape (n, k)
        Distances of predictions from the numbers of rows that the model was not fitted to, each
        column sorted.
    """

    residuals_: NDArray[np.float64]

    @abstractmethod
    def _predicted(self, dataset: Dataset) -> NDArray[np.float64]:
        """Return the predictions (n, k), in the units of the source."""

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the predicted number of each row.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.

        Returns
        -------
        array of shape (n,), or (n, k) for several numbers
            In the units of the source.
        """
        values = self._predicted(self._rows(X))
        return values[:, 0] if values.shape[1] == 1 else values

    def predict_interval(self, X: Any, coverage: float = 0.9) -> NDArray[np.float64]:
        """Return an interval around each prediction that holds so large a share of new rows.

        Rows that the model was not fitted to tell its width, the same for all rows
        (:mod:`further.supervised.conformal`). It covers what it promises on average over rows like
        those, not for each kind of row; and a little less than that where they are few, since they
        also chose the weights or the settings.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.
        coverage : float, default=0.9
            Share of the rows, in (0, 1).

        Returns
        -------
        array of shape (n, 2), or (n, k, 2) for several numbers
            Lower and upper end.

        Raises
        ------
        InputError
            If too few rows were held out for such a coverage.
        """
        return interval_around(self._predicted(self._rows(X)), self.residuals_, coverage)

    def _with_target(self, dataset: Dataset, y: Any) -> Dataset:
        if y is None:
            if not isinstance(dataset.target, Numbers):
                self._refuse_no_target()
            return dataset
        return with_target(dataset, numbers_of(_column(y), len(dataset), _name_of(y)))


def _column(y: Any) -> Any:
    """Return y as one column where it is one, as scikit-learn asks for it."""
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        return column_or_1d(array, warn=True)
    return y if isinstance(y, pd.DataFrame) else array


def _name_of(y: Any) -> str:
    return str(getattr(y, "name", None) or "y")
