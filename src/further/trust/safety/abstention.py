r"""Abstention: to answer only where the error among the answers is promised to be small.

With :math:`\hat y(x)` the predicted class and :math:`\hat p(x)` its probability, rows with
:math:`\hat p(x) \ge \hat t` are answered, and the promise is

.. math:: P\bigl( P(\hat y(X) \ne Y \mid \hat p(X) \ge \hat t) \le \varepsilon \bigr)
          \ge 1 - \delta:

but for a share δ of all calibrations, the error of new rows that are answered is at most ε. How
:math:`\hat t` is found says :mod:`further.trust.safety.fixed_sequence`. Conditional on the
predicted class, or on an attribute, each has a threshold and a promise of its own; that all of c
hold at once has a probability of at least :math:`1 - c \delta`.

The promise ends where new rows are no longer like those that calibrated it
(:mod:`further.trust.safety.exchangeability`).
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from further._sklearn import HasMethods, Interval, fit_context
from further.trust.safety.calibration import (
    ALL,
    CalibratedEstimator,
    CalibrationRows,
    Floats,
    looked_up,
    values_of,
)
from further.trust.safety.fixed_sequence import CertifiedThreshold, certify
from further.trust.safety.risk_coverage import RiskCoverage, risk_coverage


class Abstainer(ClassifierMixin, CalibratedEstimator):
    """A classifier that answers only where few of its answers are wrong, and promises how few.

    When to use: around any classifier with ``predict_proba`` where a wrong answer costs more than
    none. When it fails: with fewer calibration rows than the promise takes (59 for an error of 5 %
    with a confidence of 95 %) nothing is accepted; where probabilities do not rank errors little
    is; and the promise is void for rows unlike those of the calibration. It is about all answers
    together: within a group the error may be larger, unless it is conditional on it.

    Parameters
    ----------
    estimator : classifier
        With ``predict_proba``.
    max_error : float, default=0.05
        Share of the accepted rows that may be wrong.
    confidence : float, default=0.95
        Probability of the promise.
    conditional_on : {None, "class", "attribute"}, default=None
        Whether the promise is made for each predicted class, or each value of the attribute that
        ``fit`` is given, too.
    thresholds : array-like of shape (m,), default=None
        Probabilities to be tested, chosen before the rows were seen; None places them by the
        ranks of the calibration rows.
    prefit : bool, default=False
        Whether the estimator is fitted, so that all rows calibrate.
    calibration_share : float, default=0.3
        Share of the rows that calibrates otherwise.
    random_state : int, RandomState or None, default=None
        Seed of what is held out.

    Attributes
    ----------
    thresholds_ : dict
        Least probability that is accepted, for each class or value (or all rows); infinite where
        nothing is.
    certified_ : tuple of CertifiedThreshold
        The tests behind it.
    notes_ : tuple of str
        Of which rows nothing is accepted, and why.
    classes_ : array
        The classes.
    estimator_ : classifier
        The fitted model.
    n_calibration_ : int
        Rows that calibrated it.
    seed_ : int
        Of what was held out.

    References
    ----------
    Angelopoulos, Bates, Candès, Jordan and Lei 2021, "Learn then Test: calibrating predictive
    algorithms to achieve risk control". Geifman and El-Yaniv 2017, "Selective classification for
    deep neural networks".

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import train_test_split
    >>> X, y = load_digits(return_X_y=True)
    >>> X, X_new, y, y_new = train_test_split(X / 16, y, test_size=600, random_state=0)
    >>> model = Abstainer(LogisticRegression(), max_error=0.02, random_state=0).fit(X, y)
    >>> answers = model.predict_or_abstain(X_new)
    >>> int(answers.count()), int((answers != y_new).sum())
    (470, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CalibratedEstimator._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "max_error": [Interval(Real, 0, 1, closed="neither")],
        "confidence": [Interval(Real, 0, 1, closed="neither")],
        "thresholds": ["array-like", None],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        max_error: float = 0.05,
        confidence: float = 0.95,
        conditional_on: str | None = None,
        thresholds: ArrayLike | None = None,
        prefit: bool = False,
        calibration_share: float = 0.3,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.max_error = max_error
        self.confidence = confidence
        self.conditional_on = conditional_on
        self.thresholds = thresholds
        self.prefit = prefit
        self.calibration_share = calibration_share
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, *, groups: Any = None, attribute: Any = None) -> Self:
        """Fit the classifier to some of the rows, and find by the others what to accept.

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
            Fitted and calibrated. Where nothing can be certified it accepts nothing, and
            ``notes_`` says why.

        Raises
        ------
        InputError
            If there are too few rows to hold some out, or an attribute is missing.
        """
        fit_to, rows = self._hold_out(X, y, groups, attribute)
        check_classification_targets(rows.y if fit_to is None else fit_to.y)
        self._take_on(self._fitted(self.estimator, fit_to))
        self.certified_ = self._certified(rows)
        self.thresholds_ = {found.of: found.threshold for found in self.certified_}
        self.notes_ = tuple(found.note for found in self.certified_ if found.note)
        return self

    def _certified(self, rows: CalibrationRows) -> tuple[CertifiedThreshold, ...]:
        predicted, probabilities = self._best(rows.X)
        wrong = predicted != rows.y
        of = self._strata(predicted, rows.attribute)
        levels = self.classes_ if self.conditional_on == "class" else pd.unique(of)
        thresholds = None if self.thresholds is None else np.asarray(self.thresholds, dtype=float)
        found = []
        for level in levels.tolist():
            inside = (of == level).to_numpy(dtype=bool)
            found.append(
                certify(
                    probabilities[inside], wrong[inside], self.max_error, self.confidence,
                    thresholds=thresholds, of=level,
                )
            )  # fmt: skip
        return tuple(found)

    def _best(self, X: Any) -> tuple[NDArray[Any], Floats]:
        """Return the most probable class of each row, and its probability."""
        probabilities = np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)
        return self.classes_[probabilities.argmax(axis=1)], probabilities.max(axis=1)

    def _strata(self, predicted: NDArray[Any], attribute: Any) -> pd.Series:
        if self.conditional_on == "attribute":
            return self._attribute_of(attribute, len(predicted))
        return pd.Series(predicted if self.conditional_on else [ALL] * len(predicted))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row, accepted or not.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows.

        Returns
        -------
        array of shape (n,)
            Of ``classes_``.
        """
        check_is_fitted(self, "estimator_")
        return self._best(values_of(X))[0]

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
        found: Floats = self.estimator_.predict_proba(values_of(X))
        return found

    def accepts(self, X: Any, *, attribute: Any = None) -> NDArray[np.bool_]:
        """Return which rows are answered.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows.
        attribute : array of shape (n,), optional
            Where the promise is conditional on it; a value that did not calibrate is not accepted.

        Returns
        -------
        array of shape (n,), bool
            Whether the promise is about the row.

        Raises
        ------
        InputError
            If the attribute is missing.
        """
        return self._accepts(X, attribute)[1]

    def predict_or_abstain(self, X: Any, *, attribute: Any = None) -> np.ma.MaskedArray:
        """Return the predicted classes, masked where the row is not accepted.

        Parameters
        ----------
        X, attribute
            See :meth:`accepts`.

        Returns
        -------
        masked array of shape (n,)
            Of ``classes_``. ``count()`` says how many are answered, ``compressed()`` has these
            alone, and ``mask`` is where there is no answer.
        """
        predicted, accepted = self._accepts(X, attribute)
        return np.ma.MaskedArray(predicted, mask=~accepted)

    def _accepts(self, X: Any, attribute: Any) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        check_is_fitted(self, "estimator_")
        predicted, probabilities = self._best(values_of(X))
        least = looked_up(self.thresholds_, self._strata(predicted, attribute))
        return predicted, probabilities >= least

    def risk_coverage(self, X: Any, y: Any) -> RiskCoverage:
        """Return how often the classifier errs if it answers only where it is sure.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows that neither fitted nor calibrated it.
        y : array of shape (n,)
            Their classes.

        Returns
        -------
        RiskCoverage
            The curve, with intervals, the area under it and what random and best orders would
            have.
        """
        check_is_fitted(self, "estimator_")
        predicted, probabilities = self._best(values_of(X))
        return risk_coverage(probabilities, predicted != np.asarray(y), self.seed_)
