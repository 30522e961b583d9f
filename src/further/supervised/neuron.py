r"""The neuron of McCulloch and Pitts: it fires when enough of its inputs say so.

.. math:: \hat y(x) = \begin{cases} 1 & \sum_j w_j x_j \ge \theta \\ 0 & \text{otherwise}
          \end{cases}, \qquad x_j \in \{0, 1\}, \; w_j \in \mathbb{Z}.

An excitatory input has a positive weight, an inhibitory one a negative; a weight of 2 is an input
that is connected twice. Whole numbers lose nothing: whatever real weights compute on binary
inputs, whole ones compute too. In the paper an active inhibitory input stops the neuron whatever
the others say; here that is a weight of minus the sum of all positive ones, or one less where the
threshold is 0. For given weights all thresholds that realise a truth table are

.. math:: \max_{y(x) = 0} w^\top x < \theta \le \min_{y(x) = 1} w^\top x.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from further._sklearn import Interval
from further.errors import InputError
from further.supervised.separation import Separation, exact_mixtures, separate
from further.train.estimator import Estimator

Ints = NDArray[np.int64]

#: A complete truth table has two to the power of this many rows at most.
MOST_INPUTS = 12
#: The search for the smallest weights ends after so many steps, with the smallest that it has seen.
MOST_NODES = 200


class McCullochPittsNeuron(ClassifierMixin, Estimator):
    """A neuron with binary inputs, whole weights and a threshold, found from its truth table.

    When to use: to see what one neuron can compute, and what it cannot: AND, OR and NOT, and
    through them, in a network, every function of binary inputs. When it fails: on tables that no
    hyperplane separates, such as XOR; ``fit`` then shows why. It does not learn from noisy data;
    :class:`~further.supervised.perceptron.Perceptron` does.

    Parameters
    ----------
    weights : array-like of int of shape (n_features,), default=None
        Weights of the inputs; None finds those of the smallest sum of absolute values (of many
        more than a dozen inputs, the smallest that a search of limited length comes across).
    threshold : int, default=None
        Least weighted sum at which the neuron fires; None takes the largest that realises the
        table.

    Attributes
    ----------
    weights_ : ndarray of int, shape (n_features,)
        Weights.
    threshold_ : int
        Threshold.
    thresholds_ : tuple of float
        ``(low, high)``: with these weights a threshold realises the table if, and only if, it is
        above low and at most high.
    classes_ : ndarray
        0 and 1.
    n_features_in_ : int
        Number of inputs.

    Raises
    ------
    InputError
        In ``fit``, if X or y is not binary, or no such neuron realises the table; the sentence then
        has a mixture of rows that are to fire and an equal one of rows that are not.

    References
    ----------
    McCulloch and Pitts (1943), "A logical calculus of the ideas immanent in nervous activity".

    Examples
    --------
    >>> X, y = truth_table(lambda a, b: a and not b, 2)
    >>> neuron = McCullochPittsNeuron().fit(X, y)
    >>> neuron.weights_, neuron.threshold_, neuron.thresholds_
    (array([ 1, -1]), 1, (0.0, 1.0))
    >>> McCullochPittsNeuron().fit(*truth_table(lambda a, b: a != b, 2))
    Traceback (most recent call last):
    further.errors.InputError: McCullochPittsNeuron: no weights and threshold realise this truth
    table, because 1/2 (0, 1) + 1/2 (1, 0) = 1/2 (0, 0) + 1/2 (1, 1), where the rows on the left are
    to fire and those on the right are not; use a second layer.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "weights": ["array-like", None],
        "threshold": [Interval(Integral, None, None, closed="neither"), None],
    }

    def __init__(self, weights: Any = None, threshold: int | None = None) -> None:
        self.weights = weights
        self.threshold = threshold

    @classmethod
    def AND(cls, n: int = 2) -> Self:
        """Return the neuron that fires when all of its n inputs are 1.

        Examples
        --------
        >>> neuron = McCullochPittsNeuron.AND(3)
        >>> neuron.weights_, neuron.threshold_, neuron.thresholds_
        (array([1, 1, 1]), 3, (2.0, 3.0))
        """
        return cls().fit(*truth_table(lambda *inputs: all(inputs), n))

    @classmethod
    def OR(cls, n: int = 2) -> Self:
        """Return the neuron that fires when one of its n inputs is 1.

        Examples
        --------
        >>> McCullochPittsNeuron.OR().thresholds_
        (0.0, 1.0)
        """
        return cls().fit(*truth_table(lambda *inputs: any(inputs), n))

    @classmethod
    def NOT(cls) -> Self:
        """Return the neuron that fires when its input is 0.

        Examples
        --------
        >>> neuron = McCullochPittsNeuron.NOT()
        >>> neuron.weights_, neuron.threshold_
        (array([-1]), 0)
        """
        return cls().fit(*truth_table(lambda a: not a, 1))

    def fit(self, X: Any, y: Any) -> Self:
        """Find the neuron that realises a truth table; rows that are not in it are left open.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Inputs, 0 or 1.
        y : array-like of shape (n,)
            Whether the neuron is to fire, 0 or 1.

        Returns
        -------
        self
            The fitted neuron.
        """
        self._validate_params()
        X, y = validate_data(self, X, y, dtype=np.float64)
        rows, fires = self._binary(X, "X"), self._binary(np.asarray(y), "y").astype(bool)
        self.classes_ = np.array([0, 1])
        self.weights_ = self._given(rows) if self.weights is not None else self._find(rows, fires)
        self.thresholds_ = _thresholds(rows @ self.weights_, fires)
        low, high = self.thresholds_
        if low >= high:
            raise InputError(
                f"McCullochPittsNeuron: weights={self.weights_.tolist()} realise this truth table "
                f"with no threshold, which would be above {low:g} and at most {high:g}; leave "
                "weights out to have them found."
            )
        found = int(high) if np.isfinite(high) else int(low) + 1
        self.threshold_ = found if self.threshold is None else int(self.threshold)
        if not low < self.threshold_ <= high:
            raise InputError(
                f"McCullochPittsNeuron: threshold={self.threshold_} does not realise this truth "
                f"table; give one above {low:g} and at most {high:g}."
            )
        return self

    def decision_function(self, X: Any) -> Ints:
        """Return by how much each row's weighted sum exceeds the threshold; it fires from 0 on."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        excess: Ints = self._binary(X, "X") @ self.weights_ - self.threshold_
        return excess

    def predict(self, X: Any) -> Ints:
        """Return 1 for each row at which the neuron fires, else 0."""
        return (self.decision_function(X) >= 0).astype(np.int64)

    def _binary(self, values: Any, name: str) -> Ints:
        wrong = [value for value in np.unique(values).tolist() if value not in (0, 1)]
        if wrong:
            raise InputError(
                f"McCullochPittsNeuron: {name} has the value {wrong[0]!s}, but inputs and outputs "
                "are 0 or 1; compare with a limit first, as in X > 0.5."
            )
        return np.asarray(values, dtype=np.int64)

    def _given(self, rows: Ints) -> Ints:
        weights = np.asarray(self.weights)
        if weights.shape != rows.shape[1:]:
            raise InputError(
                f"McCullochPittsNeuron: weights has the shape {weights.shape} but X has "
                f"{rows.shape[1]} inputs; give one weight for each."
            )
        whole = weights.astype(np.int64)
        if np.any(whole != weights):
            raise InputError(
                f"McCullochPittsNeuron: weights={weights.tolist()} are to be whole numbers; "
                "multiply them, and the threshold, by a common denominator."
            )
        return whole

    def _find(self, rows: Ints, fires: NDArray[np.bool_]) -> Ints:
        """Return the whole weights of the smallest sum of absolute values."""
        if fires.all() or not fires.any():
            return np.zeros(rows.shape[1], dtype=np.int64)
        separation = separate(rows, fires)
        if not separation.exists:
            raise InputError(
                "McCullochPittsNeuron: no weights and threshold realise this truth table, because "
                f"{_proof(rows, separation)}; use a second layer."
            )
        return _smallest_weights(rows, fires)


def truth_table(function: Callable[..., Any], n: int) -> tuple[Ints, Ints]:
    """Return all rows of n binary inputs and what a function makes of each.

    Parameters
    ----------
    function : callable
        Takes n numbers, 0 or 1, and returns something true or false.
    n : int
        Number of inputs, 1 to 12.

    Returns
    -------
    X : ndarray of int, shape (2**n, n)
        Rows, counted upwards.
    y : ndarray of int, shape (2**n,)
        0 or 1.

    Raises
    ------
    InputError
        If n is out of range.

    Examples
    --------
    >>> X, y = truth_table(lambda a, b: a and b, 2)
    >>> X.tolist(), y.tolist()
    ([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    """
    if not 1 <= n <= MOST_INPUTS:
        raise InputError(f"truth_table: n={n} must be from 1 to {MOST_INPUTS}; take fewer inputs.")
    X = np.array(list(itertools.product((0, 1), repeat=n)), dtype=np.int64)
    return X, np.array([bool(function(*row)) for row in X.tolist()], dtype=np.int64)


def _thresholds(sums: Ints, fires: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the largest sum that is not to fire, and the smallest that is."""
    low = float(sums[~fires].max()) if not fires.all() else -np.inf
    high = float(sums[fires].min()) if fires.any() else np.inf
    return low, high


def _smallest_weights(rows: Ints, fires: NDArray[np.bool_]) -> Ints:
    from scipy.optimize import Bounds, LinearConstraint, milp

    # Excitatory and inhibitory parts of the weights, and the threshold; all are whole numbers.
    n, d = rows.shape
    table = np.column_stack([rows, -rows, -np.ones(n)])
    limits = LinearConstraint(table, np.where(fires, 0.0, -np.inf), np.where(fires, np.inf, -1.0))
    cost = np.append(np.ones(2 * d), 0.0)
    lowest = np.append(np.zeros(2 * d), -np.inf)
    found = milp(
        cost, constraints=limits, integrality=np.ones(2 * d + 1), bounds=Bounds(lowest),
        options={"node_limit": MOST_NODES},
    )  # fmt: skip
    if found.x is None:
        raise InputError(
            f"McCullochPittsNeuron: no whole weights of {d} inputs were found in {MOST_NODES:,} "
            "steps of the search; take fewer inputs, or give weights."
        )
    parts = np.round(found.x).astype(np.int64)
    weights: Ints = parts[:d] - parts[d : 2 * d]
    return weights


def _proof(rows: Ints, found: Separation) -> str:
    """Return such as "1/2 (0, 1) + 1/2 (1, 0) = ..."."""
    exact = exact_mixtures(rows, found)
    if exact is None:
        return (
            f"a mixture of {len(found.positive)} rows that are to fire equals a mixture of "
            f"{len(found.negative)} rows that are not"
        )
    left, right = (_mixture(rows, shares) for shares in exact)
    return (
        f"{left} = {right}, where the rows on the left are to fire and those on the right are not"
    )


def _mixture(rows: Ints, shares: dict[int, Fraction]) -> str:
    terms = []
    for i, share in shares.items():
        row = f"({', '.join(map(str, rows[i].tolist()))})"
        terms.append(row if share == 1 else f"{share} {row}")
    return " + ".join(terms)
