r"""Rosenblatt's perceptron: each row on the wrong side moves the separating line towards itself.

With classes :math:`s_i = \pm 1`, weights :math:`w` and bias :math:`b`, which start at zero, rows
are visited in turn, and where :math:`s_i (w^\top x_i + b) \le 0`

.. math:: w \leftarrow w + s_i x_i, \qquad b \leftarrow b + s_i .

If a hyperplane :math:`v`, with the bias as its last weight, separates the classes, there are at
most

.. math:: \left( \frac{R}{\gamma} \right)^2, \qquad R = \max_i \lVert (x_i, 1) \rVert, \quad
          \gamma = \min_i \frac{s_i \, v^\top (x_i, 1)}{\lVert v \rVert}

updates, whatever the order of the rows (Novikoff). The bound is least for the hyperplane of the
largest margin, which :mod:`further.supervised.separation` finds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from further._sklearn import Interval, StrOptions
from further.errors import InputError
from further.supervised.separation import Separation, separate
from further.train.estimator import Estimator

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

#: Rows that are looked at together for the next one on the wrong side, at first.
ROWS_AHEAD = 16
#: Lines whose errors are counted in one product.
LINES_AT_A_TIME = 32


@dataclass(frozen=True)
class Steps:
    """The separating line after each update.

    Attributes
    ----------
    epoch : ndarray of int, shape (k,)
        The pass over the rows, from 1 on.
    row : ndarray of int, shape (k,)
        The row that moved the line.
    weights : ndarray of shape (k, d)
        Weights after the update.
    bias : ndarray of shape (k,)
        Biases after the update.
    errors : ndarray of int, shape (k,)
        Training rows on the wrong side after the update.
    """

    epoch: NDArray[np.int64]
    row: NDArray[np.int64]
    weights: Floats
    bias: Floats
    errors: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row an update, which is numbered from 1."""
        import pandas as pd

        weights = {f"w{j + 1}": column for j, column in enumerate(self.weights.T)}
        columns = {"epoch": self.epoch, "row": self.row, **weights, "bias": self.bias}
        index = pd.RangeIndex(1, len(self) + 1, name="update")
        return pd.DataFrame({**columns, "errors": self.errors}, index=index)

    def to_json(self) -> dict[str, Any]:
        """Return the arrays as lists."""
        shape = list(self.weights.shape)
        return {**{key: value.tolist() for key, value in vars(self).items()}, "shape": shape}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Steps:
        """Return the steps of a record; see :meth:`to_json`."""
        counts = {
            name: np.array(record[name], dtype=np.int64) for name in ("epoch", "row", "errors")
        }
        weights = np.array(record["weights"], dtype=np.float64).reshape(record["shape"])
        return cls(**counts, weights=weights, bias=np.array(record["bias"], dtype=np.float64))


class Perceptron(ClassifierMixin, Estimator):
    """A straight line between two classes, moved by each row that is on the wrong side of it.

    When to use: to see how a neuron learns, and whether two classes can be separated by a line at
    all. When it fails: where they cannot, the line never comes to rest and the last one is as good
    as chance left it (``converged_``, ``n_errors_``); where they can, any line between them
    may result, not the one in the middle; columns of unlike scale make it slow, so standardise
    them. For three classes or more wrap it in ``sklearn.multiclass.OneVsRestClassifier``.

    Parameters
    ----------
    max_epochs : int, default=100
        Most passes over the rows.
    order : {"shuffled", "given"}, default="shuffled"
        Whether each pass takes the rows in a new random order, or as they are given.
    n_recorded : int, default=1000
        Updates, from the first, of which the line is kept in ``steps_``.
    random_state : int, RandomState or None, default=None
        Seed of the order.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features)
        Weights.
    intercept_ : ndarray of shape (1,)
        Bias.
    classes_ : ndarray of shape (2,)
        The classes; the second is on the positive side.
    converged_ : bool
        Whether a whole pass found no row on the wrong side.
    n_iter_ : int
        Passes over the rows.
    n_updates_ : int
        Updates of the line.
    n_errors_ : int
        Training rows on the wrong side of the last line, or on it.
    steps_ : Steps
        The line after each update.
    bound_ : float or None
        At most this many updates are needed in any order; None where the classes are not separable.
    bound_reason_ : str
        What the bound was made from, or why there is none.
    margin_, radius_ : float
        :math:`\\gamma` and :math:`R` of the bound; a margin of 0 where there is none.
    n_features_in_ : int
        Number of columns.

    Raises
    ------
    InputError
        In ``fit``, if there are not two classes.

    References
    ----------
    Rosenblatt (1958), "The perceptron". Novikoff (1962), "On convergence proofs for perceptrons".

    Examples
    --------
    >>> X, y = np.array([[2.0, 1.0], [1.0, 3.0], [-1.0, 0.0], [0.0, -2.0]]), [1, 1, 0, 0]
    >>> model = Perceptron(order="given").fit(X, y)
    >>> model.steps_.to_frame()
            epoch  row   w1   w2  bias  errors
    update
    1           1    0  2.0  1.0   1.0       0
    >>> model.n_updates_, round(model.bound_, 2)
    (1, 6.51)
    """

    _entries: ClassVar[dict[str, Callable[[Any], Any]]] = {"steps_": Steps.from_json}
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "order": [StrOptions({"shuffled", "given"})],
        "n_recorded": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        max_epochs: int = 100,
        order: Literal["shuffled", "given"] = "shuffled",
        n_recorded: int = 1000,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.max_epochs = max_epochs
        self.order = order
        self.n_recorded = n_recorded
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Move the line until no row is on the wrong side, or ``max_epochs`` are over.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Rows.
        y : array-like of shape (n,)
            Their classes, of which there are two.

        Returns
        -------
        self
            The fitted model.
        """
        self._validate_params()
        X, y = validate_data(self, X, y, dtype=np.float64)
        is_second = self._is_second(y)
        rows = np.column_stack([X, np.ones(len(X))])
        signed = np.where(is_second, 1.0, -1.0)[:, None] * rows
        line = self._learn(signed)
        self.coef_, self.intercept_ = line[None, :-1], line[-1:]
        self.n_errors_ = int((signed @ line <= 0).sum())
        self._set_bound(separate(X, is_second), signed, line)
        if not self.converged_:
            advice = "" if self.bound_ is None else "; raise max_epochs"
            warnings.warn(
                f"Perceptron stopped after max_epochs={self.max_epochs} with {self.n_errors_} of "
                f"{len(X)} training rows on the wrong side: {self.bound_reason_}{advice}.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def decision_function(self, X: Any) -> Floats:
        """Return w·x + b of each row; above 0 is the second class."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        values: Floats = X @ self.coef_[0] + self.intercept_[0]
        return values

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class of each row."""
        is_second = self.decision_function(X) > 0
        found: NDArray[Any] = self.classes_[is_second.astype(int)]
        return found

    def _is_second(self, y: Any) -> NDArray[np.bool_]:
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) > 2:
            raise InputError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(y)}: Perceptron separates two classes but y has "
                f"{len(self.classes_)}; wrap it in sklearn.multiclass.OneVsRestClassifier."
            )
        if len(self.classes_) < 2:
            raise InputError(
                f"Perceptron: y has one class, {self.classes_[0]!s}, but a line separates two; "
                "give rows of both."
            )
        return np.asarray(y == self.classes_[1])

    def _learn(self, signed: Floats) -> Floats:
        """Return the last line; ``signed`` are the rows, each times its class."""
        random = check_random_state(self.random_state)
        line = np.zeros(signed.shape[1])
        kept: list[tuple[int, int, Floats]] = []
        self.n_updates_, self.converged_ = 0, False
        for epoch in range(1, self.max_epochs + 1):
            order = np.arange(len(signed))
            if self.order == "shuffled":
                random.shuffle(order)
            before = self.n_updates_
            for place in _wrong_rows(signed[order], line):
                i = int(order[place])
                line += signed[i]
                self.n_updates_ += 1
                if len(kept) < self.n_recorded:
                    kept.append((epoch, i, line.copy()))
            self.n_iter_ = epoch
            if self.n_updates_ == before:
                self.converged_ = True
                break
        lines = np.array([step[2] for step in kept]).reshape(len(kept), len(line))
        self.steps_ = Steps(
            epoch=np.array([step[0] for step in kept], dtype=np.int64),
            row=np.array([step[1] for step in kept], dtype=np.int64),
            weights=lines[:, :-1],
            bias=lines[:, -1],
            errors=_errors(signed, lines),
        )
        return line

    def _set_bound(self, best: Separation, signed: Floats, line: Floats) -> None:
        """Set the bound, from the largest margin or, where rounding hides it, from the own line."""
        self.radius_ = best.radius
        own = float((signed @ line).min() / max(float(np.linalg.norm(line)), 1e-300))
        self.margin_ = max(best.margin, own, 0.0)
        if self.margin_ > 0:
            self.bound_: float | None = (self.radius_ / self.margin_) ** 2
            exact = "the largest margin" if best.margin >= own else "the margin of its own line"
            self.bound_reason_ = (
                f"at most {self.bound_:.4g} updates separate the classes: (R / margin)², with "
                f"R = {self.radius_:.4g} and {exact}, {self.margin_:.4g} in float64"
            )
        else:
            self.bound_ = None
            self.bound_reason_ = (
                "no line separates the classes, because a mixture of "
                f"{len(best.positive)} rows of {self.classes_[1]!s} equals a mixture of "
                f"{len(best.negative)} rows of {self.classes_[0]!s}, so the line never rests"
            )


def _errors(signed: Floats, lines: Floats) -> NDArray[np.int64]:
    """Return how many rows are on the wrong side of each line."""
    counts = np.zeros(len(lines), dtype=np.int64)
    for start in range(0, len(lines), LINES_AT_A_TIME):
        part = slice(start, start + LINES_AT_A_TIME)
        counts[part] = (signed @ lines[part].T <= 0).sum(axis=0)
    return counts


def _wrong_rows(signed: Floats, line: Floats) -> Iterator[int]:
    """Give the rows of one pass that are on the wrong side of the line as it then is."""
    place, ahead = 0, ROWS_AHEAD
    while place < len(signed):
        wrong = signed[place : place + ahead] @ line <= 0
        first = int(wrong.argmax())
        if wrong[first]:
            yield place + first
            place, ahead = place + first + 1, ROWS_AHEAD
        else:
            place, ahead = place + ahead, 2 * ahead
