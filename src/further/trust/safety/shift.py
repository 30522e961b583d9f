r"""Is a new row like the training data? A shift score, and an alarm whose false alarms are few.

With a score s (:mod:`further.trust.safety.shift_scores`), higher for rows that are further from the
training rows, and the scores :math:`s_1, \ldots, s_n` of rows that were held out, the p-value of a
new row is

.. math:: p(x) = \frac{1 + \#\{i : s_i \ge s(x)\}}{n + 1},

and the alarm is raised where :math:`p(x) \le \alpha`. If the new row is exchangeable with those n,
all places among their scores are equally likely, so that

.. math:: P(p(X) \le \alpha) \le \alpha

for any score, any model and any n: a mean over calibrations. Given one of them the rate varies like
:math:`\mathrm{Beta}(k, n + 1 - k)` with :math:`k = \lfloor \alpha (n + 1) \rfloor`. With fewer than
:math:`1/\alpha - 1` held-out rows no alarm is ever raised.

References
----------
Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world". Laxhammar and Falkman
2010, "Conformal prediction for distribution-independent anomaly detection in streaming vessel
data". Bates, Candès, Lei, Romano and Sesia 2023, "Testing for outliers with conformal p-values".
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from further._sklearn import Interval, StrOptions, check_feature_names, fit_context
from further.data.dataset import Dataset
from further.data.splits import FEWEST_ROWS, split_rows
from further.errors import InputError
from further.supervised.conformal import conformal_quantile, conformal_rank
from further.trust.safety.held_out_metric import rows_of, take
from further.trust.safety.representation import representation_of
from further.trust.safety.shift_scores import OF_ROWS, SCORES, Reference, fit_members, scorer_of

Floats = NDArray[np.float64]


class ShiftDetector(OutlierMixin, BaseEstimator):
    """Says of a new row whether it is like the training data, with a stated rate of false alarms.

    When to use: beside any model in use, so that nobody relies on an answer about something that
    the model has never seen. When it fails: where the score looks at other things than those which
    changed; where rows come in groups (of one person, one day) and several of a group are given,
    the rate is no promise; and a row that is like the training data may still be misjudged.
    Confidence is offered as a control: some classifiers are sure of anything.

    Parameters
    ----------
    measure : {"nearest", "mahalanobis", "energy", "disagreement", "confidence"}, default="nearest"
        How far is measured; the last three need ``estimator``.
    estimator : classifier, list of fitted models or None, default=None
        Whose data they are; a copy is fitted to the rows that do not calibrate. A list of fitted
        models is an ensemble.
    representation : {"auto", "columns", "network"} or callable, default="auto"
        Numbers by which rows are compared: standardised columns or principal components of
        pictures, the last layer of a network, or what a function makes of rows.
    n_neighbors : int, default=5
        Which nearest training row counts.
    n_members : int, default=10
        Bootstrapped copies of the estimator, for the disagreement.
    false_alarm_rate : float, default=0.05
        Share of rows like the training data that may raise an alarm.
    prefit : bool, default=False
        Whether the estimator is fitted; none of the rows may have been among those it learnt from.
    calibration_share : float, default=0.3
        Share of the rows that calibrates.
    random_state : int, RandomState or None, default=None
        Seed of what is held out and of copies.

    Attributes
    ----------
    calibration_scores_ : array of shape (n_calibration,)
        Shift scores of the held-out rows, ascending.
    offset_ : float
        Minus the shift score above which the alarm is raised; minus infinity where rows are too
        few.
    estimator_ : estimator, list or None
        The fitted model.
    notes_ : tuple of str
        What a reader has to know.
    seed_ : int
        Of all that was drawn.

    References
    ----------
    Bates, Candès, Lei, Romano and Sesia 2023, "Testing for outliers with conformal p-values".

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> from sklearn.model_selection import train_test_split
    >>> X_train, X_test = train_test_split(X[y < 8].reshape(-1, 8, 8), random_state=0)
    >>> detector = ShiftDetector(random_state=0).fit(X_train)
    >>> float((detector.predict(X_test) == -1).mean().round(2))
    0.06
    >>> float((detector.predict(X[y > 7].reshape(-1, 8, 8)) == -1).mean().round(2))
    0.7
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "measure": [StrOptions(set(SCORES))],
        "estimator": [object],
        "representation": [StrOptions({"auto", "columns", "network"}), callable],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "n_members": [Interval(Integral, 2, None, closed="left")],
        "false_alarm_rate": [Interval(Real, 0, 1, closed="neither")],
        "prefit": ["boolean"],
        "calibration_share": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        measure: str = "nearest",
        estimator: Any = None,
        *,
        representation: str | Callable[[Any], Floats] = "auto",
        n_neighbors: int = 5,
        n_members: int = 10,
        false_alarm_rate: float = 0.05,
        prefit: bool = False,
        calibration_share: float = 0.3,
        random_state: Any = None,
    ) -> None:
        self.measure = measure
        self.estimator = estimator
        self.representation = representation
        self.n_neighbors = n_neighbors
        self.n_members = n_members
        self.false_alarm_rate = false_alarm_rate
        self.prefit = prefit
        self.calibration_share = calibration_share
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn where the training data are, and calibrate the alarm on rows that were held out.

        Parameters
        ----------
        X : Dataset, DataFrame or array of shape (n, ...)
            Training rows; more than two axes are pictures.
        y : array-like of shape (n,), optional
            Their classes: what the estimator is fitted to, and the classes of the Mahalanobis
            distance.

        Returns
        -------
        self
            Calibrated.

        Raises
        ------
        InputError
            If there are too few rows, or the score needs an estimator or classes that are not
            there.
        """
        rows, target = self._rows(X, y, reset=True)
        if len(rows) < FEWEST_ROWS:
            raise InputError(
                f"X has n_samples={len(rows)}, but to fit and to calibrate takes at least "
                f"{FEWEST_ROWS} rows."
            )
        self.seed_ = int(check_random_state(self.random_state).randint(2**31 - 1))
        split = split_rows(
            len(rows), seed=self.seed_,
            fractions=(1 - self.calibration_share, self.calibration_share, 0.0),
        )  # fmt: skip
        known, held_out = take(rows, split.train), take(rows, split.validation)
        known_y = None if target is None else target[split.train]
        self._scorer = scorer_of(self.measure, self._reference(known, known_y))
        self.calibration_scores_ = np.sort(self._scorer(held_out))
        n, coverage = len(self.calibration_scores_), 1 - self.false_alarm_rate
        self.offset_ = -conformal_quantile(self.calibration_scores_, coverage)
        self.notes_: tuple[str, ...] = ()
        if conformal_rank(n, coverage) > n:
            self.notes_ = (
                f"With {n} held-out rows a rate of {self.false_alarm_rate:.4g} cannot be kept but "
                "by no alarm at all; give more rows, or allow more false alarms.",
            )
        return self

    def _reference(self, X: Any, y: NDArray[Any] | None) -> Reference:
        self.estimator_ = self.estimator
        members = tuple(self.estimator) if isinstance(self.estimator, list | tuple) else ()
        model = members[0] if members else self.estimator
        if members or self.prefit:
            if model is not None:
                check_is_fitted(model)
        elif model is not None and y is not None:
            if self.measure == "disagreement":
                members = fit_members(model, X, y, self.n_members, self.seed_)
                model, self.estimator_ = members[0], list(members)
            else:
                model = self.estimator_ = clone(model).fit(X, y)
        elif self.measure in OF_ROWS:
            model = self.estimator_ = None
        elif model is not None:
            raise InputError(
                f'The shift score "{self.measure}" fits {type(model).__name__}, so give y too.'
            )
        represent = representation_of(X, model, self.representation)
        return Reference(X, y, represent, model, members, self.n_neighbors)

    def shift(self, X: Any) -> Floats:
        """Return how far rows are from the training data, higher for rows that are further away.

        Parameters
        ----------
        X : Dataset, DataFrame or array of shape (n, ...)
            Rows.

        Returns
        -------
        array of shape (n,)
            In the unit of the score.
        """
        check_is_fitted(self, "offset_")
        return self._scorer(self._rows(X, None, reset=False)[0])

    def score_samples(self, X: Any) -> Floats:
        """Return minus the shift score: higher for rows that are more typical."""
        return -self.shift(X)

    def decision_function(self, X: Any) -> Floats:
        """Return the score above the threshold of the alarm; below 0 the alarm is raised."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return -1 for rows that raise the alarm, 1 for the others."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_values(self, X: Any) -> Floats:
        """Return the conformal p-value of each row.

        Parameters
        ----------
        X : Dataset, DataFrame or array of shape (n, ...)
            Rows.

        Returns
        -------
        array of shape (n,)
            At most the share α of rows like the training data has one of at most α.
        """
        scores = self.shift(X)
        n = len(self.calibration_scores_)
        reached = n - np.searchsorted(self.calibration_scores_, scores, side="left")
        return np.asarray((1 + reached) / (n + 1))

    def _rows(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, NDArray[Any] | None]:
        """Return rows as the score takes them; arrays are checked as scikit-learn does."""
        if isinstance(X, pd.DataFrame):
            check_feature_names(self, X, reset=reset)
            self._check_width(X.shape[1], reset)
        elif not isinstance(X, Dataset) and getattr(X, "ndim", 2) < 3:
            X = validate_data(self, X, reset=reset, ensure_all_finite="allow-nan")
        return rows_of(X, y)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check_width(self, width: int, reset: bool) -> None:
        if reset:
            self.n_features_in_ = width
        elif width != self.n_features_in_:
            raise InputError(
                f"X has {width} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )
