r"""Sets of classes that hold the right one as often as promised, by conformal prediction.

A score s(x, c) says how unlike c is to be the class of x (:mod:`further.trust.safety.set_scores`).
Among n calibration rows with their right classes :math:`y_i` in ascending order of
:math:`s_i = s(x_i, y_i)`, the set of a new row is

.. math:: C(x) = \{ c : s(x, c) \le s_{(\lceil (1 - \alpha)(n + 1) \rceil)} \} .

If the new row is exchangeable with those n, it is equally likely to take any place among their
scores, so that

.. math:: 1 - \alpha \le P(Y \in C(X)) = \frac{\lceil (1 - \alpha)(n + 1) \rceil}{n + 1}
          < 1 - \alpha + \frac{1}{n + 1},

where no scores are equal, for any n and any model. That is a mean over calibrations: for one of
them the coverage varies like :math:`\mathrm{Beta}(r, n + 1 - r)` with r that rank. Class by class
(each class c has the quantile of its own calibration rows) it holds given the class, and attribute
by attribute given the attribute (Vovk 2012). With fewer than α⁻¹ - 1 rows the rank is n + 1, the
quantile infinite, and nothing is ruled out.

References
----------
Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world". Vovk 2012, "Conditional
validity of inductive conformal predictors".
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from further._sklearn import HasMethods, Interval, StrOptions, fit_context
from further.trust.safety.calibration import (
    ALL,
    CalibratedEstimator,
    Floats,
    conformal_quantiles,
    looked_up,
    values_of,
)
from further.trust.safety.prediction_sets import PredictionSets
from further.trust.safety.set_scores import LAC, SCORES, score_of


class ConformalClassifier(ClassifierMixin, CalibratedEstimator):
    """A classifier whose sets of classes hold the right one as often as promised.

    When to use: around any classifier with ``predict_proba``, for two classes or many, where the
    one most probable class is not answer enough. When it fails: the promise is void for rows unlike
    those of the calibration; it is a mean over rows, so that a rare class or group may be covered
    less unless it is conditional on it; and with few rows of one, all classes are in the set.

    Parameters
    ----------
    estimator : classifier
        With ``predict_proba``.
    coverage : float, default=0.9
        Share of the sets that hold the right class.
    nonconformity : {"lac", "aps", "raps"} or score, default="lac"
        How unlike a class is: "lac" has the smallest sets, "aps" and "raps" fit their size to the
        row. An object of :mod:`further.trust.safety.set_scores` brings its own settings.
    conditional_on : {None, "class", "attribute"}, default=None
        Whether the promise is made for each class, or each value of the attribute that ``fit`` is
        given, too.
    prefit : bool, default=False
        Whether the estimator is fitted, so that all rows calibrate.
    calibration_share : float, default=0.3
        Share of the rows that calibrates otherwise.
    random_state : int, RandomState or None, default=None
        Seed of what is held out and of the random part of the scores.

    Attributes
    ----------
    quantiles_ : dict
        The largest score that is in a set, for each class or value (or all rows).
    notes_ : tuple of str
        What is too rare to be promised anything but full sets.
    classes_ : array
        The classes.
    estimator_ : classifier
        The fitted model.
    n_calibration_ : int
        Rows that calibrated it.
    seed_ : int
        Of all that was drawn.

    References
    ----------
    Romano, Sesia and Candès 2020, "Classification with valid and adaptive coverage".

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ConformalClassifier(LogisticRegression(), coverage=0.95, random_state=1).fit(X, y)
    >>> sets = model.predict_set(X[[0, 70]])
    >>> sets.to_lists()
    [[0], [1, 2]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CalibratedEstimator._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "coverage": [Interval(Real, 0, 1, closed="neither")],
        "nonconformity": [StrOptions(set(SCORES)), LAC],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        coverage: float = 0.9,
        nonconformity: str | LAC = "lac",
        conditional_on: str | None = None,
        prefit: bool = False,
        calibration_share: float = 0.3,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.coverage = coverage
        self.nonconformity = nonconformity
        self.conditional_on = conditional_on
        self.prefit = prefit
        self.calibration_share = calibration_share
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, *, groups: Any = None, attribute: Any = None) -> Self:
        """Fit the classifier to some of the rows, and find by the others how unlike is too unlike.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows that the classifier takes.
        y : array of shape (n,), optional
            Classes; a Dataset brings its own.
        groups : array of shape (n,), optional
            Rows that depend on each other; one of each group calibrates.
        attribute : array of shape (n,), optional
            What the promise is conditional on; the classifier does not see it.

        Returns
        -------
        self
            Fitted and calibrated.

        Raises
        ------
        InputError
            If there are too few rows to hold some out, or an attribute is missing.
        """
        fit_to, rows = self._hold_out(X, y, groups, attribute)
        check_classification_targets(rows.y if fit_to is None else fit_to.y)
        self._take_on(self._fitted(self.estimator, fit_to))
        n = len(rows.y)
        codes = pd.Index(self.classes_).get_indexer(pd.Index(rows.y))
        # A class that the model does not know is in no set, however large.
        scores = np.where(codes >= 0, self._scores(rows.X, 0)[np.arange(n), codes], np.inf)
        of = pd.Series([ALL] * n)
        levels: list[Any] = [ALL]
        if self.conditional_on == "class":
            of, levels = pd.Series(rows.y), self.classes_.tolist()
        elif self.conditional_on == "attribute":
            of = self._attribute_of(rows.attribute, n)
            levels = pd.unique(of).tolist()
        self.quantiles_, self.notes_ = conformal_quantiles(scores, of, levels, self.coverage)
        return self

    def _scores(self, X: Any, part: int) -> Floats:
        """Return the score of each class of each row; ``part`` 0 calibrates, 1 is new."""
        probabilities = np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)
        u = np.random.default_rng([self.seed_, part]).random(len(probabilities))
        return score_of(self.nonconformity).of_classes(probabilities, u)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows.

        Returns
        -------
        array of shape (n,)
            Of ``classes_``.
        """
        best = self.predict_proba(X).argmax(axis=1)
        classes: NDArray[Any] = self.classes_[best]
        return classes

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, as the classifier has it.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows.

        Returns
        -------
        array of shape (n, classes)
            In the order of ``classes_``.
        """
        check_is_fitted(self, "estimator_")
        found: Floats = np.asarray(self.estimator_.predict_proba(values_of(X)))
        return found

    def predict_set(self, X: Any, *, attribute: Any = None) -> PredictionSets:
        """Return the classes of each row that are not ruled out.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows.
        attribute : array of shape (n,), optional
            Where the promise is conditional on it; a value that did not calibrate has full sets.

        Returns
        -------
        PredictionSets
            Of which the promised share holds the right class.

        Raises
        ------
        InputError
            If the attribute is missing.
        """
        check_is_fitted(self, "estimator_")
        scores = self._scores(values_of(X), 1)
        if self.conditional_on == "class":
            most = looked_up(self.quantiles_, pd.Series(self.classes_))
        elif self.conditional_on == "attribute":
            most = looked_up(self.quantiles_, self._attribute_of(attribute, len(scores)))[:, None]
        else:
            most = looked_up(self.quantiles_, pd.Series([ALL]))
        return PredictionSets(scores <= most, self.classes_, self.coverage, self.notes_)
